import Autograd
import Kernels
import TensorCore
import TestSupport
import Testing

@Suite struct StochasticPoolingTests {
    private let attributes = PoolingAttributes(kernel: [2, 2])

    /// Value and gradient for an output gradient of ones, of `count` equal windows side by side.
    private func run(
        _ window: [Float], count: Int, layer: Int = 1, seed: UInt64 = 1
    ) -> (value: [Float], gradient: [Float]) {
        let tape = Tape.withoutParameters()
        tape.pool.poison()
        tape.begin(gradients: nil)
        // [1, 2, 2, count]: every channel is one window.
        let x = tape.input(
            Tensor(window.flatMap { Array(repeating: $0, count: count) }, [1, 2, 2, count], pool: tape.pool))
        let y = stochasticPool2D(x, attributes, layer: layer, mode: .training(RandomKey(seed: seed)))
        tape.backward(
            from: y, gradient: Tensor([Float](repeating: 1, count: count), y.shape, pool: tape.pool))
        return (y.value.values, tape.gradient(of: x)?.values ?? [])
    }

    @Test func aValueIsDrawnInProportionToIt() {
        let count = 100_003
        let result = run([1, 3, -2, 4], count: count)
        for (value, probability) in [(Float(1), 1.0 / 8), (3, 3.0 / 8), (4, 4.0 / 8)] {
            let share = Double(result.value.count { $0 == value }) / Double(count)
            let deviation = (probability * (1 - probability) / Double(count)).squareRoot()
            #expect(abs(share - probability) < 5 * deviation)
        }
        #expect(result.value.allSatisfy { [1, 3, 4].contains($0) })
    }

    @Test func theGradientGoesToWhatWasDrawn() {
        let window: [Float] = [1, 3, -2, 4]
        let result = run(window, count: 37)
        for channel in 0..<37 {
            let gradients = (0..<4).map { result.gradient[$0 * 37 + channel] }
            #expect(gradients == window.map { $0 == result.value[channel] ? 1 : 0 })
        }
    }

    @Test func aWindowWithoutPositiveValuesGivesZeroAndNoGradient() {
        let result = run([-1, 0, -0.0, -5], count: 20)
        #expect(result.value.allSatisfy { $0 == 0 } && result.gradient.allSatisfy { $0 == 0 })
    }

    @Test func whatIsNoNumberDoesNotHide() {
        let unknown = run([1, .nan, 2, 3], count: 3).value
        #expect(unknown.allSatisfy { $0.isNaN })
        let unlimited = run([1, .infinity, 2, 3], count: 3).value
        #expect(unlimited.allSatisfy { $0 == .infinity })
    }

    @Test func keysAndLayersDrawDifferently() {
        let first = run([1, 2, 3, 4], count: 256).value
        #expect(run([1, 2, 3, 4], count: 256).value == first)
        #expect(run([1, 2, 3, 4], count: 256, layer: 2).value != first)
        #expect(run([1, 2, 3, 4], count: 256, seed: 2).value != first)
    }
}
