import Autograd
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

/// Layers of channels and windows: what they are built of, and the formulas of 1998.
@Suite struct ChannelLayerTests {
    private func build(_ input: Shape, _ layers: [LayerSpecification]) throws -> Model {
        try Model(name: "test", input: input, layers: layers)
    }

    /// Shapes, names and what they start from.
    @Test func layersOfChannelsHaveTheirParametersAndShapes() throws {
        let cases: [(LayerSpecification, Shape, [String], Int)] = [
            (.groupNorm(groups: 3), [4, 5, 6], ["weight", "bias"], 12), (.instanceNorm(), [4, 5, 6], [], 0),
            (.instanceNorm(affine: true), [4, 5, 6], ["weight", "bias"], 12),
            (.localResponseNorm(size: 5), [4, 5, 6], [], 0), (.scale(), [4, 5, 6], ["weight", "bias"], 12),
            (.scale(bias: false), [4, 5, 6], ["weight"], 6), (.globalMaxPool, [6], [], 0),
            (.subsampling(kernel: .init(2)), [2, 2, 6], ["weight", "bias"], 12),
            (.l2Pool(.init(kernel: .init(3), stride: .init(1))), [2, 3, 6], [], 0),
            (.stochasticPool(.init(kernel: .init(2), ceil: true)), [2, 3, 6], [], 0),
            (.batchNorm(affine: false), [4, 5, 6], ["running_mean", "running_var"], 0),
        ]
        for (layer, shape, names, count) in cases {
            let model = try build([4, 5, 6], [.named("a", layer)])
            #expect(model.outputShape == shape)
            #expect(model.layout.parameters.map(\.name) == names.map { "a." + $0 })
            #expect(model.rows.map(\.parameters) == [count])
        }
        #expect(throws: ModelError.groups(layer: "0", groups: 4, inputChannels: 6, outputChannels: 6)) {
            try build([4, 5, 6], [.groupNorm(groups: 4)])
        }
        #expect(throws: ModelError.wrongRank(layer: "0", input: [6], expected: "an image [H, W, C]")) {
            try build([6], [.instanceNorm()])
        }
    }

    /// Section II.B of LeCun et al. 1998: the sum of a window times a coefficient of the map plus its bias; and outputs
    /// that are squared distances from ±1, which do not learn.
    @Test func theLayersOf1998ComputeTheirFormulas() throws {
        let model = try build(
            [4, 4, 2],
            [.subsampling(kernel: .init(2)), .flatten, .radialBasis(units: 3), .radialBasis(units: 2, isScore: true)])
        let values = FlatBuffer(count: model.layout.count)
        model.layout.initialize(values, key: RandomKey(seed: 1))
        func parameter(_ name: String) throws -> [Double] {
            let parameter = try #require(model.layout.parameters.first { $0.name == name })
            return (0..<parameter.shape.count).map {
                Double(values.pointer[model.layout.offsets[parameter.index] + $0])
            }
        }
        #expect(try parameter("0.weight") == [0.25, 0.25] && parameter("0.bias") == [0, 0])
        #expect(try parameter("2.weight").allSatisfy { abs($0) == 1 })
        let pointer = values.pointer + model.layout.offsets[0]
        (pointer[0], pointer[1]) = (2, -3)
        (values.pointer + model.layout.offsets[1]).pointee = 0.5
        let tape = Tape(layout: model.layout, values: values)
        tape.begin(gradients: nil)
        var numbers = TestNumbers(seed: 1)
        let x = DoubleTensor(numbers.floats(32), [1, 4, 4, 2])
        let sums = DoubleReference.pool(x, .init(kernel: 2, stride: 2)) { values, _ in values.reduce(0, +) }
        let sampled = DoubleReference.channelScale(
            sums, gain: DoubleTensor([2.0, -3], [2]), bias: DoubleTensor([0.5, 0], [2]))
        let first = DoubleReference.squaredDistance(
            DoubleReference.flatten(sampled), DoubleTensor(try parameter("2.weight"), [3, 8]))
        let second = DoubleReference.squaredDistance(first, DoubleTensor(try parameter("3.weight"), [2, 3]))
        let y = model(
            tape.constant(Tensor(x.values.map(Float.init), [1, 4, 4, 2], pool: tape.pool)), mode: .evaluation)
        #expect(relativeError(y.value.values, second.values.map { -$0 }) < 2e-6)
        #expect(model.layout.trainableParameterCount == 4)
    }
}
