import Autograd
import Kernels
import TestSupport
import Testing

/// Convolutions of odd shapes with every algorithm that supports them, against the direct sum in double precision.
@Suite struct ConvolutionContractTests {
    struct Shape: Sendable {
        var input: [Int]
        var filters: [Int]
        var attributes = ConvolutionAttributes()
    }

    static let shapes: [Shape] = [
        Shape(input: [1, 1, 1, 1], filters: [1, 1, 1, 1]),
        Shape(input: [2, 5, 3, 7], filters: [5, 1, 1, 7]),
        Shape(input: [2, 5, 5, 3], filters: [4, 1, 1, 3], attributes: .init(stride: [2, 2])),
        Shape(input: [1, 4, 4, 6], filters: [4, 1, 1, 3], attributes: .init(groups: 2)),
        Shape(input: [1, 3, 3, 2], filters: [3, 1, 1, 2], attributes: .init(padding: [1, 1, 1, 1])),
        Shape(input: [2, 7, 5, 17], filters: [3, 3, 3, 17], attributes: .init(padding: [1, 1, 1, 1])),
        Shape(input: [1, 8, 7, 3], filters: [5, 5, 5, 3], attributes: .init(padding: [2, 2, 2, 2])),
        Shape(
            input: [1, 9, 11, 2], filters: [3, 3, 2, 2], attributes: .init(stride: [2, 3], padding: [1, 0, 2, 1])),
        Shape(
            input: [1, 9, 9, 2], filters: [2, 3, 3, 2], attributes: .init(padding: [2, 2, 2, 2], dilation: [2, 2])),
        Shape(
            input: [2, 1, 13, 3], filters: [4, 1, 2, 3], attributes: .init(padding: [0, 0, 4, 0], dilation: [1, 4])),
        Shape(input: [2, 5, 5, 6], filters: [6, 3, 3, 1], attributes: .init(padding: [1, 1, 1, 1], groups: 6)),
        Shape(
            input: [1, 5, 6, 6], filters: [9, 3, 3, 2],
            attributes: .init(stride: [2, 1], padding: [1, 1, 1, 1], groups: 3)),
        Shape(input: [0, 4, 4, 3], filters: [2, 3, 3, 3]),
        // Winograd's
        Shape(input: [1, 1, 1, 16], filters: [16, 3, 3, 16], attributes: .init(padding: [1, 1, 1, 1])),
        Shape(input: [2, 5, 7, 16], filters: [32, 3, 3, 16], attributes: .init(padding: [1, 1, 1, 1])),
        Shape(input: [1, 6, 3, 32], filters: [16, 3, 3, 32]),
        Shape(input: [0, 6, 6, 16], filters: [16, 3, 3, 16], attributes: .init(padding: [1, 1, 1, 1])),
        // Fourier tiles, groups in a vector, groups one by one
        Shape(input: [1, 5, 7, 16], filters: [16, 7, 6, 16], attributes: .init(padding: [3, 3, 2, 2])),
        Shape(input: [0, 6, 6, 16], filters: [16, 7, 7, 16], attributes: .init(padding: [3, 3, 3, 3])),
        Shape(input: [1, 5, 6, 16], filters: [16, 3, 3, 4], attributes: .init(padding: [1, 1, 1, 1], groups: 4)),
        Shape(input: [0, 5, 6, 16], filters: [16, 3, 3, 4], attributes: .init(padding: [1, 1, 1, 1], groups: 4)),
        Shape(input: [1, 3, 5, 32], filters: [32, 3, 3, 16], attributes: .init(padding: [1, 1, 1, 1], groups: 2)),
    ]

    /// Every shape with and without a bias, with every algorithm.
    static let contracts = shapes.flatMap { shape -> [OperationContract] in
        let geometry = shape.attributes.geometry(input: .init(shape.input), filters: .init(shape.filters))
        return Convolution.algorithms(for: geometry).flatMap { algorithm in
            [false, true].map { contract(shape, algorithm, hasBias: $0) }
        }
    }

    static func contract(_ shape: Shape, _ algorithm: ConvolutionAlgorithm, hasBias: Bool) -> OperationContract {
        var attributes = shape.attributes
        attributes.algorithm = algorithm
        let forced = attributes
        let bias = hasBias ? [OperationContract.Input([shape.filters[0]])] : []
        // Winograd F(4, 3) multiplies the rounding by the norms of its transforms, here up to 10 times that of the
        // direct sum.
        let tolerance = algorithm == .winograd(tileOutputs: 4) ? 2e-5 : 2e-6
        return OperationContract(
            "convolution2D \(algorithm) \(forced)", [.init(shape.input), .init(shape.filters)] + bias,
            tolerance: tolerance,
            reference: {
                DoubleReference.convolution(
                    $0[0], $0[1], bias: hasBias ? $0[2] : nil, stride: forced.stride, padding: forced.padding,
                    dilation: forced.dilation, groups: forced.groups)
            }, { convolution2D($0[0], $0[1], bias: hasBias ? $0[2] : nil, forced) })
    }

    @Test(arguments: contracts) func keepsItsContract(_ contract: OperationContract) {
        for failure in contract.check().failures { Issue.record("\(contract): \(failure)") }
    }
}
