import Autograd
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

/// Kernels that are given and not learned, and filters that no two positions share.
@Suite struct GivenKernelTests {
    private func build(_ input: Shape, _ layers: LayerSpecification...) throws -> Model {
        try Model(name: "test", input: input, layers: layers)
    }

    /// Deck 0: an image of 5×5 under 1 0 1 / 0 1 0 / 1 0 1.
    @Test func theKernelOfDeckZeroGivesItsNine() throws {
        let image: [Float] = [1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0]
        let model = try build([5, 5, 1], .imageKernel([[1, 0, 1], [0, 1, 0], [1, 0, 1]]))
        #expect(model.output(image) == [4, 3, 4, 2, 4, 3, 2, 3, 4])
        #expect(model.parameters.isEmpty && model.rows.map(\.multiplyAdds) == [81])
    }

    /// Every channel by itself; borders as of a convolution; nothing to learn, and the image has its gradient.
    @Test(arguments: PaddingMode.allCases) func aGivenKernelIsAConvolutionOfEachChannel(mode: PaddingMode) throws {
        var numbers = TestNumbers(seed: 6)
        let x = numbers.floats(2 * 4 * 5 * 3)
        let kernel = [[0.5, -1, 2], [3, 0.25, -4]]
        let model = try build([4, 5, 3], .imageKernel(kernel, padding: .same, paddingMode: mode))
        #expect(model.outputShape == [4, 5, 3])
        let image = DoubleTensor(x, [2, 4, 5, 3])
        let filters = DoubleTensor(Array(Array(repeating: kernel.flatMap { $0 }, count: 3).joined()), [3, 2, 3, 1])
        let expected =
            mode == .zeros
            ? DoubleReference.convolution(image, filters, padding: [0, 1, 1, 1], groups: 3)
            : DoubleReference.convolution(DoubleReference.padCircular(image, [0, 1, 1, 1]), filters, groups: 3)
        #expect(relativeError(model.output(x, batch: 2), expected.values) < 2e-6)
    }

    @Test func everyPositionHasFiltersOfItsOwn() throws {
        let shape = Convolution(filters: 4, kernel: .init(3), stride: .init(2), padding: .same)
        let model = try build([5, 4, 2], .named("near", .local(shape)))
        #expect(model.outputShape == [3, 2, 4])
        #expect(model.parameters.map(\.name) == ["near.weight", "near.bias"])
        #expect(model.parameters.map(\.shape) == [[24, 3, 3, 2], [24]])
        #expect(model.rows.map(\.multiplyAdds) == [24 * 18])
        // With equal filters everywhere it is the convolution.
        var numbers = TestNumbers(seed: 7)
        let (x, w, b) = (numbers.floats(3 * 40), numbers.floats(72), numbers.floats(4))
        let everywhere = { (values: [Float]) in Array(Array(repeating: values, count: 6).joined()) }
        let y = model.output(x, batch: 3, parameters: ["near.weight": everywhere(w), "near.bias": everywhere(b)])
        let shared = try build([5, 4, 2], .convolution(shape)).output(
            x, batch: 3, parameters: ["0.weight": w, "0.bias": b])
        #expect(relativeError(y, shared.map(Double.init)) < 2e-6)
        // Drawn as a convolution's filters are: by the 18 values under each.
        let values = FlatBuffer(count: model.layout.count)
        model.layout.initialize(values, key: RandomKey(seed: 1))
        let largest = (0..<24 * 18).map { abs(values.pointer[model.layout.offsets[0] + $0]) }.max() ?? 0
        #expect(largest <= 1 / Float(18).squareRoot() && largest > 0.97 / Float(18).squareRoot())
    }
}
