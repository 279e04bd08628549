import Autograd
import Kernels
import TensorCore
import TestSupport
import Testing

@Suite struct GaussianNoiseTests {
    private let key = RandomKey(seed: 1)

    private func run(_ count: Int, deviation: Float, layer: Int = 1, mode: Mode) -> (
        value: [Float], gradient: [Float]
    ) {
        let tape = Tape.withoutParameters()
        tape.pool.poison()
        tape.begin(gradients: nil)
        let x = tape.input(Tensor([Float](repeating: 3, count: count), [count], pool: tape.pool))
        let y = gaussianNoise(x, deviation: deviation, layer: layer, mode: mode)
        tape.backward(
            from: y, gradient: Tensor((0..<count).map { Float($0) }, [count], pool: tape.pool))
        return (y.value.values, tape.gradient(of: x)?.values ?? [])
    }

    @Test(arguments: [Float(0.1), 2]) func valuesLieAroundTheInputWithTheDeviation(deviation: Float) {
        let count = 100_001
        let noise = run(count, deviation: deviation, mode: .training(key)).value.map { Double($0 - 3) }
        let mean = noise.reduce(0, +) / Double(count)
        let variance = noise.reduce(0) { $0 + $1 * $1 } / Double(count)
        // Five standard errors of a mean, and of a variance of normal numbers.
        let square = Double(deviation) * Double(deviation)
        #expect(abs(mean) < 5 * (square / Double(count)).squareRoot())
        #expect(abs(variance - square) < 5 * square * (2 / Double(count)).squareRoot())
    }

    @Test func keysLayersAndPlacesHaveNoiseOfTheirOwn() {
        let noise = run(64, deviation: 1, mode: .training(key)).value
        #expect(run(64, deviation: 1, mode: .training(key)).value == noise)
        #expect(run(64, deviation: 1, layer: 2, mode: .training(key)).value != noise)
        #expect(run(64, deviation: 1, mode: .training(RandomKey(seed: 2))).value != noise)
        #expect(Set(noise).count == 64)
    }

    @Test func evaluationIsTheIdentityAndGradientsPassUnchanged() {
        for mode in [Mode.evaluation, .dropoutSample(key), .training(key)] {
            let result = run(9, deviation: 0.5, mode: mode)
            #expect(result.value.allSatisfy { $0 == 3 } != mode.isTraining)
            #expect(result.gradient == (0..<9).map { Float($0) })
        }
    }
}
