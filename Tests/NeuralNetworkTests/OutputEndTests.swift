import Autograd
import ConfigurationReading
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

/// A loss on an output that ends in softmax or sigmoid.
@Suite struct OutputEndTests {
    private typealias Run = (objective: any Objective, loss: Float, gradients: [Float], names: [String])

    private static let inputs: [Float] = [0.5, -1, 2, 1.5, 0.25, -0.75, 3, -2]

    /// The loss and the gradients of a linear layer of fixed weights, with more layers behind it.
    private func run(
        _ loss: any Loss, classes: Int = 3, units: Int = 3, _ tail: [LayerSpecification]
    ) throws -> Run {
        let network = try network([.named("head", .linear(units: units))] + tail, input: [2])
        let values = FlatBuffer(count: network.layout.count)
        for index in 0..<values.count { values.pointer[index] = Float(index * 7 % 11) / 5 - 1 }
        let batch = FieldBatch(Self.inputs, [2], .classes((0..<4).map { Int32($0 % classes) }, of: classes))
        let objective = try network.objective(loss, metrics: nil, like: batch)
        let tape = Tape(layout: network.layout, values: values)
        let gradients = FlatBuffer(count: tape.wholeVector.count)
        tape.begin(gradients: gradients.pointer)
        let key = RandomKey(seed: 1)
        let result = objective(GrainContext(batch, on: tape, mode: .training(key), key: key))
        let sum = try #require(result.loss)
        tape.backward(from: sum)
        return (
            objective, sum.value.pointer[0],
            Array(UnsafeBufferPointer(start: gradients.pointer, count: network.layout.count)),
            objective.metrics.map(\.name)
        )
    }

    private func problem(_ loss: any Loss, units: Int = 3, _ tail: [LayerSpecification]) -> String? {
        do {
            _ = try run(loss, units: units, tail)
            return nil
        } catch { return "\(error)" }
    }

    private func expectSame(_ a: Run, _ b: Run) {
        #expect(abs(a.loss - b.loss) <= 1e-6 * max(1, abs(b.loss)))
        #expect(relativeError(a.gradients, b.gradients.map(Double.init)) < 1e-5)
        #expect(b.gradients.contains { $0 != 0 })
    }

    @Test(arguments: ["softmax", "logSoftmax"])
    func crossEntropyOfASoftmaxIsThatOfItsLogits(layer: String) throws {
        let plain = try run(CrossEntropyLoss(), [])
        expectSame(plain, try run(CrossEntropyLoss(fromLogits: true), []))
        expectSame(try run(CrossEntropyLoss(), [.activation(layer)]), plain)
        expectSame(try run(CrossEntropyLoss(fromLogits: false), [.activation(layer)]), plain)
        #expect(plain.objective.notes.isEmpty)
        #expect(
            try run(CrossEntropyLoss(), [.activation(layer)]).objective.notes == [
                "crossEntropy of 1 is computed from the logits before its \(layer)"
            ])
        #expect(
            problem(CrossEntropyLoss(fromLogits: true), [.activation(layer)])?.hasSuffix(
                "crossEntropy of 1: fromLogits is true, but the output ends in \(layer) and has none; take `\(layer)` "
                    + "away, or `fromLogits`.") == true)
        #expect(
            problem(CrossEntropyLoss(fromLogits: false), [])?.hasSuffix(
                "fromLogits is false, but the output ends in linear and has no probabilities; put `softmax` behind "
                    + "it, or take `fromLogits` away.") == true)
    }

    @Test(arguments: [1, 2]) func binaryCrossEntropyOfASigmoidIsThatOfItsLogits(units: Int) throws {
        func made(_ fromLogits: Bool?, _ tail: [LayerSpecification]) throws -> Run {
            try run(BinaryCrossEntropyLoss(fromLogits: fromLogits), classes: 2, units: units, tail)
        }
        let sigmoid = [LayerSpecification.activation("sigmoid")]
        let plain = try made(nil, [])
        expectSame(plain, try made(true, []))
        expectSame(try made(nil, sigmoid), plain)
        expectSame(try made(false, sigmoid), plain)
        #expect(throws: ConfigurationError.self) { try made(true, sigmoid) }
        #expect(throws: ConfigurationError.self) { try made(false, []) }
        // One output of two classes is for the second where its logit is above 0, so the accuracies agree too.
        #expect(plain.names == ["loss", "accuracy"])
    }

    @Test func aSoftmaxOfABinaryCrossEntropyIsTakenAsItIsWhereTheUserSaysSo() throws {
        let softmax = [LayerSpecification.activation("softmax")]
        let said = try run(BinaryCrossEntropyLoss(fromLogits: false), softmax)
        #expect(said.objective.notes.isEmpty && said.loss.isFinite)
        #expect(problem(BinaryCrossEntropyLoss(), softmax)?.contains("use crossEntropy, or put `sigmoid`") == true)
    }

    @Test func scoresAreComparedBeforeTheLayerThatFitsTheLoss() throws {
        let sigmoid = [LayerSpecification.activation("sigmoid")]
        for loss in [LogLoss(), HingeLoss()] as [any Loss] {
            expectSame(
                try run(loss, classes: 2, units: 1, sigmoid), try run(loss, classes: 2, units: 1, []))
        }
        expectSame(try run(MaxMarginLoss(), [.activation("softmax")]), try run(MaxMarginLoss(), []))
        #expect(problem(MaxMarginLoss(), sigmoid)?.contains("the output ends in sigmoid") == true)
        #expect(problem(CrossEntropyLoss(), sigmoid)?.contains("use binaryCrossEntropy") == true)
        // A loss of values compares what the output is.
        #expect(try run(MeanSquaredErrorLoss(), sigmoid).objective.notes.isEmpty)
    }

    @Test func predictionsTakeNoSecondSoftmax() throws {
        let tail = [LayerSpecification.activation("softmax")]
        #expect(try run(CrossEntropyLoss(), []).objective.predictions[0].scores == .logits)
        let after = try run(CrossEntropyLoss(), tail).objective.predictions[0]
        #expect(after.scores == .probabilities && after.output == "1")
        #expect(try run(MeanSquaredErrorLoss(), []).objective.predictions[0].scores == .scores)
        #expect(try run(LogLoss(), classes: 2, units: 1, []).objective.predictions[0].scores == .separateLogits)

        let row: [Float] = [0.1, 0.7, 0.2]
        #expect(ClassScores.probabilities.probabilities(of: row) == row)
        #expect(ClassScores.logits.probabilities(of: [0, 0]) == [0.5, 0.5])
        #expect(ClassScores.scores.probabilities(of: row) == nil)
        #expect(ClassScores.probabilities.choice([0.4]) == 0 && ClassScores.separateLogits.choice([0.4]) == 1)
        #expect(ClassScores.logits.choice(row) == 1 && ClassScores.scores.choice([.nan]) == -1)
    }

    @Test func theOutputOfAPredictionIsTheLastLayerAndNotWhatTheLossReads() throws {
        let network = try network([.activation("softmax")], input: [3])
        let batch = FieldBatch([1, 2, 3], [3], .classes([2], of: 3))
        let objective = try network.objective(CrossEntropyLoss(), like: batch)
        let tape = Tape(layout: network.layout, values: FlatBuffer(count: network.layout.count))
        tape.begin(gradients: nil)
        let output = objective.predict(GrainContext(batch, on: tape, mode: .evaluation, key: RandomKey(seed: 1)))[0]
        #expect(abs(output.value.values.reduce(0, +) - 1) < 1e-6)
    }
}
