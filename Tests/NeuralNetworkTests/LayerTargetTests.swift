import Autograd
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

/// A loss may compare an output with another layer of the model instead of a field of the data.
@Suite struct LayerTargetTests {
    private let batch = FieldBatch([1, 2, 3, 6], [2], .classes([0, 1], of: 2))

    private func twins(units: Int = 2) throws -> Network {
        try network(
            [.named("teacher", .linear(units: 2)), .named("pupil", .linear(units: units).reading("input"))], input: [2])
    }

    /// The mean squared difference of the two; only the layer that is compared learns from it.
    @Test func theTargetIsTheLayersValueWithoutAGradient() throws {
        let twins = try twins()
        let values = FlatBuffer(count: twins.layout.count)
        twins.layout.initialize(values, key: RandomKey(seed: 1))
        let objective = try twins.objective(
            [LossTerm(MeanSquaredErrorLoss(), output: "pupil", target: "teacher")], metrics: nil, fields: batch.fields)
        #expect(objective.metrics.map(\.name) == ["loss", "rmse", "mae"])
        #expect(objective.fields == ["input"] && objective.predictions.map(\.output) == ["pupil"])
        let tape = Tape(layout: twins.layout, values: values)
        let gradients = FlatBuffer(count: tape.wholeVector.count)
        tape.begin(gradients: gradients.pointer)
        let key = RandomKey(seed: 1)
        let context = GrainContext(batch, on: tape, mode: .training(key), key: key)
        let result = objective(context)
        let outputs = try twins.models[0].plan(outputs: ["teacher", "pupil"])(
            [context.input(twins.models[0].inputs[0], of: twins.models[0], from: "input")], mode: .evaluation)
        let squares = zip(outputs[0].value.values, outputs[1].value.values).map { ($0 - $1) * ($0 - $1) }
        let loss = try #require(result.loss)
        #expect(abs(loss.value.values[0] - squares.reduce(0, +) / 2) < 1e-5)
        tape.backward(from: loss)
        for parameter in twins.layout.parameters {
            let gradient = (0..<parameter.shape.count).map {
                gradients.pointer[twins.layout.offsets[parameter.index] + $0]
            }
            #expect(gradient.contains { $0 != 0 } == parameter.name.hasPrefix("pupil"), "\(parameter.name)")
        }
    }

    @Test func aLayerIsComparedWithAnotherOfItsShape() throws {
        let images = FieldBatch([1, 2, 3, 6], [1, 2, 1], .classes([0, 1], of: 2))
        func problem(_ network: Network, output: String, target: String) -> String {
            let term = LossTerm(MeanSquaredErrorLoss(), output: output, target: target)
            do {
                _ = try network.objective([term], fields: images.fields)
                return ""
            } catch { return "\(error)" }
        }
        #expect(
            problem(try twins(), output: "pupil", target: "pupil").hasSuffix(
                "mse of pupil: it is compared with itself; name another layer or a field in `target`."))
        #expect(
            problem(try twins(units: 3), output: "pupil", target: "teacher").hasSuffix(
                "mse of pupil: teacher is [2], but the output is [3]; make both equally large."))
        let flat = try network(
            [.named("image", .convolution(.init(filters: 2, kernel: .init(1)))), .named("vector", .flatten)],
            input: [1, 2, 1])
        #expect(
            problem(flat, output: "vector", target: "image").hasSuffix(
                "mse of vector: the layer image is [1, 2, 2], but the output is [4]; give both one shape."))
        #expect(problem(try twins(), output: "pupil", target: "teacher").isEmpty)
    }
}
