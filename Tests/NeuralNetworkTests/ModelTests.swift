import Autograd
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

/// How layer lists become models: shapes, names, errors, modes.
@Suite struct ModelTests {
    private func build(_ input: Shape, _ layers: [LayerSpecification]) throws -> Model {
        try Model(name: "test", input: input, layers: layers)
    }

    private func convolution(
        _ filters: Int, kernel: Int = 3, stride: Int = 1, padding: Padding = .explicit(.init(0)),
        groups: Int = 1
    ) -> LayerSpecification {
        .convolution(
            .init(filters: filters, kernel: .init(kernel), stride: .init(stride), padding: padding, groups: groups))
    }

    // MARK: - Errors

    @Test func sizesBeyondThirtyTwoBitsAreRefusedBeforeTheyOverflow() {
        let huge = Int(Int32.max)
        let cases: [(Shape, LayerSpecification, ModelError)] = [
            ([784], .linear(units: huge), .tooLarge(layer: "0.weight", extents: [huge, 784])),
            ([8, 8, 1], convolution(huge), .tooLarge(layer: "0", extents: [huge, 3, 3, 1])),
            ([8, 8, 1], convolution(1, kernel: huge), .tooLarge(layer: "0", extents: [1, huge, huge, 1])),
            (
                [8, 8, 1], convolution(1, padding: .explicit(.init(huge))),
                .tooLarge(layer: "0", extents: [2 * huge + 6, 2 * huge + 6, 1])
            ),
            (
                [8, 8, 1], .maxPool(.init(kernel: .init(huge), stride: .init(1), padding: .explicit(.init(huge)))),
                .tooLarge(layer: "0", extents: [huge + 9, huge + 9, 1])
            ),
        ]
        for (input, layer, error) in cases {
            #expect(throws: error) { try build(input, [layer]) }
            #expect(error.description.hasSuffix("make the layer smaller"))
        }
    }

    /// An image is flattened as PyTorch does it, channels first.
    @Test func aModelOfVectorsTakesImagesOfAsManyValues() throws {
        let model = try build([12], [.linear(units: 2)])
        let values = FlatBuffer(count: model.layout.count)
        model.layout.initialize(values, key: RandomKey(seed: 1))
        func output(_ shape: Shape, place: (Int) -> Int) throws -> [Float] {
            let tape = Tape(layout: model.layout, values: values)
            let x = Tensor(shape, pool: tape.pool)
            for index in 0..<shape.count { x.pointer[place(index)] = Float(index) }
            let y = model(tape.constant(x), mode: .evaluation).value
            return (0..<y.shape.count).map { y.pointer[$0] }
        }
        // Value i of a sample is pixel i mod 6 of channel ⌊i / 6⌋.
        let image = try output([3, 2, 3, 2]) { $0 / 12 * 12 + $0 % 6 * 2 + $0 % 12 / 6 }
        #expect(try image == output([3, 12]) { $0 })
    }

    @Test func aKernelThatDoesNotFitIsRefused() {
        let error = ModelError.doesNotFit(layer: "0", input: [4, 4, 1], window: "5×5")
        #expect(throws: error) { try build([4, 4, 1], [convolution(2, kernel: 5)]) }
        #expect(throws: ModelError.doesNotFit(layer: "1", input: [2, 2, 3], window: "3×3")) {
            try build([4, 4, 1], [convolution(3), .maxPool(.init(kernel: .init(3)))])
        }
        #expect(error.description.hasSuffix("use a smaller kernel, more padding or fewer pooling layers before it"))
    }

    @Test func layersWantImagesOrVectors() {
        #expect(throws: ModelError.wrongRank(layer: "0", input: [4, 4, 1], expected: "a vector [features]")) {
            try build([4, 4, 1], [.linear(units: 2)])
        }
        for layer in [convolution(2), .maxPool(.init(kernel: .init(2))), .averagePool(.init(kernel: .init(2)))] {
            #expect(throws: ModelError.wrongRank(layer: "0", input: [16], expected: "an image [H, W, C]")) {
                try build([16], [layer])
            }
        }
        for layer in [LayerSpecification.globalAveragePool, .globalMaxPool] {
            let expected = "an image [H, W, C] or a sequence [steps, channels]"
            #expect(throws: ModelError.wrongRank(layer: "0", input: [16], expected: expected)) {
                try build([16], [layer])
            }
        }
        #expect(
            ModelError.wrongRank(layer: "0", input: [4], expected: "a vector [features]").description.contains(
                "`flatten`"))
    }

    @Test func groupsDivideBothChannelCounts() {
        #expect(throws: ModelError.groups(layer: "0", groups: 2, inputChannels: 3, outputChannels: 4)) {
            try build([4, 4, 3], [convolution(4, groups: 2)])
        }
        #expect(throws: ModelError.groups(layer: "0", groups: 3, inputChannels: 3, outputChannels: 4)) {
            try build([4, 4, 3], [convolution(4, groups: 3)])
        }
    }

    @Test func branchesOfOneSumHaveOneShape() {
        #expect(throws: ModelError.branchesDiffer(layer: "0", [2, 2, 3], [4, 4, 3])) {
            try build([4, 4, 3], [.residual(main: [convolution(3)])])
        }
        #expect(throws: ModelError.branchesDiffer(layer: "0", [4, 4, 2], [2, 2, 5])) {
            try build([4, 4, 3], [.concatenate(branches: [[convolution(2, kernel: 1)], [convolution(5)]])])
        }
    }

    @Test func namesAreUsedOnce() {
        #expect(throws: ModelError.duplicateName("a.weight")) {
            try build([3], [.named("a", .linear(units: 3)), .named("a", .linear(units: 3))])
        }
    }

    @Test func aModelHasLayers() {
        #expect(throws: ModelError.empty) { try build([3], []) }
        #expect(throws: ModelError.empty) { try build([3], [.concatenate(branches: [])]) }
    }

    // MARK: - Shapes and names

    @Test func namesFollowThePathOfTheLayer() throws {
        let model = try build(
            [8, 8, 3],
            [
                convolution(4), .batchNorm(),
                .named(
                    "block", .residual(main: [.named("a", convolution(6))], shortcut: [.named("b", convolution(6))])),
                .concatenate(branches: [[convolution(2)], [convolution(3), .relu]]), .flatten,
                .linear(units: 2, bias: false),
            ])
        #expect(
            model.layout.parameters.map(\.name) == [
                "0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var", "block.a.weight",
                "block.a.bias",
                "block.b.weight", "block.b.bias", "3.branch1.0.weight", "3.branch1.0.bias", "3.branch2.0.weight",
                "3.branch2.0.bias",
                "5.weight",
            ])
        #expect(model.outputShape == [2])
        #expect(model.rows.last?.multiplyAdds == 2 * 2 * 2 * 5)
    }

    /// The output is ⌈input / stride⌉ large, whatever the kernel.
    @Test(arguments: [5, 6, 7, 8], [1, 2, 3]) func samePaddingKeepsTheExtentUpToTheStride(extent: Int, stride: Int)
        throws
    {
        for kernel in 1...4 {
            let expected = (extent + stride - 1) / stride
            let model = try build(
                [extent, extent, 1], [convolution(1, kernel: kernel, stride: stride, padding: .same)])
            #expect(model.outputShape == [expected, expected, 1], "convolution \(kernel)")
            let window = Pooling(kernel: .init(kernel), stride: .init(stride), padding: .same)
            for pooling in [LayerSpecification.maxPool(window), .averagePool(window, countIncludePad: false)] {
                let pooled = try build([extent, extent, 1], [pooling])
                #expect(pooled.outputShape == [expected, expected, 1], "pooling \(kernel)")
                let tape = Tape(layout: pooled.layout, values: FlatBuffer(count: 0))
                tape.begin(gradients: nil)
                let ones = Tensor(
                    [Float](repeating: 1, count: extent * extent), [1, extent, extent, 1], pool: tape.pool)
                let y = pooled(tape.constant(ones), mode: .evaluation).value.values
                #expect(y == [Float](repeating: 1, count: expected * expected))
            }
        }
    }

    /// Neighbours that one operation computes give the same bits as each by itself.
    @Test func whatIsFusedComputesTheSame() throws {
        let model = try build(
            [6, 6, 2],
            [
                convolution(4), .relu, .batchNorm(), .relu,
                .residual(main: [convolution(4, padding: .same), .batchNorm()]), .relu, .flatten, .linear(units: 3),
                .relu,
            ])
        let values = FlatBuffer(count: model.layout.count)
        model.layout.initialize(values, key: RandomKey(seed: 1))
        var numbers = TestNumbers(seed: 1)
        let input = numbers.floats(2 * 72)
        // A plan whose every node is wanted can't join any two.
        let separate = try model.plan(outputs: model.nodes.map(\.name))
        func run(_ compute: (Variable, Mode) -> Variable) -> [Float] {
            let tape = Tape(layout: model.layout, values: values)
            let vector = GrainVectorLayout(all: model.layout)
            let gradients = FlatBuffer(count: vector.count)
            tape.begin(gradients: gradients.pointer)
            let x = tape.constant(Tensor(input, [2, 6, 6, 2], pool: tape.pool))
            let y = compute(x, .training(RandomKey(seed: 1)))
            let gradient = Tensor([1, -2, 3, 4, 5, -6], [2, 3], pool: tape.pool)
            let value = y.value.values
            tape.backward(from: y, gradient: gradient)
            return value + (0..<vector.count).map { gradients.pointer[$0] }
        }
        #expect(run { model($0, mode: $1) } == run { separate([$0], mode: $1).last! })
    }

    @Test func runningStatisticsMoveByTheirMomentum() throws {
        let model = try build([2], [.batchNorm(momentum: 0.25)])
        let values = FlatBuffer(count: model.layout.count)
        model.layout.initialize(values, key: RandomKey(seed: 1))
        let tape = Tape(layout: model.layout, values: values)
        let sums = FlatBuffer(count: tape.wholeVector.count)
        tape.begin(gradients: sums.pointer)
        let x = Tensor([1, 10, 3, 30], [2, 2], pool: tape.pool)
        _ = model(tape.constant(x), mode: .training(RandomKey(seed: 1)))
        tape.wholeVector.updateStatistics(values, sums: sums.pointer)
        // Mean 2 and 20, unbiased variance 2 and 200; from 0 and 1.
        let mean = model.layout.offsets[2]
        let variance = model.layout.offsets[3]
        #expect([values.pointer[mean], values.pointer[mean + 1]] == [0.5, 5])
        #expect([values.pointer[variance], values.pointer[variance + 1]] == [0.75 + 0.5, 0.75 + 50])
    }

    /// Vectors, sequences and images, each over its last dimension.
    @Test(arguments: [[6], [5, 4], [3, 2, 4]] as [Shape], [true, false])
    func layerNormNormalisesEachPosition(shape: Shape, affine: Bool) throws {
        let model = try build(shape, [.named("norm", .layerNorm(epsilon: 1e-3, affine: affine))])
        #expect(model.outputShape == shape)
        #expect(model.layout.parameters.map(\.name) == (affine ? ["norm.weight", "norm.bias"] : []))
        #expect(model.layout.parameters.allSatisfy { $0.shape == [shape[-1]] })
        #expect(model.rows.map(\.parameters) == [affine ? 2 * shape[-1] : 0])
        let values = FlatBuffer(count: model.layout.count)
        model.layout.initialize(values, key: RandomKey(seed: 1))
        let tape = Tape(layout: model.layout, values: values)
        tape.begin(gradients: nil)
        var numbers = TestNumbers(seed: 1)
        let batch = shape.batched(2)
        let x = numbers.floats(batch.count)
        let expected = DoubleReference.layerNormalization(
            DoubleTensor(x, batch.dimensions), gamma: DoubleTensor(repeating: 1, [shape[-1]]),
            beta: DoubleTensor(repeating: 0, [shape[-1]]), epsilon: 1e-3)
        for mode in [Mode.training(RandomKey(seed: 1)), .evaluation] {
            let y = model(tape.constant(Tensor(x, batch, pool: tape.pool)), mode: mode).value.values
            #expect(relativeError(y, expected.values) < 2e-6)
        }
    }

    @Test func dropoutLayersDropDifferentlyAndOnlyInTraining() throws {
        let model = try build([64], [.dropout(probability: 0.5), .dropout(probability: 0.5)])
        let single = try build([64], [.dropout(probability: 0.5)])
        let tape = Tape(layout: model.layout, values: FlatBuffer(count: 0))
        tape.begin(gradients: nil)
        let ones = Tensor([Float](repeating: 1, count: 6400), [100, 64], pool: tape.pool)
        let both = model(tape.constant(ones), mode: .training(RandomKey(seed: 1))).value.values
        let one = single(tape.constant(ones), mode: .training(RandomKey(seed: 1))).value.values
        // Equal masks would keep a half; independent ones a quarter, within five standard errors of 6400 elements.
        let share = Double(both.count { $0 != 0 }) / 6400
        let deviation = (0.25 * 0.75 / 6400).squareRoot()
        #expect(abs(share - 0.25) < 5 * deviation)
        #expect(zip(one, both).allSatisfy { $0 != 0 || $1 == 0 })
        #expect(model(tape.constant(ones), mode: .evaluation).value.values.allSatisfy { $0 == 1 })
    }

    @Test(arguments: Activation.names) func anActivationIsTheOperationOfItsName(name: String) throws {
        let constants = ["leakyRelu": 0.2, "elu": 0.7]
        let model = try build([5], [.activation(name, constants[name])])
        let tape = Tape(layout: model.layout, values: FlatBuffer(count: 0))
        tape.begin(gradients: nil)
        let values: [Float] = [-1.5, -0.25, 0.5, 1.25, 2]
        let y = model(tape.constant(Tensor(values, [1, 5], pool: tape.pool)), mode: .evaluation).value.values
        let references: [String: (DoubleTensor) -> DoubleTensor] = [
            "relu": DoubleReference.relu, "leakyRelu": { DoubleReference.leakyRelu($0, slope: 0.2) },
            "sigmoid": DoubleReference.sigmoid, "tanh": DoubleReference.tanh, "softmax": DoubleReference.softmax,
            "logSoftmax": DoubleReference.logSoftmax, "elu": { DoubleReference.elu($0, alpha: 0.7) },
            "gelu": DoubleReference.gelu, "silu": DoubleReference.silu, "softplus": DoubleReference.softplus,
            "ramp": DoubleReference.ramp, "scaledTanh": DoubleReference.scaledTanh, "identity": { $0 },
            "threshold": DoubleReference.threshold,
        ]
        let reference = try #require(references[name], "a new activation needs its reference here")
        #expect(relativeError(y, reference(DoubleTensor(values, [1, 5])).values) < 1e-6)
    }
}
