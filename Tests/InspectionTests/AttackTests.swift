import Autograd
import Inspection
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

@Suite struct AttackTests {
    private let model: Model
    private let tape: Tape
    private let limits: [(black: Float, white: Float)] = [(-1, 1), (0, 4)]
    private let x: Tensor
    private let classes = [1, 0, 2]

    init() throws {
        model = try Model(
            name: "small", input: [4, 4, 2],
            layers: [.flatten, .named("f", .linear(units: 8)), .relu, .named("s", .linear(units: 3))])
        let values = FlatBuffer(count: model.layout.count)
        model.layout.initialize(values, key: RandomKey(seed: 4))
        tape = Tape(layout: model.layout, values: values)
        var numbers = TestNumbers(seed: 5)
        x = Tensor(
            (0..<96).map { $0 % 2 == 0 ? numbers.float(in: -1...1) : numbers.float(in: 0...4) }, [3, 4, 4, 2],
            pool: tape.pool)
    }

    private func attack() throws -> Attack { try Attack(model, scores: "s", limits: limits, on: tape) }

    @Test func `FGSM moves every pixel by epsilon of its channel's range along the gradient's sign, or to the limit`()
        throws
    {
        let attack = try attack()
        let gradient = attack.lossGradient(x, classes: classes).values
        let moved = attack.fastGradientSign(x, classes: classes, epsilon: 0.1).values
        for index in 0..<96 {
            let limit = limits[index % 2]
            let sign: Float = gradient[index] > 0 ? 1 : gradient[index] < 0 ? -1 : 0
            let expected = min(
                max(x.values[index] + 0.1 * (limit.white - limit.black) * sign, limit.black), limit.white)
            #expect(abs(moved[index] - expected) < 1e-6)
        }
        #expect(moved != x.values)
    }

    @Test func `the loss's gradient is the slope of the cross-entropy`() throws {
        let gradient = try attack().lossGradient(x, classes: classes).values
        func loss(_ values: [Float]) -> Double {
            tape.begin(gradients: nil)
            let scores = model(tape.constant(Tensor(values, x.shape, pool: tape.pool)), mode: .evaluation)
            return Double(crossEntropy(scores, .indices(classes.map { Int32($0) })).loss.value.values[0])
        }
        for index in stride(from: 0, to: 96, by: 7) {
            var (above, below) = (x.values, x.values)
            above[index] += 0x1p-7
            below[index] -= 0x1p-7
            let slope = (loss(above) - loss(below)) / 0x1p-6
            #expect(abs(slope - Double(gradient[index])) < 2e-3, "pixel \(index)")
        }
    }

    @Test func `PGD stays in its box and within black and white, and one whole step is FGSM`() throws {
        let attack = try attack()
        let start = Noise.uniform(count: 96, key: RandomKey(seed: 3))
        let moved = attack.projectedGradient(
            x, classes: classes, epsilon: 0.05, stepSize: 0.02, steps: 12, start: start
        ).values
        for index in 0..<96 {
            let limit = limits[index % 2]
            #expect(abs(moved[index] - x.values[index]) <= 0.05 * (limit.white - limit.black) + 1e-6)
            #expect(moved[index] >= limit.black && moved[index] <= limit.white)
        }
        let one = attack.projectedGradient(x, classes: classes, epsilon: 0.1, stepSize: 0.1, steps: 1).values
        #expect(one == attack.fastGradientSign(x, classes: classes, epsilon: 0.1).values)
    }

    @Test func `no attack leaves more samples right than were`() throws {
        let attack = try attack()
        let before = attack.classified(x, as: classes)
        let own = attack.classified(x, as: before.chosen)
        #expect(own.correct == 3)
        let moved = attack.fastGradientSign(x, classes: before.chosen, epsilon: 0.3)
        #expect(attack.classified(moved, as: before.chosen).correct < 3)
        #expect(attack.fastGradientSign(x, classes: classes, epsilon: 0).values == x.values)
    }
}
