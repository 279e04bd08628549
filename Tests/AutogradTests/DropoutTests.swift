import Autograd
import Kernels
import TensorCore
import TestSupport
import Testing

@Suite struct DropoutTests {
    private let key = RandomKey(seed: 1)

    /// Value and gradient for inputs of ones and an output gradient of ones.
    private func run(_ count: Int, probability: Float, layer: Int = 1, mode: Mode) -> (
        value: [Float], gradient: [Float]
    ) {
        let tape = Tape.withoutParameters()
        tape.pool.poison()
        tape.begin(gradients: nil)
        let ones = [Float](repeating: 1, count: count)
        let x = tape.input(Tensor(ones, [count], pool: tape.pool))
        let y = dropout(x, probability: probability, layer: layer, mode: mode)
        tape.backward(from: y, gradient: Tensor(ones, [count], pool: tape.pool))
        return (y.value.values, tape.gradient(of: x)?.values ?? [])
    }

    @Test(arguments: [Float(0.1), 0.5, 0.9]) func dropsTheShareAndScalesTheRest(probability: Float) {
        let count = 100_003
        let result = run(count, probability: probability, mode: .training(key))
        let kept = result.value.filter { $0 != 0 }
        #expect(kept.allSatisfy { $0 == 1 / (1 - probability) })
        // Five standard errors of a share of `count` independent elements.
        let deviation = (Double(probability) * (1 - Double(probability)) / Double(count)).squareRoot()
        #expect(abs(1 - Double(kept.count) / Double(count) - Double(probability)) < 5 * deviation)
        // Neighbours are independent: both kept with probability (1 − p)².
        let pairs = zip(result.value, result.value.dropFirst()).filter { $0 != 0 && $1 != 0 }.count
        let both = (1 - Double(probability)) * (1 - Double(probability))
        #expect(abs(Double(pairs) / Double(count - 1) - both) < 10 * deviation)
    }

    @Test(arguments: [1, 15, 16, 63, 64, 65, 1000]) func backwardUsesForwardsMask(count: Int) {
        let result = run(count, probability: 0.5, mode: .training(key))
        #expect(result.gradient == result.value)
    }

    @Test func aLongerTensorBeginsWithTheSameMask() {
        let short = run(100, probability: 0.3, mode: .training(key)).value
        #expect(Array(run(1000, probability: 0.3, mode: .training(key)).value.prefix(100)) == short)
    }

    @Test func keysAndLayersHaveDifferentMasks() {
        let mask = run(256, probability: 0.5, mode: .training(key)).value
        #expect(run(256, probability: 0.5, mode: .training(key)).value == mask)
        #expect(run(256, probability: 0.5, layer: 2, mode: .training(key)).value != mask)
        #expect(run(256, probability: 0.5, mode: .training(RandomKey(seed: 2))).value != mask)
        #expect(Array(run(256, probability: 0.5, mode: .training(key)).value[64..<128]) != Array(mask[..<64]))
    }

    @Test func evaluationAndProbabilityZeroAreTheIdentity() {
        for mode in [Mode.evaluation, .training(key)] {
            let result = run(100, probability: mode.isTraining ? 0 : 0.5, mode: mode)
            #expect(result.value.allSatisfy { $0 == 1 } && result.gradient.allSatisfy { $0 == 1 })
        }
    }

    @Test func theGradientIsThatOfTheMaskedProduct() {
        let factors = run(51, probability: 0.4, layer: 3, mode: .training(key)).value.map(Double.init)
        let contract = OperationContract(
            "dropout", [.init([3, 17])],
            reference: { DoubleTensor(zip($0[0].values, factors).map { $0 * $1 }, [3, 17]) },
            { dropout($0[0], probability: 0.4, layer: 3, mode: .training(RandomKey(seed: 1))) })
        for failure in contract.check().failures { Issue.record("\(failure)") }
    }
}
