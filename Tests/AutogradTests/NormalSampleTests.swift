import Autograd
import Foundation
import Kernels
import TensorCore
import TestSupport
import Testing

@Suite struct NormalSampleTests {
    private static let key = RandomKey(seed: 1)

    /// Samples of equal distributions.
    private static func drawn(
        _ shape: [Int], mean: Float = 0, logVariance: Float = 0, layer: Int = 1, mode: Mode = .training(key)
    ) -> [Float] {
        let tape = Tape.withoutParameters()
        tape.pool.poison()
        tape.begin(gradients: nil)
        func equal(_ value: Float) -> Variable {
            let count = shape.reduce(1, *)
            return tape.constant(Tensor(Array(repeating: value, count: count), Shape(shape), pool: tape.pool))
        }
        return normalSample(equal(mean), logVariance: equal(logVariance), layer: layer, mode: mode).value.values
    }

    /// y = m + e^(v/2) n, of the very n that the key stands for.
    private static let contracts = [[1], [3, 17], [2, 3, 4, 5], [5, 1], [0, 4]].map { shape in
        let noise = drawn(shape).map(Double.init)
        let inputs = [OperationContract.Input](repeating: .init(shape), count: 2)
        return OperationContract(
            "normalSample", inputs,
            reference: { inputs in
                DoubleTensor(
                    noise.indices.map { inputs[0].values[$0] + exp(inputs[1].values[$0] / 2) * noise[$0] }, shape)
            }, { normalSample($0[0], logVariance: $0[1], layer: 1, mode: .training(key)) })
    }

    @Test(arguments: contracts) func valueAndGradientsAreThoseOfTheFormula(contract: OperationContract) {
        for failure in contract.check().failures { Issue.record("\(failure)") }
    }

    @Test func samplesHaveTheMeanAndTheVarianceAndNeighboursAreIndependent() {
        let count = 100_001
        let values = Self.drawn([count], mean: 3, logVariance: 1.386_294_4).map(Double.init)  // log 4
        let mean = values.reduce(0, +) / Double(count)
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
        // Five standard deviations of a mean, of a variance and of a covariance of normal numbers.
        #expect(abs(mean - 3) < 5 * 2 / Double(count).squareRoot())
        #expect(abs(variance - 4) < 5 * 4 * (2 / Double(count)).squareRoot())
        let pairs = zip(values, values.dropFirst()).reduce(0) { $0 + ($1.0 - mean) * ($1.1 - mean) } / Double(count)
        #expect(abs(pairs) < 5 * 4 / Double(count).squareRoot())
    }

    @Test func noiseIsAFunctionOfKeyLayerAndPlace() {
        let first = Self.drawn([101])
        #expect(Self.drawn([101]) == first)
        #expect(Array(Self.drawn([1000]).prefix(101)) == first)
        #expect(Self.drawn([101], layer: 2) != first)
        #expect(Self.drawn([101], mode: .training(RandomKey(seed: 2))) != first)
    }

    @Test func evaluationGivesTheMeans() {
        #expect(Self.drawn([9], mean: 3, logVariance: 2, mode: .evaluation) == Array(repeating: 3, count: 9))
        #expect(
            Self.drawn([9], mean: 3, logVariance: 2, mode: .dropoutSample(Self.key)) == Array(repeating: 3, count: 9))
    }
}
