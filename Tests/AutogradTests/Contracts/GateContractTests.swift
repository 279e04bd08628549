import Autograd
import Kernels
import TensorCore
import TestSupport
import Testing

/// Gates, vectors at every position, and convolutions that do either at once: against their formulas in double
/// precision.
@Suite struct GateContractTests {
    typealias Input = OperationContract.Input

    static let gates = [[2], [3, 34], [2, 5, 6], [0, 3, 4], [2, 3, 2, 32]].map { shape in
        OperationContract("gate", [Input(shape)], reference: { DoubleReference.gate($0[0]) }, { gate($0[0]) })
    }

    static let vectors = [[2, 5, 3], [3, 1, 17], [2, 70, 16], [2, 2, 3, 33], [0, 2, 3], [2, 0, 3]].flatMap { shape in
        let inputs = [Input(shape), Input([shape[0], shape[shape.count - 1]])]
        return [
            OperationContract(
                "addAtPositions", inputs, reference: { DoubleReference.atPositions($0[0], $0[1], +) },
                { addAtPositions($0[0], $0[1]) }),
            OperationContract(
                "multiplyAtPositions", inputs, reference: { DoubleReference.atPositions($0[0], $0[1], *) },
                { multiplyAtPositions($0[0], $0[1]) }),
        ]
    }

    /// A convolution over steps, by whole vectors or not, of any reach.
    private struct Shape {
        var steps: Int
        var channels: Int
        var outputs: Int
        var taps = 2
        var dilation = 1
        var behind = 0

        var before: Int { dilation * (taps - 1) - behind }
        var input: Input { Input([2, steps, channels]) }
        var filters: Input { Input([outputs, 1, taps, channels]) }
        var attributes: ConvolutionAttributes {
            .init(padding: [0, 0, before, behind], dilation: [1, dilation])
        }

        func reference(_ inputs: [DoubleTensor], bias: DoubleTensor? = nil) -> DoubleTensor {
            DoubleReference.convolution1D(
                inputs[0], inputs[1], bias: bias, before: before, behind: behind, dilation: dilation)
        }
    }

    private static let shapes = [
        Shape(steps: 19, channels: 16, outputs: 32, dilation: 4),
        Shape(steps: 67, channels: 16, outputs: 32, taps: 3, dilation: 2, behind: 2),
        // The earlier tap lies before all sequences.
        Shape(steps: 17, channels: 32, outputs: 32, dilation: 40),
        Shape(steps: 20, channels: 16, outputs: 32, taps: 1),
        // Computed in parts.
        Shape(steps: 5, channels: 3, outputs: 4, taps: 3), Shape(steps: 3, channels: 16, outputs: 32),
    ]

    static let sums = shapes.flatMap { shape -> [OperationContract] in
        let addend = Input([2, shape.steps, shape.outputs])
        return [
            OperationContract(
                "convolution1D + \(shape)", [shape.input, shape.filters, Input([shape.outputs]), addend],
                tolerance: 3e-6,
                reference: { DoubleReference.combined(shape.reference($0, bias: $0[2]), $0[3], +) },
                { convolution1D($0[0], $0[1], bias: $0[2], plus: $0[3], shape.attributes) }),
            OperationContract(
                "convolution1D + \(shape), no bias", [shape.input, shape.filters, addend], tolerance: 3e-6,
                reference: { DoubleReference.combined(shape.reference($0), $0[2], +) },
                { convolution1D($0[0], $0[1], plus: $0[2], shape.attributes) }),
        ]
    }

    /// Small weights, so that the gates do not all stand at their ends.
    static let gated = shapes.flatMap { shape -> [OperationContract] in
        let (bias, vector) = (Input([shape.outputs]), Input([2, shape.outputs]))
        let filters = Input(
            [shape.outputs, 1, shape.taps, shape.channels], .uniform(-0.2...0.2))
        return [
            OperationContract(
                "gatedConvolution1D \(shape)", [shape.input, filters, bias, vector], tolerance: 4e-6,
                reference: {
                    DoubleReference.gate(DoubleReference.atPositions(shape.reference($0, bias: $0[2]), $0[3], +))
                }, { gatedConvolution1D($0[0], $0[1], bias: $0[2], vector: $0[3], shape.attributes) }),
            OperationContract(
                "gatedConvolution1D \(shape), nothing added", [shape.input, filters], tolerance: 4e-6,
                reference: { DoubleReference.gate(shape.reference($0)) },
                { gatedConvolution1D($0[0], $0[1], shape.attributes) }),
        ]
    }

    @Test(arguments: gates + vectors) func readsItsContract(_ contract: OperationContract) { check(contract) }
    @Test(arguments: sums + gated) func convolvesByItsContract(_ contract: OperationContract) { check(contract) }

    private func check(_ contract: OperationContract) {
        for failure in contract.check().failures { Issue.record("\(contract): \(failure)") }
    }
}
