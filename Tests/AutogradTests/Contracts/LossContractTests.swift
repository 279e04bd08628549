import Autograd
import TensorCore
import TestSupport
import Testing

/// Losses against their formulas in double precision.
@Suite struct LossContractTests {
    typealias Input = OperationContract.Input

    static let elementwise = [[1], [6], [3, 5], [2, 3, 4, 2], [0, 3]].flatMap { shape -> [OperationContract] in
        let probabilities = TestDomain.uniform(0.05...0.95)
        return [
            OperationContract(
                "meanSquaredError", [Input(shape), Input(shape)],
                reference: { DoubleReference.meanSquaredError($0[0], $0[1]) }
            ) { meanSquaredError($0[0], $0[1]) },
            OperationContract(
                "binaryCrossEntropy", [Input(shape, probabilities), Input(shape, probabilities)],
                reference: { DoubleReference.binaryCrossEntropy($0[0], $0[1]) }
            ) { binaryCrossEntropy($0[0], $0[1]) },
            OperationContract(
                "binaryCrossEntropyFromLogits", [Input(shape), Input(shape, probabilities)],
                reference: { DoubleReference.binaryCrossEntropyFromLogits($0[0], $0[1]) }
            ) { binaryCrossEntropyFromLogits($0[0], $0[1]) },
        ]
    }

    static let classification = [(1, 2), (7, 5), (3, 17), (0, 3)].flatMap { (rows, classes) -> [OperationContract] in
        var numbers = TestNumbers(seed: 4)
        let labels = (0..<rows).map { _ in Int32(numbers.integer(below: classes)) }
        let soft = numbers.floats(rows * classes, .uniform(0...1))
        return [Float(0), 0.1].flatMap { smoothing -> [OperationContract] in
            [
                OperationContract(
                    "crossEntropy of classes, smoothing \(smoothing)", [Input([rows, classes])],
                    reference: {
                        DoubleReference.crossEntropy(
                            $0[0], DoubleReference.oneHot(labels, classes: classes), smoothing: Double(smoothing))
                    }, { crossEntropy($0[0], .indices(labels), smoothing: smoothing).loss }),
                OperationContract(
                    "crossEntropy of distributions, smoothing \(smoothing)", [Input([rows, classes])],
                    reference: {
                        DoubleReference.crossEntropy(
                            $0[0], DoubleTensor(soft, [rows, classes]), smoothing: Double(smoothing))
                    },
                    {
                        let pool = StoragePool()
                        return crossEntropy(
                            $0[0], .distribution(Tensor(soft, [rows, classes], pool: pool)), smoothing: smoothing
                        ).loss
                    }),
            ]
        }
    }

    static let multiTask = OperationContract(
        "weightedSum", [Input([3, 2]), Input([3, 2]), Input([3, 2])],
        reference: {
            let first = DoubleReference.meanSquaredError($0[0], $0[2]).values[0]
            let second = DoubleReference.meanSquaredError($0[1], $0[2]).values[0]
            return DoubleTensor([0.25 * first - 3 * second], [])
        },
        { weightedSum([(meanSquaredError($0[0], $0[2]), 0.25), (meanSquaredError($0[1], $0[2]), -3)]) })

    @Test(arguments: elementwise + classification + [multiTask]) func keepsItsContract(_ contract: OperationContract) {
        for failure in contract.check().failures { Issue.record("\(contract): \(failure)") }
    }
}
