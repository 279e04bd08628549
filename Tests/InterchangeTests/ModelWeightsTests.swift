import Autograd
import Checkpointing
import Interchange
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

/// Weights that are saved and loaded are the same, and every element of the file is one of them.
@Suite struct ModelWeightsTests {
    struct Case: Sendable, CustomStringConvertible {
        var description: String
        var layers: [LayerSpecification]
    }

    private static let linear = LayerSpecification.linear(units: 3)
    private static func flattened(_ more: LayerSpecification...) -> [LayerSpecification] { [.flatten] + more }

    static let cases = [
        Case(
            description: "a flattened branch beside a pooled one, then linear",
            layers: [.concatenate(branches: [[.flatten], [.globalAveragePool]]), linear]),
        Case(description: "flatten, batchNorm, linear", layers: flattened(.batchNorm(), linear)),
        Case(
            description: "three flattened branches, then linear",
            layers: [.concatenate(branches: [[.flatten], [.flatten], [.flatten]]), linear]),
        Case(
            description: "a flattened branch beside a linear one, then linear",
            layers: [.concatenate(branches: [flattened(), flattened(.linear(units: 4))]), linear]),
        Case(
            description: "a flattened branch, dropout, linear",
            layers: [.concatenate(branches: [flattened(), flattened(linear)]), .dropout(probability: 0.5), linear]),
        Case(
            description: "convolution, flatten, linear",
            layers: [.convolution(.init(filters: 5, kernel: .init(3))), .flatten, linear]),
        Case(
            description: "convolutions: without shared weights, transposed, by a table, over a sequence",
            layers: [
                .local(.init(filters: 2, kernel: .init(3), padding: .same)),
                .convTranspose(.init(filters: 3, kernel: .init(height: 2, width: 3))),
                .convolution(.init(filters: 2, kernel: .init(2), connections: [[0, 2], [1]])), .flatten,
                .unflatten(into: [4, 8]), .conv1d(filters: 4, kernel: 3, groups: 2),
            ]),
    ]

    /// Of a transposed convolution [in, out, kh, kw], over a sequence [out, in, k], by a table [pairs, kh, kw].
    @Test func filtersHaveTheShapesOfPyTorch() throws {
        let layers: [LayerSpecification] = [
            .named("up", .convTranspose(.init(filters: 6, kernel: .init(height: 2, width: 3), groups: 2))),
            .named("table", .convolution(.init(filters: 2, kernel: .init(2), connections: [[0, 2], [1]]))), .flatten,
            .unflatten(into: [4, 8]), .named("steps", .conv1d(filters: 4, kernel: 3, groups: 2)),
        ]
        let signatures = ModelWeights.signatures(try network(layers, input: [4, 3, 2])).weights
        #expect(
            Dictionary(uniqueKeysWithValues: signatures.map { ($0.name, $0.shape) }) == [
                "up.weight": [2, 3, 2, 3], "up.bias": [6], "table.weight": [3, 2, 2], "table.bias": [2],
                "steps.weight": [4, 4, 3], "steps.bias": [4],
            ])
    }

    @Test(arguments: cases) func aRoundTripIsIdenticalAndWritesEveryElement(_ test: Case) throws {
        let model = try network(test.layers, input: [4, 3, 2])
        let values = FlatBuffer(count: model.layout.count)
        var numbers = TestNumbers(seed: 5)
        for parameter in model.layout.parameters {
            for i in 0..<parameter.shape.count {
                values.pointer[model.layout.offsets[parameter.index] + i] = numbers.float(in: 1...2)
            }
        }
        let (weights, buffers) = ModelWeights.sources(model, values)
        let file = try SafetensorsFile(metadata: [:], sources: weights + buffers)
        for tensor in file.tensors {
            #expect(try file.floats(of: tensor.name).allSatisfy { $0 >= 1 && $0 <= 2 }, "\(tensor.name)")
        }
        let loaded = FlatBuffer(count: model.layout.count)
        try ModelWeights.load(file, model, into: loaded)
        for i in 0..<values.count { #expect(loaded.pointer[i] == values.pointer[i], "float \(i)") }
    }

    /// A vector that came from an image has PyTorch's order, whatever its values pass through before a linear layer.
    @Test func aFlattenedImageHasChannelsFirst() throws {
        let model = try Model(
            name: "m", input: [2, 2, 2],
            layers: [.concatenate(branches: [[.flatten], [.globalAveragePool]])])
        let tape = Tape(layout: model.layout, values: FlatBuffer(count: 0))
        tape.begin(gradients: nil)
        let x = tape.constant(Tensor([0, 10, 1, 11, 2, 12, 3, 13], [1, 2, 2, 2], pool: tape.pool))
        #expect(model(x, mode: .evaluation).value.values == [0, 1, 2, 3, 10, 11, 12, 13, 1.5, 11.5])
    }
}
