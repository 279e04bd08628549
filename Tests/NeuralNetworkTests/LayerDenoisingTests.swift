import Autograd
import ConfigurationReading
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

/// Denoising of what a layer makes of clean samples: an autoencoder of a stack.
@Suite struct LayerDenoisingTests {
    private let key = RandomKey(seed: 3)
    private let corruption = Corruption.masking(probability: 0.5)
    private let samples = (0..<12).map { Float($0 + 1) / 16 }
    private let units = 4

    private func denoising(
        _ network: Network, of subject: String = "below", output: String? = "above",
        loss: LossTerm = LossTerm(MeanSquaredErrorLoss())
    ) throws -> any Objective {
        let input = FieldDescription(name: "input", elementType: .float32, shape: [3], meaning: .real(names: []))
        let other = FieldDescription(name: "other", elementType: .float32, shape: [4], meaning: .real(names: []))
        return try Denoising(
            corruption: corruption, of: PlacedName(subject), output: output.map { PlacedName($0) }, loss: loss
        ).make(
            ObjectiveSetup(network: network, fields: [input, other], defaultInput: "input", defaultTarget: nil))
    }

    /// The loss, its weight, and the gradient of each parameter; then the layer's clean values and the corrupted ones.
    private func train(_ network: Network, _ objective: any Objective, mode: Mode) throws -> (
        loss: Double, gradients: [String: [Float]], clean: [Double], corrupted: [Double]
    ) {
        let values = FlatBuffer(count: network.layout.count)
        network.layout.initialize(values, key: RandomKey(seed: 2))
        let tape = Tape(layout: network.layout, values: values)
        let memory = FlatBuffer(count: tape.wholeVector.count)
        let batch = FieldBatch(samples, [3], .values([0, 0, 0, 0], [1]))
        tape.begin(gradients: memory.pointer)
        let result = objective(GrainContext(batch, on: tape, mode: mode, key: key))
        #expect(result.weight == 4 && result.sums.count == objective.sumCount)
        let loss = try #require(result.loss)
        tape.backward(from: loss)
        var gradients: [String: [Float]] = [:]
        for parameter in network.layout.parameters {
            let first = network.layout.offsets[parameter.index]
            gradients[parameter.name] = (0..<parameter.shape.count).map { memory.pointer[first + $0] }
        }
        tape.begin(gradients: nil)
        let clean = try network.models[0].plan(outputs: ["below"])(
            [tape.constant(batch.floats("input"))], mode: .evaluation)[0].value
        let corrupted = corruption(clean, key: key.folding(name: "corruption"), pool: tape.pool)
        return (result.sums[0], gradients, clean.values.map(Double.init), corrupted.values.map(Double.init))
    }

    @Test func theLayersCleanValueIsRestoredFromItsCorruptedOneAndNothingBelowLearns() throws {
        let network = try TestSupport.network(
            [
                .named("hidden", .linear(units: units)), .named("below", .activation("sigmoid")),
                .named("above", .linear(units: units)), .named("other", .linear(units: 2)),
            ], input: [3])
        for mode in [Mode.training(key), .evaluation] {
            let run = try train(network, try denoising(network), mode: mode)
            #expect(zip(run.clean, run.corrupted).contains { $0 != $1 && $1 == 0 })
            let values = FlatBuffer(count: network.layout.count)
            network.layout.initialize(values, key: RandomKey(seed: 2))
            let places = Dictionary(
                uniqueKeysWithValues: network.layout.parameters.map { ($0.name, network.layout.offsets[$0.index]) })
            let (weight, bias) = (try #require(places["above.weight"]), try #require(places["above.bias"]))
            var (loss, gradient) = (0.0, [Double](repeating: 0, count: units * units))
            for row in 0..<4 {
                for unit in 0..<units {
                    let restored = (0..<units).reduce(Double(values.pointer[bias + unit])) {
                        $0 + Double(values.pointer[weight + unit * units + $1]) * run.corrupted[row * units + $1]
                    }
                    let error = restored - run.clean[row * units + unit]
                    loss += error * error / Double(units)
                    for input in 0..<units {
                        gradient[unit * units + input] += 2 * error * run.corrupted[row * units + input] / Double(units)
                    }
                }
            }
            #expect(abs(run.loss - loss) < 1e-5 * loss)
            #expect(relativeError(try #require(run.gradients["above.weight"]), gradient) < 1e-5)
            for name in ["hidden.weight", "hidden.bias", "other.weight"] {
                #expect(run.gradients[name]?.allSatisfy { $0 == 0 } == true, "\(name)")
            }
        }
    }

    @Test func cleanValuesAreThoseOfEvaluationInTrainingToo() throws {
        let network = try TestSupport.network(
            [
                .named("hidden", .linear(units: units)), .named("below", .dropout(probability: 0.5)),
                .named("above", .activation("identity")),
            ], input: [3])
        let objective = try denoising(network)
        let run = try train(network, objective, mode: .training(key))
        let loss = zip(run.clean, run.corrupted).reduce(0.0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / Double(units)
        #expect(abs(run.loss - loss) < 1e-5 * loss)
        #expect(objective.predictions.isEmpty && objective.inputFields == ["input"])
    }

    @Test func whatDoesNotRestoreTheLayerAloneIsRefused() throws {
        let network = try TestSupport.network(
            [
                .named("below", .linear(units: units)), .named("above", .linear(units: units)),
                .named("beside", .linear(units: units).reading("input")),
                .named("around", .concatenate.reading("above", "input")), .named("joined", .linear(units: units)),
                .named("small", .linear(units: 2).reading("above")),
            ], input: [3])
        func problem(
            of subject: String = "below", output: String? = "above", loss: LossTerm = LossTerm(MeanSquaredErrorLoss())
        ) -> String {
            do {
                _ = try denoising(network, of: subject, output: output, loss: loss)
                return "none"
            } catch { return "\(error)" }
        }
        #expect(problem() == "none")
        #expect(problem(of: "bleow").contains("below"))
        #expect(problem(output: "abvoe").contains("above"))
        #expect(
            problem(output: "beside").hasSuffix(
                "beside does not depend on below, which it is to restore; name a layer behind it."))
        #expect(
            problem(output: "joined").hasSuffix(
                "joined depends on input around below, where nothing is corrupted; let it read below alone."))
        #expect(problem(output: "small").hasSuffix("make both equally large."))
        #expect(problem(output: "below").contains("it is compared with itself"))
        let other = LossTerm(MeanSquaredErrorLoss(), output: "joined")
        #expect(problem(loss: other).hasSuffix("`output` names another layer; name it once."))
        #expect(problem(output: nil, loss: LossTerm(MeanSquaredErrorLoss(), output: "above")) == "none")
    }
}
