import Autograd
import Kernels
import TestSupport
import Testing

/// The scattering transform against its definition in double precision, of images of many sizes.
@Suite struct ScatteringContractTests {
    struct Case {
        var shape: [Int]
        var scales: Int
        var orientations: Int
        var order = 2
    }

    static let contracts: [OperationContract] = [
        Case(shape: [1, 4, 4, 1], scales: 1, orientations: 1),
        // Padded to 8 × 14: lengths of 2, 4 and 7 as factors.
        Case(shape: [2, 5, 10, 2], scales: 1, orientations: 3),
        // Padded to 22 × 10, another two primes.
        Case(shape: [1, 19, 7, 1], scales: 1, orientations: 2),
        Case(shape: [1, 8, 9, 1], scales: 2, orientations: 2),
        Case(shape: [1, 13, 8, 2], scales: 2, orientations: 1, order: 1),
        // The mirror shows a row of an image twice.
        Case(shape: [1, 4, 5, 1], scales: 2, orientations: 2),
        Case(shape: [1, 8, 9, 1], scales: 3, orientations: 1),
        // More than the lanes of a vector.
        Case(shape: [19, 4, 4, 1], scales: 1, orientations: 2), Case(shape: [0, 4, 4, 3], scales: 1, orientations: 2),
    ].map { test in
        let transform = ScatteringTransform(
            height: test.shape[1], width: test.shape[2], scales: test.scales, orientations: test.orientations,
            order: test.order)
        let reference = ScatteringReference(
            height: test.shape[1], width: test.shape[2], scales: test.scales, orientations: test.orientations,
            order: test.order, gain: transform.gain)
        return OperationContract(
            "scattering2D J = \(test.scales), L = \(test.orientations), order \(test.order)",
            [OperationContract.Input(test.shape)], tolerance: 1e-5, reference: { reference($0[0]) }
        ) { scattering2D($0[0], transform) }
    }

    @Test("value and gradients are the definition's", arguments: contracts)
    func contract(_ contract: OperationContract) {
        for failure in contract.check().failures { Issue.record("\(contract): \(failure)") }
    }
}
