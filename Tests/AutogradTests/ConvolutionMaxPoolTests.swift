import Autograd
import Kernels
import TensorCore
import TestSupport
import Testing

/// The fused operation against ``convolution2D(_:_:bias:_:rectify:)`` followed by ``maxPool2D(_:_:)``.
@Suite struct ConvolutionMaxPoolTests {
    struct Case: Sendable {
        var input: [Int]
        var filters: [Int]
        var hasBias = true
        var attributes = ConvolutionAttributes()
        var kernel = 2
        var stride = 2
    }

    static let cases = [
        Case(input: [3, 28, 28, 1], filters: [6, 5, 5, 1], attributes: .init(padding: [2, 2, 2, 2])),
        Case(input: [3, 14, 14, 6], filters: [16, 5, 5, 6]),
        Case(input: [2, 9, 7, 3], filters: [5, 3, 3, 3], hasBias: false),
        // Without a fused kernel: overlapping windows, a stride, an algorithm that is asked for, groups, an empty
        // batch.
        Case(input: [2, 9, 9, 3], filters: [5, 3, 3, 3], kernel: 3),
        Case(input: [2, 9, 9, 3], filters: [5, 3, 3, 3], attributes: .init(stride: [2, 2])),
        Case(input: [2, 9, 9, 3], filters: [5, 3, 3, 3], attributes: .init(algorithm: .im2col)),
        Case(input: [2, 9, 9, 4], filters: [4, 3, 3, 2], attributes: .init(groups: 2)),
        Case(input: [0, 9, 9, 3], filters: [5, 3, 3, 3]),
    ]

    @Test(arguments: cases) func agreesWithBothOperations(_ test: Case) {
        let pooling = PoolingAttributes(kernel: [test.kernel, test.kernel], stride: [test.stride, test.stride])
        let fused = run(test) {
            convolutionMaxPool2D($0[0], $0[1], bias: test.hasBias ? $0[2] : nil, test.attributes, pooling: pooling)
        }
        let separate = run(test) {
            maxPool2D(
                convolution2D($0[0], $0[1], bias: test.hasBias ? $0[2] : nil, test.attributes, rectify: true), pooling)
        }
        #expect(fused[0] == separate[0])
        #expect(fused.count == separate.count)
        for (a, b) in zip(fused, separate) { #expect(relativeError(a, b) < 2e-6) }
    }

    /// The value and all gradients; the input and the filters are used twice, so that gradients add up.
    private func run(_ test: Case, _ operation: ([Variable]) -> Variable) -> [[Float]] {
        let tape = Tape(layout: ModelLayout([]), values: FlatBuffer(count: 0))
        tape.begin(gradients: nil)
        var numbers = TestNumbers(seed: 12)
        let shapes = [test.input, test.filters, [test.filters[0]]]
        let inputs = shapes.map { tape.input(Tensor(numbers.floats($0.reduce(1, *)), Shape($0), pool: tape.pool)) }
        let first = operation(inputs)
        let y = add(first, operation(inputs))
        tape.backward(from: y, gradient: Tensor(numbers.floats(y.value.count), y.shape, pool: tape.pool))
        return [first.value.values] + inputs.map { tape.gradient(of: $0)?.values ?? [] }
    }
}
