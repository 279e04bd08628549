import Autograd
import TensorCore
import TestSupport
import Testing

/// Activations against their formulas in double precision, at kinks' sides and at counts around a vector's sixteen
/// lanes.
@Suite struct ActivationContractTests {
    /// One element, a prime number, exactly one vector, several with a tail, and nothing.
    static let shapes = [[1], [7], [2, 8], [3, 17], [2, 3, 2, 5], [0, 4]]

    static let contracts = shapes.flatMap { shape -> [OperationContract] in
        let smooth = [OperationContract.Input(shape)]
        let kinkAtZero = [OperationContract.Input(shape, .away(from: [0]))]
        return [
            OperationContract("relu", kinkAtZero, reference: { DoubleReference.relu($0[0]) }) { relu($0[0]) },
            OperationContract("leakyRelu", kinkAtZero, reference: { DoubleReference.leakyRelu($0[0], slope: 0.01) }) {
                leakyRelu($0[0])
            },
            OperationContract("leakyRelu 0.3", kinkAtZero, reference: { DoubleReference.leakyRelu($0[0], slope: 0.3) })
            {
                leakyRelu($0[0], slope: 0.3)
            },
            OperationContract("elu", kinkAtZero, reference: { DoubleReference.elu($0[0], alpha: 1) }) { elu($0[0]) },
            OperationContract("elu 0.5", kinkAtZero, reference: { DoubleReference.elu($0[0], alpha: 0.5) }) {
                elu($0[0], alpha: 0.5)
            },
            OperationContract(
                "ramp", [OperationContract.Input(shape, .away(from: [-1, 1]))],
                reference: { DoubleReference.ramp($0[0]) }
            ) { ramp($0[0]) },
            OperationContract("threshold", kinkAtZero, reference: { DoubleReference.threshold($0[0]) }) {
                threshold($0[0])
            },
            OperationContract("scaledTanh", smooth, reference: { DoubleReference.scaledTanh($0[0]) }) {
                scaledTanh($0[0])
            },
            OperationContract("sigmoid", smooth, reference: { DoubleReference.sigmoid($0[0]) }) { sigmoid($0[0]) },
            OperationContract("tanh", smooth, reference: { DoubleReference.tanh($0[0]) }) { tanh($0[0]) },
            OperationContract("silu", smooth, reference: { DoubleReference.silu($0[0]) }) { silu($0[0]) },
            OperationContract("softplus", smooth, reference: { DoubleReference.softplus($0[0]) }) { softplus($0[0]) },
            OperationContract("gelu", smooth, reference: { DoubleReference.gelu($0[0]) }) { gelu($0[0]) },
            OperationContract("softmax", smooth, reference: { DoubleReference.softmax($0[0]) }) { softmax($0[0]) },
            OperationContract("logSoftmax", smooth, reference: { DoubleReference.logSoftmax($0[0]) }) {
                logSoftmax($0[0])
            },
        ]
    }

    /// Which 0 is, and what NaN gives, no other test says.
    @Test func aHardLimiterIsOnAtZeroAndKeepsNaN() {
        let tape = Tape.withoutParameters()
        tape.begin(gradients: nil)
        let y = threshold(tape.constant(Tensor([-1, -0.0, 0, 1, .nan], [5], pool: tape.pool))).value.values
        #expect(Array(y[..<4]) == [0, 1, 1, 1])
        #expect(y[4].isNaN)
    }

    @Test(arguments: contracts) func keepsItsContract(_ contract: OperationContract) {
        for failure in contract.check().failures { Issue.record("\(contract): \(failure)") }
    }
}
