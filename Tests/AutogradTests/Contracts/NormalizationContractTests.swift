import Autograd
import TestSupport
import Testing

/// Normalisation within a sample, gains and distances, against their formulas in double precision.
@Suite struct NormalizationContractTests {
    typealias Input = OperationContract.Input

    /// Windows odd and even, wider than the channels, and of one channel; channels that fill vectors or not.
    static let localResponses = [
        ([1, 1], 5), ([2, 3, 3, 9], 5), ([1, 2, 2, 16], 5), ([3, 5, 33], 4), ([2, 96], 5), ([20, 17], 3), ([1, 7], 1),
        ([2, 3], 9), ([1, 18], 2), ([0, 3, 3, 4], 5),
    ].flatMap { shape, size -> [OperationContract] in
        // The usual power, which has a way of its own, and any other.
        [(0.5, 0.75, 2.0), (2, 0.75, 1), (1, 0.5, 1), (0.3, 1.3, 0.2)].map { alpha, beta, k in
            OperationContract(
                "localResponseNormalization \(size) \(alpha) \(beta) \(k)", [Input(shape)],
                reference: {
                    DoubleReference.localResponseNormalization($0[0], size: size, alpha: alpha, beta: beta, k: k)
                }
            ) {
                localResponseNormalization(
                    $0[0], size: size, alpha: Float(alpha), beta: Float(beta), k: Float(k))
            }
        }
    }

    /// Vectors, sequences and images; one group, a group for each channel, and between. Groups of two values are left
    /// out: they become ±1, and what remains of their gradients is rounding.
    static let groups = [
        ([3, 12], 2), ([2, 5, 6], 3), ([2, 3, 3, 4], 1), ([2, 3, 3, 4], 4), ([2, 4, 4, 32], 8), ([1, 5, 7, 33], 11),
        ([3, 9, 9, 17], 17), ([2, 12, 12, 6], 2), ([0, 2, 2, 4], 2),
    ].flatMap { shape, groups -> [OperationContract] in
        let channels = shape.last ?? 0
        return [
            OperationContract(
                "groupNormalization \(groups)",
                [Input(shape), Input([channels], .uniform(0.5...2)), Input([channels])],
                tolerance: 5e-6,
                reference: {
                    DoubleReference.groupNormalization(
                        $0[0], groups: groups, gamma: $0[1], beta: $0[2], epsilon: 1e-3)
                }
            ) { groupNormalization($0[0], groups: groups, affine: ($0[1], $0[2]), epsilon: 1e-3) },
            OperationContract(
                "groupNormalization \(groups) without γ and β", [Input(shape)], tolerance: 5e-6,
                reference: {
                    DoubleReference.groupNormalization(
                        $0[0], groups: groups, gamma: DoubleTensor(repeating: 1, [channels]),
                        beta: DoubleTensor(repeating: 0, [channels]), epsilon: 1e-3)
                }
            ) { groupNormalization($0[0], groups: groups, epsilon: 1e-3) },
        ]
    }

    static let scales = [[1, 1], [4, 3], [2, 3, 3, 16], [70, 33], [2, 5, 6], [0, 3]].flatMap {
        shape -> [OperationContract] in
        let channels = shape.last ?? 0
        return [
            OperationContract(
                "channelScale", [Input(shape), Input([channels]), Input([channels])],
                reference: { DoubleReference.channelScale($0[0], gain: $0[1], bias: $0[2]) }
            ) { channelScale($0[0], gain: $0[1], bias: $0[2]) },
            OperationContract(
                "channelScale without a bias, times 4", [Input(shape), Input([channels])],
                reference: { DoubleReference.channelScale($0[0], gain: $0[1], factor: 4) }
            ) { channelScale($0[0], gain: $0[1], factor: 4) },
        ]
    }

    static let distances = [(1, 1, 1), (3, 10, 84), (5, 2, 16), (2, 17, 7), (0, 3, 2)].map { rows, units, features in
        OperationContract(
            "squaredDistance", [Input([rows, features]), Input([units, features])],
            reference: { DoubleReference.squaredDistance($0[0], $0[1]) }
        ) { squaredDistance($0[0], centres: $0[1]) }
    }

    @Test(arguments: localResponses) func localResponseNormalizationKeepsItsContract(_ contract: OperationContract) {
        check(contract)
    }
    @Test(arguments: groups) func groupNormalizationKeepsItsContract(_ contract: OperationContract) { check(contract) }
    @Test(arguments: scales) func channelScaleKeepsItsContract(_ contract: OperationContract) { check(contract) }
    @Test(arguments: distances) func squaredDistanceKeepsItsContract(_ contract: OperationContract) { check(contract) }

    private func check(_ contract: OperationContract) {
        for failure in contract.check().failures { Issue.record("\(contract): \(failure)") }
    }
}
