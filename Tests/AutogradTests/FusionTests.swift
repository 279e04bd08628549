import Autograd
import Kernels
import TensorCore
import TestSupport
import Testing

/// An operation that ends with max(0, y) gives the same bits as the operation followed by ``relu(_:)``, forward and
/// backward.
@Suite struct FusionTests {
    struct Fusion: Sendable, CustomStringConvertible {
        var description: String
        var shapes: [[Int]]
        var operation: @Sendable (_ inputs: [Variable], _ rectify: Bool) -> Variable
    }

    private static let mean = Parameter(
        index: 0, name: "mean", shape: [19], role: .statistic(momentum: 0.1), initializer: .zeros)
    private static let variance = Parameter(
        index: 1, name: "variance", shape: [19], role: .statistic(momentum: 0.1), initializer: .ones)

    static let fusions = [
        Fusion(description: "linear", shapes: [[5, 13], [19, 13], [19]]) {
            linear($0[0], $0[1], bias: $0[2], rectify: $1)
        },
        Fusion(description: "linear without bias", shapes: [[5, 13], [19, 13]]) { linear($0[0], $0[1], rectify: $1) },
        Fusion(description: "add", shapes: [[3, 19], [3, 19]]) { add($0[0], $0[1], rectify: $1) },
        Fusion(description: "addAtPositions", shapes: [[3, 4, 19], [3, 19]]) {
            addAtPositions($0[0], $0[1], rectify: $1)
        },
        Fusion(
            description: "convolution over steps plus a value",
            shapes: [[2, 70, 16], [32, 1, 2, 16], [32], [2, 70, 32]]
        ) {
            convolution1D(
                $0[0], $0[1], bias: $0[2], plus: $0[3], .init(padding: [0, 0, 8, 0], dilation: [1, 8]), rectify: $1)
        },
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
            convolution2D(
                $0[0], $0[1], .init(padding: [1, 1, 1, 1], algorithm: .winograd(tileOutputs: 2)), rectify: $1)
        },
        Fusion(description: "batch normalisation in training", shapes: [[2, 5, 3, 19], [19], [19]]) {
            batchNormalization(
                $0[0], gamma: $0[1], beta: $0[2], runningMean: mean, runningVariance: variance,
                mode: .training(RandomKey(seed: 1)), rectify: $1)
        },
        Fusion(description: "batch normalisation in evaluation", shapes: [[2, 5, 3, 19], [19], [19]]) {
            batchNormalization(
                $0[0], gamma: $0[1], beta: $0[2], runningMean: mean, runningVariance: variance, mode: .evaluation,
                rectify: $1)
        },
    ]

    /// A batch normalisation, its sum with another value, and both in one operation.
    private static func normalized(
        _ inputs: [Variable], mode: Mode, adding other: Variable? = nil, rectify: Bool = false
    ) -> Variable {
        batchNormalization(
            inputs[0], gamma: inputs[1], beta: inputs[2], runningMean: mean, runningVariance: variance, mode: mode,
            adding: other, rectify: rectify)
    }

    @Test(arguments: [Mode.training(RandomKey(seed: 1)), .evaluation], [false, true])
    func aSumWithinBatchNormalizationChangesNoBit(mode: Mode, rectify: Bool) {
        // More rows than one of its blocks holds; the last input is also used by itself, so that its gradient has two
        // parts.
        let shapes = [[3, 5, 7, 19], [19], [19], [3, 5, 7, 19]]
        let fused = run(shapes) { add(Self.normalized($0, mode: mode, adding: $0[3], rectify: rectify), $0[3]) }
        let separate = run(shapes) { add(add(Self.normalized($0, mode: mode), $0[3], rectify: rectify), $0[3]) }
        #expect(fused.allSatisfy { $0.contains { $0 != 0 } })
        #expect(fused.map { $0.map(\.bitPattern) } == separate.map { $0.map(\.bitPattern) })
    }

    /// Of values; gradients are summed in another order.
    @Test func sumsAndGatesWithinConvolutionsChangeNoBitOfTheValue() {
        let attributes = ConvolutionAttributes(padding: [0, 0, 8, 0], dilation: [1, 8])
        let shapes = [[2, 70, 16], [32, 1, 2, 16], [32], [2, 32], [2, 70, 32]]
        let gated = run(shapes) { gatedConvolution1D($0[0], $0[1], bias: $0[2], vector: $0[3], attributes) }
        let inParts = run(shapes) {
            gate(addAtPositions(convolution1D($0[0], $0[1], bias: $0[2], attributes), $0[3]))
        }
        #expect(gated[0].contains { $0 != 0 } && gated[0] == inParts[0])
        let summed = run(shapes) { convolution1D($0[0], $0[1], bias: $0[2], plus: $0[4], attributes) }
        let separate = run(shapes) { add(convolution1D($0[0], $0[1], bias: $0[2], attributes), $0[4]) }
        #expect(summed.map { $0.map(\.bitPattern) } == separate.map { $0.map(\.bitPattern) })
    }

    @Test(arguments: fusions) func changesNoBit(_ fusion: Fusion) {
        let fused = run(fusion.shapes) { fusion.operation($0, true) }
        let separate = run(fusion.shapes) { relu(fusion.operation($0, false)) }
        #expect(fused.contains { $0.contains { $0 != 0 } })
        #expect(fused.map { $0.map(\.bitPattern) } == separate.map { $0.map(\.bitPattern) })
    }

    /// The value and all gradients.
    private func run(_ shapes: [[Int]], _ operation: ([Variable]) -> Variable) -> [[Float]] {
        let layout = ModelLayout([Self.mean, Self.variance])
        let values = FlatBuffer(count: layout.count)
        for c in 0..<19 { values.pointer[layout.offsets[1] + c] = 1 + Float(c) / 10 }
        let tape = Tape(layout: layout, values: values)
        tape.begin(gradients: nil)
        var numbers = TestNumbers(seed: 12)
        let inputs = shapes.map { tape.input(Tensor(numbers.floats($0.reduce(1, *)), Shape($0), pool: tape.pool)) }
        let y = operation(inputs)
        tape.backward(from: y, gradient: Tensor(numbers.floats(y.value.count), y.shape, pool: tape.pool))
        return [y.value.values] + inputs.map { tape.gradient(of: $0)?.values ?? [] }
    }
}
