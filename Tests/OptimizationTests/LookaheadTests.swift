import ConfigurationReading
import Optimization
import Testing

@Suite struct LookaheadTests {
    private let groups: ParameterGroups

    init() throws {
        groups = try ParameterGroups(
            [
                ParameterSpan(name: "w", offset: 0, count: 50), ParameterSpan(name: "frozen", offset: 50, count: 3),
            ], rules: [GroupRule("frozen", isFrozen: true)])
    }

    private func begin(_ optimizer: Optimizer, _ parameters: FlatBuffer) -> [FlatBuffer] {
        let slots = optimizer.slots(learningRate: 0.1)
        withExtendedLifetime((parameters, slots)) {
            optimizer.begin(0..<53, parameters: parameters.pointer, slots: slots.map(\.pointer))
        }
        return slots
    }

    @Test func `follows algorithm 1 of its paper around momentum`() throws {
        let optimizer = try Optimizer(
            rule: Momentum(momentum: 0.75), groups: groups, lookahead: Lookahead(steps: 4, alpha: 0.25))
        #expect(optimizer.slots.map(\.name) == ["momentum", "slow"] && optimizer.remembersWeights)
        let parameters = FlatBuffer(normal: 53, stream: 1)
        let slots = begin(optimizer, parameters)
        var fast = parameters.values[..<50].map(Double.init)
        var slow = fast
        var velocity = [Double](repeating: 0, count: 50)
        for number in 1...23 {
            let gradients = FlatBuffer(normal: 53, stream: 10 + number)
            optimizer.step(
                parameters: parameters, gradients: gradients, slots: slots, learningRate: 0.1, stepNumber: number)
            let slopes = gradients.values
            for i in 0..<50 {
                velocity[i] = 0.75 * velocity[i] + Double(slopes[i])
                fast[i] -= 0.1 * velocity[i]
                guard number % 4 == 0 else { continue }
                slow[i] += 0.25 * (fast[i] - slow[i])
                fast[i] = slow[i]
            }
            for i in 0..<50 { #expect(abs(Double(parameters.values[i]) - fast[i]) < 5e-6, "step \(number)") }
            if number % 4 == 0 { #expect(parameters.bits == slots[1].bits) }
        }
        #expect(parameters.bits[50...] == FlatBuffer(normal: 53, stream: 1).bits[50...])
    }

    @Test func `lets alpha change over the phase with a power of the share that is done`() throws {
        let optimizer = try Optimizer(
            rule: SGD(), groups: groups, lookahead: Lookahead(steps: 5, alpha: 1, finalAlpha: 0.25, power: 3),
            stepCount: 20)
        let parameters = FlatBuffer(normal: 53, stream: 1)
        let slots = begin(optimizer, parameters)
        var fast = parameters.values[..<50].map(Double.init)
        var slow = fast
        for number in 1...20 {
            let gradients = FlatBuffer(normal: 53, stream: 10 + number)
            optimizer.step(
                parameters: parameters, gradients: gradients, slots: slots, learningRate: 0.1, stepNumber: number)
            let alpha = [5: 1 - 0.75 / 64, 10: 1 - 0.75 / 8, 15: 1 - 0.75 * 27 / 64, 20: 0.25][number]
            for i in 0..<50 {
                fast[i] -= 0.1 * Double(gradients.values[i])
                guard let alpha else { continue }
                slow[i] += alpha * (fast[i] - slow[i])
                fast[i] = slow[i]
            }
        }
        for i in 0..<50 { #expect(abs(Double(parameters.values[i]) - fast[i]) < 5e-6) }
        #expect(Lookahead(finalAlpha: 0.5).dependsOnEnd && !Lookahead().dependsOnEnd)
    }

    @Test func `goes on bit for bit from copies of weights and slots`() throws {
        let optimizer = try Optimizer(rule: Adam(), groups: groups, lookahead: Lookahead(steps: 3))
        func train(_ parameters: FlatBuffer, _ slots: [FlatBuffer], _ numbers: ClosedRange<Int>) {
            for number in numbers {
                optimizer.step(
                    parameters: parameters, gradients: FlatBuffer(normal: 53, stream: 10 + number), slots: slots,
                    learningRate: 0.1, stepNumber: number)
            }
        }
        let whole = FlatBuffer(normal: 53, stream: 1)
        let slots = begin(optimizer, whole)
        train(whole, slots, 1...4)
        let (copy, copies) = (FlatBuffer(whole.values), slots.map { FlatBuffer($0.values) })
        train(whole, slots, 5...8)
        train(copy, copies, 5...8)
        #expect(copy.bits == whole.bits && copies.map(\.bits) == slots.map(\.bits))
    }

    @Test func `an alpha of 1 is the rule itself, and rules without it remember no weights`() throws {
        let plain = try Optimizer(rule: SGD(), groups: groups)
        let whole = try Optimizer(rule: SGD(), groups: groups, lookahead: Lookahead(steps: 1, alpha: 1))
        #expect(!plain.remembersWeights)
        let (a, b) = (FlatBuffer(normal: 53, stream: 1), FlatBuffer(normal: 53, stream: 1))
        let slots = begin(whole, b)
        let gradients = FlatBuffer(normal: 53, stream: 2)
        plain.step(parameters: a, gradients: gradients, slots: [], learningRate: 0.1)
        whole.step(parameters: b, gradients: gradients, slots: slots, learningRate: 0.1)
        for (x, y) in zip(a.values, b.values) { #expect(abs(x - y) < 1e-6) }
    }

    @Test func `reads its keys and refuses an alpha beyond 1`() throws {
        #expect(try read("{}", .section(Lookahead.self)) == Lookahead(steps: 5, alpha: 0.5))
        #expect(try read("{steps: 6, alpha: 0.8}", .section(Lookahead.self)) == Lookahead(steps: 6, alpha: 0.8))
        #expect(
            try read("{alpha: 1, finalAlpha: 0.2, power: 3}", .section(Lookahead.self))
                == Lookahead(steps: 5, alpha: 1, finalAlpha: 0.2, power: 3))
        for keys in ["{alpha: 1.1}", "{alpha: 0}", "{steps: 0}", "{finalAlpha: 2}", "{power: 0}"] {
            #expect(throws: ConfigurationError.self) { try read(keys, .section(Lookahead.self)) }
        }
    }
}
