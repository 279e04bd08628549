import Autograd
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

/// What the summary says of receptive fields, beside what gradients show of them.
@Suite struct ReceptiveFieldTests {
    /// The sizes and steps that papers give: Araujo et al. 2019 list AlexNet's 195, VGG-16's 212, ResNet-18's 435.
    @Test(
        arguments: [
            ("alexnet", "features.12", 195, 32), ("vgg16", "features.28", 196, 16), ("vgg16", "features.30", 212, 32),
            ("lenet5", "5", 16, 4), ("resnet18", "layer4.3", 435, 32),
        ])
    func isThePublishedOne(zoo: String, layer: String, size: Double, step: Double) throws {
        let row = try #require(try ZooModel.named(zoo).build().rows.first { $0.name == layer })
        #expect(row.field.axes.map(\.size) == [size, size])
        #expect(row.field.axes.map(\.step) == [step, step])
    }

    /// Three small filters see as much as a large one; the axes may differ.
    @Test func growsWithDepth() throws {
        func fields(_ layers: [LayerSpecification]) throws -> [[Double]] {
            try Model(name: "deep", input: [28, 28, 1], layers: layers).rows.map { $0.field.axes.map(\.size) }
        }
        let small = LayerSpecification.convolution(.init(filters: 2, kernel: .init(3)))
        #expect(try fields([small, small, small]) == [[3, 3], [5, 5], [7, 7]])
        #expect(try fields([.convolution(.init(filters: 2, kernel: .init(7)))]) == [[7, 7]])
        #expect(try fields([.convolution(.init(filters: 2, kernel: .init(height: 2, width: 5)))]) == [[2, 5]])
        let model = try Model(
            name: "flat", input: [28, 28, 1], layers: [small, .flatten, .relu, .linear(units: 3), .relu])
        #expect(model.rows.map(\.field.isWhole) == [false, false, false, true, true])
        #expect(model.rows.map { $0.field.axes.map(\.size) } == Array(repeating: [3, 3], count: 5))
    }

    /// What lies outside the box that a position sees has a gradient of exactly 0; the outermost pixels of a box that
    /// lies within the image have not, unless a maximum passes them over.
    ///
    /// Windows of all kinds in random order, one path or two.
    @Test(arguments: 1...60) func isWhatGradientsShow(seed: Int) throws {
        var numbers = TestNumbers(seed: UInt64(seed))
        let isTight = seed % 3 > 0
        let input: Shape = [16 + numbers.integer(below: 20), 16 + numbers.integer(below: 20), 2]
        var layers: [LayerSpecification] = []
        var model = try Model(name: "random", input: input, layers: [randomLayer(&numbers, isTight: true)])
        for _ in 0...numbers.integer(below: 5) {
            let longer = layers + [randomLayer(&numbers, isTight: isTight)]
            // A window that no longer fits is left out.
            guard let built = try? Model(name: "random", input: input, layers: longer) else { continue }
            (layers, model) = (longer, built)
        }
        let shape = model.outputShape
        // In the middle, or anywhere.
        let isMiddle = seed % 2 == 0
        let position = shape.dimensions.dropLast().map { isMiddle ? $0 / 2 : numbers.integer(below: $0) }
        let seen = pixelsWithGradient(model, position, seed: UInt64(seed))
        let field = try #require(model.rows.last?.field)
        let boxes = (0..<2).map { field.axes[$0].pixels(position: position[$0], of: input[$0]) }
        for axis in 0..<2 {
            let measured = seen.map { $0[axis] }
            #expect(
                measured.allSatisfy(boxes[axis].contains), "axis \(axis) of \(layers): \(boxes[axis]), but \(measured)")
            let start = field.axes[axis].start + Double(position[axis]) * field.axes[axis].step
            if isTight, start >= 0, start + field.axes[axis].size <= Double(input[axis]) {
                #expect(
                    measured.min() == boxes[axis].first && measured.max() == boxes[axis].last,
                    "axis \(axis) of \(layers) from \(input) at \(position): \(boxes[axis]), but \(measured)")
            }
        }
    }

    private func randomLayer(_ numbers: inout TestNumbers, isTight: Bool) -> LayerSpecification {
        func size(upTo limit: Int) -> Size {
            Size(height: 1 + numbers.integer(below: limit), width: 1 + numbers.integer(below: limit))
        }
        let kernel = size(upTo: 4)
        let stride = size(upTo: 2)
        let padding = Padding.explicit(Size(height: kernel.height / 2, width: kernel.width / 2))
        let plain = LayerSpecification.convolution(
            .init(filters: 3, kernel: kernel, stride: stride, padding: padding, dilation: size(upTo: 2)))
        switch numbers.integer(below: 9) {
        case 0: return .averagePool(Pooling(kernel: kernel, stride: stride, padding: padding))
        case 1:
            let window = Pooling(kernel: kernel, stride: stride, padding: padding)
            return isTight ? plain : .sequence([.relu, .maxPool(window)])
        case 2:
            let same = Convolution(filters: 2, kernel: size(upTo: 5), padding: .same)
            return .concatenate(branches: [[.convolution(same)], [.batchNorm()]])
        case 3:
            let larger = ConvolutionTranspose(
                filters: 2, kernel: kernel, stride: stride, padding: Size(height: kernel.height / 3, width: 0),
                dilation: size(upTo: 2))
            return isTight ? plain : .convTranspose(larger)
        case 4 where !isTight:
            return .upsample(factor: size(upTo: 3), mode: numbers.integer(below: 2) == 0 ? .nearest : .bilinear)
        case 5: return .local(.init(filters: 2, kernel: kernel, stride: stride, padding: padding))
        case 6: return .imageKernel([[1, 2, 3], [4, 5, 6]], padding: .same)
        default: return plain
        }
    }

    /// The places of the pixels that the gradient of one position's channels reaches.
    private func pixelsWithGradient(_ model: Model, _ position: [Int], seed: UInt64) -> [[Int]] {
        let values = FlatBuffer(count: model.layout.count)
        model.layout.initialize(values, key: RandomKey(seed: seed))
        let tape = Tape(layout: model.layout, values: values)
        let gradients = FlatBuffer(count: tape.wholeVector.count)
        tape.begin(gradients: gradients.pointer)
        var numbers = TestNumbers(seed: seed)
        let (input, shape) = (model.inputShape, model.outputShape)
        let x = tape.input(Tensor(numbers.floats(input.count), input.batched(1), pool: tape.pool))
        let output = model(x, mode: .evaluation)
        var one = [Float](repeating: 0, count: shape.count)
        for channel in 0..<shape[2] {
            one[(position[0] * shape[1] + position[1]) * shape[2] + channel] = numbers.float(in: 0.5...1)
        }
        tape.backward(from: output, gradient: Tensor(one, shape.batched(1), pool: tape.pool))
        let gradient = tape.gradient(of: x)?.values ?? []
        return gradient.indices.filter { gradient[$0] != 0 }.map {
            [$0 / input[2] / input[1], $0 / input[2] % input[1]]
        }
    }
}
