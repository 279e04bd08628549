import Autograd
import Foundation
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

/// Dropout as the training of very many networks, and what evaluation makes of them.
@Suite struct DropoutEnsembleTests {
    private static let inputs = 10
    private static let classes = 4

    private func build(_ scaling: DropoutScaling) throws -> (model: Model, values: FlatBuffer) {
        let model = try Model(
            name: "test", input: [Self.inputs],
            layers: [
                .dropout(probability: 0.5, scaling: scaling), .linear(units: Self.classes), .activation("softmax"),
            ])
        let values = FlatBuffer(count: model.layout.count)
        model.layout.initialize(values, key: RandomKey(seed: 4))
        return (model, values)
    }

    /// Goodfellow et al. 2016, section 7.12: of one linear layer and softmax, evaluation is the normalised geometric
    /// mean of all 2ⁿ networks that dropout of the inputs makes.
    @Test(arguments: DropoutScaling.allCases)
    func evaluationIsTheGeometricMeanOfAllNetworks(_ scaling: DropoutScaling) throws {
        let (model, values) = try build(scaling)
        var numbers = TestNumbers(seed: 3)
        let x = numbers.floats(Self.inputs)
        let tape = Tape(layout: model.layout, values: values)
        let y = model(tape.constant(Tensor(x, [1, Self.inputs], pool: tape.pool)), mode: .evaluation).value.values
        let kept = scaling == .training ? 2.0 : 1
        let weights = values.pointer + model.layout.offsets[0]
        let biases = values.pointer + model.layout.offsets[1]
        var logarithms = [Double](repeating: 0, count: Self.classes)
        for mask in 0..<1 << Self.inputs {
            let logits = (0..<Self.classes).map { j in
                (0..<Self.inputs).reduce(Double(biases[j])) { sum, i in
                    mask >> i & 1 == 0 ? sum : sum + kept * Double(x[i]) * Double(weights[j * Self.inputs + i])
                }
            }
            let total = log(logits.reduce(0) { $0 + exp($1) })
            for j in 0..<Self.classes { logarithms[j] += (logits[j] - total) / Double(1 << Self.inputs) }
        }
        let norm = logarithms.reduce(0) { $0 + exp($1) }
        for j in 0..<Self.classes { #expect(abs(Double(y[j]) - exp(logarithms[j]) / norm) < 1e-6) }
    }

    /// Averages over 4000 masks; five standard errors of values in −2…2 that are kept half the time.
    @Test(arguments: DropoutScaling.allCases) func trainingGivesOnAverageWhatEvaluationGives(
        _ scaling: DropoutScaling
    ) throws {
        let model = try Model(
            name: "test", input: [Self.inputs], layers: [.dropout(probability: 0.5, scaling: scaling)])
        let tape = Tape(layout: model.layout, values: FlatBuffer(count: 0))
        tape.begin(gradients: nil)
        var numbers = TestNumbers(seed: 5)
        let x = tape.constant(Tensor(numbers.floats(Self.inputs), [1, Self.inputs], pool: tape.pool))
        let expected = model(x, mode: .evaluation).value.values
        for sampled in [true, false] {
            var sums = [Double](repeating: 0, count: Self.inputs)
            for seed in 0..<4000 {
                let key = RandomKey(seed: UInt64(seed))
                let y = model(x, mode: sampled ? .dropoutSample(key) : .training(key)).value.values
                for i in 0..<Self.inputs { sums[i] += Double(y[i]) / 4000 }
            }
            let largest = scaling == .training ? 4.0 : 2
            for i in 0..<Self.inputs {
                #expect(abs(sums[i] - Double(expected[i])) < 5 * largest / 2 / 4000.0.squareRoot())
            }
        }
    }

    /// Batch normalisation and the rest compute as in evaluation while masks are drawn.
    @Test func aSampleIsEvaluationButForTheMasks() throws {
        let model = try Model(name: "test", input: [6], layers: [.batchNorm(), .dropout(probability: 0.5)])
        let values = FlatBuffer(count: model.layout.count)
        model.layout.initialize(values, key: RandomKey(seed: 1))
        let tape = Tape(layout: model.layout, values: values)
        tape.begin(gradients: nil)
        var numbers = TestNumbers(seed: 1)
        let x = tape.constant(Tensor(numbers.floats(48), [8, 6], pool: tape.pool))
        let whole = model(x, mode: .evaluation).value.values
        let sample = model(x, mode: .dropoutSample(RandomKey(seed: 2))).value.values
        #expect(zip(sample, whole).allSatisfy { $0 == 0 || $0 == 2 * $1 })
        #expect(sample.contains(0) && sample != whole)
    }

    /// The loss of an averaged prediction is that of the mean probabilities, and so is what `predict` gives.
    @Test func anObjectiveAveragesWhatItsNetworksPredict() throws {
        let net = try network(
            [.dropout(probability: 0.5), .named("output", .linear(units: 3))], input: [4])
        let values = FlatBuffer(count: net.layout.count)
        net.layout.initialize(values, key: RandomKey(seed: 9))
        var numbers = TestNumbers(seed: 2)
        let (inputs, labels): ([Float], [Int32]) = (numbers.floats(5 * 4), [0, 2, 1, 1, 0])
        let batch = FieldBatch(inputs, [4], .classes(labels, of: 3))
        let binary = FieldBatch(inputs, [4], .values([Float](repeating: 0.25, count: 15), [3]))
        let key = RandomKey(seed: 7)
        let tape = Tape(layout: net.layout, values: values)
        tape.begin(gradients: nil)
        let x = tape.constant(Tensor(inputs, [5, 4], pool: tape.pool))
        let samples = (0..<6).map { sample in
            let mode = Mode.dropoutSample(key.folding(.dropout).folding(sample))
            return DoubleTensor(net.models[0](x, mode: mode).value.values, [5, 3])
        }
        #expect(Set(samples.map(\.values)).count > 1)
        func mean(_ f: (DoubleTensor) -> DoubleTensor) -> [Double] {
            (0..<15).map { i in samples.reduce(0) { $0 + f($1).values[i] / 6 } }
        }
        func run(_ loss: any Loss, _ batch: FieldBatch) throws -> (loss: Double, prediction: [Float]) {
            let objective = try net.objective(loss, metrics: [], like: batch)
            let context = GrainContext(batch, on: tape, mode: .evaluation, key: key, dropoutSamples: 6)
            let result = objective(context)
            return (result.sums[0], objective.predict(context)[0].value.values)
        }
        let probabilities = mean(DoubleReference.softmax)
        let classes = try run(CrossEntropyLoss(), batch)
        let expected = labels.enumerated().reduce(0) { $0 - log(probabilities[$1.offset * 3 + Int($1.element)]) }
        #expect(abs(classes.loss - expected) < 1e-5)
        #expect(relativeError(classes.prediction, probabilities.map { log($0) }) < 1e-6)

        let means = mean(DoubleReference.sigmoid)
        let each = try run(BinaryCrossEntropyLoss(fromLogits: true), binary)
        #expect(relativeError(each.prediction, means.map { log($0 / (1 - $0)) }) < 1e-5)
        #expect(abs(each.loss - means.reduce(0) { $0 - (0.25 * log($1) + 0.75 * log(1 - $1)) / 3 }) < 1e-5)
        #expect(try relativeError(run(MeanSquaredErrorLoss(), binary).prediction, mean { $0 }) < 1e-6)
    }
}
