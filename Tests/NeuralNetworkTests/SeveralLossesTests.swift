import Autograd
import ConfigurationReading
import Foundation
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

/// Random combinations of three losses on three outputs of one layer, against the same in double precision.
@Suite struct SeveralLossesTests {
    private static let samples = 5
    private static let features = 3

    /// A loss that may be drawn, with its twin.
    private struct Candidate: Sendable {
        let loss: any Loss
        let units: Int
        let field: String
        /// Of outputs [N, units].
        let twin: @Sendable (DoubleTensor, Drawn) -> Double
    }

    /// What the samples should give.
    private struct Drawn: Sendable {
        let inputs: [Float]
        let labels: [Int32]
        let binary: [Int32]
        let numbers: [Float]
        let shares: [Float]

        init(_ numbers: inout TestNumbers) {
            let count = SeveralLossesTests.samples
            inputs = numbers.floats(count * SeveralLossesTests.features)
            labels = (0..<count).map { _ in Int32(numbers.integer(below: 4)) }
            binary = (0..<count).map { _ in Int32(numbers.integer(below: 2)) }
            self.numbers = numbers.floats(count * 2)
            shares = (0..<count).flatMap { _ in
                let first = numbers.float(in: 0.1...0.9)
                return [first, 1 - first]
            }
        }

        /// −1 and 1.
        var signs: DoubleTensor { DoubleTensor(binary.map { $0 == 1 ? 1.0 : -1 }, [binary.count, 1]) }

        var batch: FieldBatch {
            let pool = StoragePool()
            func floats(_ name: String, _ values: [Float], _ shape: Shape) -> FieldMemory {
                FieldMemory(
                    field: FieldDescription(
                        name: name, elementType: .float32, shape: shape, meaning: .real(names: [])),
                    elements: .floats(Tensor(values, [values.count], pool: pool).storage))
            }
            func classes(_ name: String, _ values: [Int32], of count: Int) -> FieldMemory {
                let memory = UnsafeMutablePointer<Int32>.allocate(capacity: values.count)
                memory.initialize(from: values, count: values.count)
                return FieldMemory(
                    field: FieldDescription(
                        name: name, elementType: .int32, shape: [],
                        meaning: .classes(names: (0..<count).map(String.init))),
                    elements: .integers(memory, capacity: values.count, owner: nil))
            }
            return FieldBatch(
                count: SeveralLossesTests.samples, sampleIDs: Array(0..<SeveralLossesTests.samples),
                memory: [
                    floats("input", inputs, [SeveralLossesTests.features]), floats("numbers", numbers, [2]),
                    floats("shares", shares, [2]), classes("label", labels, of: 4), classes("binary", binary, of: 2),
                ])
        }
    }

    private static let candidates: [Candidate] = [
        Candidate(loss: CrossEntropyLoss(labelSmoothing: 0.1), units: 4, field: "label") { x, drawn in
            DoubleReference.crossEntropy(x, DoubleReference.oneHot(drawn.labels, classes: 4), smoothing: 0.1).values[0]
        },
        Candidate(loss: CrossEntropyLoss(), units: 2, field: "shares") { x, drawn in
            DoubleReference.crossEntropy(x, DoubleTensor(drawn.shares, [samples, 2])).values[0]
        },
        Candidate(loss: MaxMarginLoss(), units: 4, field: "label") { x, drawn in
            DoubleReference.maxMargin(x, drawn.labels, margin: 1).values[0]
        },
        Candidate(loss: BinaryCrossEntropyLoss(), units: 1, field: "binary") { x, drawn in
            DoubleReference.binaryCrossEntropyFromLogits(
                x, DoubleTensor(drawn.binary.map(Double.init), [samples, 1])
            ).values[0]
        },
        Candidate(loss: BinaryCrossEntropyLoss(), units: 2, field: "shares") { x, drawn in
            DoubleReference.binaryCrossEntropyFromLogits(x, DoubleTensor(drawn.shares, [samples, 2])).values[0]
        },
        Candidate(loss: LogLoss(), units: 1, field: "binary") { DoubleReference.logLoss($0, $1.signs).values[0] },
        Candidate(loss: HingeLoss(), units: 1, field: "binary") {
            DoubleReference.hinge($0, $1.signs, margin: 1).values[0]
        },
        Candidate(loss: MeanSquaredErrorLoss(), units: 2, field: "numbers") { x, drawn in
            DoubleReference.meanSquaredError(x, DoubleTensor(drawn.numbers, [samples, 2])).values[0]
        },
        Candidate(loss: AbsoluteErrorLoss(), units: 2, field: "numbers") { x, drawn in
            DoubleReference.absoluteError(x, DoubleTensor(drawn.numbers, [samples, 2])).values[0]
        },
        Candidate(loss: SquareSumLoss.halfSquare, units: 2, field: "numbers") { x, drawn in
            DoubleReference.meanSquaredError(x, DoubleTensor(drawn.numbers, [samples, 2])).values[0]
        },
    ]

    /// The total and its derivatives for all weights, whose heads lie one behind the other.
    private func twin(_ chosen: [Candidate], _ factors: [Double], _ drawn: Drawn, _ weights: [[Double]]) -> Double {
        var total = 0.0
        for (head, candidate) in chosen.enumerated() {
            var y = DoubleTensor(repeating: 0, [Self.samples, candidate.units])
            for n in 0..<Self.samples {
                for unit in 0..<candidate.units {
                    y[n, unit] = (0..<Self.features).reduce(weights[head][candidate.units * Self.features + unit]) {
                        $0 + Double(drawn.inputs[n * Self.features + $1]) * weights[head][unit * Self.features + $1]
                    }
                }
            }
            total += factors[head] * candidate.twin(y, drawn)
        }
        return total
    }

    @Test(arguments: 0..<20) func threeLossesOnThreeOutputsAreTheWeightedSumOfTheirFormulas(seed: Int) throws {
        var numbers = TestNumbers(seed: UInt64(seed) + 100)
        let drawn = Drawn(&numbers)
        let chosen = (0..<3).map { _ in Self.candidates[numbers.integer(below: Self.candidates.count)] }
        let factors = (0..<3).map { _ in numbers.float(in: 0.25...3) }
        let heads = chosen.enumerated().map { index, candidate in
            LayerSpecification.named("h\(index)", .linear(units: candidate.units)).reading("input")
        }
        let network = try network(heads, input: [Self.features])
        let terms = chosen.enumerated().map { index, candidate in
            LossTerm(candidate.loss, output: "h\(index)", target: candidate.field, weight: factors[index])
        }
        let batch = drawn.batch
        let objective = try SupervisedSpecification(losses: terms, metrics: []).make(
            ObjectiveSetup(network: network, fields: batch.fields, defaultInput: "input", defaultTarget: nil))
        let values = FlatBuffer(count: network.layout.count)
        var weights: [[Double]] = []
        for head in 0..<3 {
            var own: [Double] = []
            for parameter in network.layout.parameters where parameter.name.hasPrefix("h\(head).") {
                let start = values.pointer + network.layout.offsets[parameter.index]
                for index in 0..<parameter.shape.count { start[index] = numbers.float(in: -1...1) }
                own += (0..<parameter.shape.count).map { Double(start[$0]) }
            }
            weights.append(own)
        }
        let tape = Tape(layout: network.layout, values: values)
        let gradients = FlatBuffer(count: tape.wholeVector.count)
        tape.begin(gradients: gradients.pointer)
        let key = RandomKey(seed: 1)
        let result = objective(GrainContext(batch, on: tape, mode: .training(key), key: key))
        let loss = try #require(result.loss)
        tape.backward(from: loss)

        let doubles = factors.map(Double.init)
        let expected = twin(chosen, doubles, drawn, weights)
        #expect(abs(Double(loss.value.pointer[0]) - expected) < 1e-5 * max(1, abs(expected)))
        #expect(result.weight == Double(Self.samples) && result.sums.count == 1 + 2 * 3)
        for head in 0..<3 {
            var (found, derivatives): ([Float], [Double]) = ([], [])
            for parameter in network.layout.parameters where parameter.name.hasPrefix("h\(head).") {
                let start = gradients.pointer + network.layout.offsets[parameter.index]
                found += (0..<parameter.shape.count).map { start[$0] }
            }
            for index in weights[head].indices {
                var (up, down) = (weights, weights)
                up[head][index] += 1e-6
                down[head][index] -= 1e-6
                derivatives.append(
                    (twin(chosen, doubles, drawn, up) - twin(chosen, doubles, drawn, down)) / 2e-6)
            }
            #expect(relativeError(found, derivatives) < 2e-5, "\(chosen[head].loss.name) of \(seed)")
        }
    }

    @Test func aDivergenceIsATermBesideOthersWithoutATarget() throws {
        let network = try network(
            [
                .named("mean", .linear(units: 2)).reading("input"),
                .named("spread", .linear(units: 2)).reading("input"),
                .named("out", .linear(units: 2)).reading("mean"),
            ], input: [3])
        var numbers = TestNumbers(seed: 5)
        let batch = Drawn(&numbers).batch
        func make(_ losses: [LossTerm]) throws -> any Objective {
            try SupervisedSpecification(losses: losses).make(
                ObjectiveSetup(network: network, fields: batch.fields, defaultInput: "input", defaultTarget: nil))
        }
        let divergence = LossTerm(GaussianKLLoss(logVariance: "spread"), output: "mean", weight: 0.5)
        let objective = try make([divergence, LossTerm(MeanSquaredErrorLoss(), target: "numbers")])
        #expect(
            objective.metrics.map(\.name) == ["loss", "meanGaussianKL", "outMse", "rmse", "mae"])
        #expect(objective.predictions.map(\.output) == ["out"])
        let values = FlatBuffer(count: network.layout.count)
        for index in 0..<values.count { values.pointer[index] = numbers.float(in: -1...1) }
        let tape = Tape(layout: network.layout, values: values)
        tape.begin(gradients: nil)
        let result = objective(GrainContext(batch, on: tape, mode: .evaluation, key: RandomKey(seed: 1)))
        let outputs = try network.models[0].plan(outputs: ["mean", "spread"])(
            [tape.constant(batch.floats("input"))], mode: .evaluation)
        let expected = DoubleReference.gaussianKL(
            DoubleTensor(outputs[0].value.values, [5, 2]), logVariance: DoubleTensor(outputs[1].value.values, [5, 2])
        ).values[0]
        #expect(abs(result.sums[1] - expected) < 1e-5 * expected && result.sums[2] == 5)
        #expect(abs(result.sums[0] - (0.5 * result.sums[1] + result.sums[3])) < 1e-5 * result.sums[0])

        #expect(throws: ConfigurationError.self) {
            try make([LossTerm(GaussianKLLoss(logVariance: "spraed"), output: "mean")])
        }
        #expect(throws: ConfigurationError.self) {
            try make([LossTerm(GaussianKLLoss(logVariance: "input"), output: "mean")])
        }
        #expect(throws: ConfigurationError.self) {
            try make([LossTerm(GaussianKLLoss(logVariance: "spread"), output: "mean", target: "numbers")])
        }
    }
}
