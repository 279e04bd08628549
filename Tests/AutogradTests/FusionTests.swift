import Autograd
import Kernels
import TensorCore
import TestSupport
import Testing

/// An operation that ends with max(0, y) gives the same bits as the operation followed by ``relu(_:)``, forward and backward.
@Suite struct FusionTests {
    struct Fusion: Sendable, CustomStringConvertible {
        var description: String
        var shapes: [[Int]]
        var operation: @Sendable (_ inputs: [Variable], _ rectify: Bool) -> Variable
    }

    private static let mean = Parameter(index: 0, name: "mean", shape: [19], isTrainable: false, initializer: .zeros)
    private static let variance = Parameter(index: 1, name: "variance", shape: [19], isTrainable: false, initializer: .ones)

    static let fusions = [
        Fusion(description: "linear", shapes: [[5, 13], [19, 13], [19]]) { linear($0[0], $0[1], bias: $0[2], rectify: $1) },
        Fusion(description: "linear without bias", shapes: [[5, 13], [19, 13]]) { linear($0[0], $0[1], rectify: $1) },
        Fusion(description: "add", shapes: [[3, 19], [3, 19]]) { add($0[0], $0[1], rectify: $1) },
        Fusion(description: "convolution, im2col", shapes: [[2, 7, 5, 3], [19, 3, 3, 3], [19]]) {
            convolution2D($0[0], $0[1], bias: $0[2], .init(padding: [1, 1, 1, 1], algorithm: .im2col), rectify: $1)
        },
        Fusion(description: "convolution without bias, im2col", shapes: [[2, 7, 5, 3], [19, 3, 3, 3]]) {
            convolution2D($0[0], $0[1], .init(stride: [2, 2], algorithm: .im2col), rectify: $1)
        },
        Fusion(description: "convolution, direct", shapes: [[2, 7, 5, 3], [19, 3, 3, 3], [19]]) {
            convolution2D($0[0], $0[1], bias: $0[2], .init(padding: [1, 1, 1, 1], algorithm: .direct), rectify: $1)
        },
        Fusion(description: "convolution, Winograd F(4, 3)", shapes: [[2, 7, 9, 16], [32, 3, 3, 16], [32]]) {
            convolution2D($0[0], $0[1], bias: $0[2], .init(algorithm: .winograd(tileOutputs: 4)), rectify: $1)
        },
        Fusion(description: "convolution, Winograd F(2, 3)", shapes: [[2, 7, 9, 16], [32, 3, 3, 16]]) {
            convolution2D($0[0], $0[1], .init(padding: [1, 1, 1, 1], algorithm: .winograd(tileOutputs: 2)), rectify: $1)
        },
        Fusion(description: "batch normalisation in training", shapes: [[2, 5, 3, 19], [19], [19]]) {
            batchNormalization(
                $0[0], gamma: $0[1], beta: $0[2], runningMean: mean, runningVariance: variance,
                mode: .training(RandomKey(seed: 1)), rectify: $1)
        },
        Fusion(description: "batch normalisation in evaluation", shapes: [[2, 5, 3, 19], [19], [19]]) {
            batchNormalization(
                $0[0], gamma: $0[1], beta: $0[2], runningMean: mean, runningVariance: variance, mode: .evaluation, rectify: $1)
        },
    ]

    @Test(arguments: fusions) func changesNoBit(_ fusion: Fusion) {
        let fused = run(fusion) { fusion.operation($0, true) }
        let separate = run(fusion) { relu(fusion.operation($0, false)) }
        #expect(fused.contains { $0.contains { $0 != 0 } })
        #expect(fused.map { $0.map(\.bitPattern) } == separate.map { $0.map(\.bitPattern) })
    }

    /// The value and all gradients.
    private func run(_ fusion: Fusion, _ operation: ([Variable]) -> Variable) -> [[Float]] {
        let layout = ModelLayout([Self.mean, Self.variance])
        let values = FlatBuffer(count: layout.count)
        for c in 0..<19 { values.pointer[layout.offsets[1] + c] = 1 + Float(c) / 10 }
        let tape = Tape(layout: layout, values: values)
        tape.begin(gradients: nil)
        var numbers = TestNumbers(seed: 12)
        let inputs = fusion.shapes.map { tape.input(Tensor(numbers.floats($0.reduce(1, *)), Shape($0), pool: tape.pool)) }
        let y = operation(inputs)
        tape.backward(from: y, gradient: Tensor(numbers.floats(y.value.count), y.shape, pool: tape.pool))
        return [y.value.values] + inputs.map { tape.gradient(of: $0)?.values ?? [] }
    }
}
