import Kernels
import Optimization
import Testing

/// One of each rule, with every option that changes a loop.
func allRules() -> [any UpdateRule] {
    [
        SGD(), Momentum(), Momentum(nesterov: true), Momentum(form: .deck), Momentum(nesterov: true, form: .deck),
        Adagrad(), Adadelta(), RMSprop(),
        RMSprop(momentum: 0.9), Adam(), Adam(decouplesWeightDecay: true), Adamax(), Rprop(), LARS(), LAMB(),
    ]
}

/// Parameters, gradients and slots in the middle of training, the same for every call with the same count.
private struct TrainingState {
    let parameters: FlatBuffer
    let slots: [FlatBuffer]

    init(_ rule: any UpdateRule, count: Int) {
        parameters = FlatBuffer(normal: count, stream: 1)
        slots = rule.slots.indices.map { index in
            FlatBuffer(FlatBuffer(normal: count, stream: 10 + index).values.map(abs))
        }
        for index in stride(from: 0, to: count, by: 11) { parameters.pointer[index] = 0 }
    }

    /// Three steps, each walking the ranges one after another.
    func train(_ rule: any UpdateRule, over ranges: [Range<Int>]) {
        for number in 1...3 {
            let gradients = FlatBuffer(normal: parameters.count, stream: 100 + number, scale: 32)
            let step = UpdateStep(
                learningRate: 0.03, gradientScale: 1 / 32, gradientLimit: 1.5, weightDecay: 0.01, l1: 0.003,
                number: number)
            for range in ranges {
                rule.update(range, parameters: parameters, gradients: gradients, slots: slots, step: step)
            }
        }
    }

    var bits: [[UInt32]] { [parameters.bits] + slots.map(\.bits) }
}

@Suite struct UpdateRuleTests {
    @Test(arguments: try GoldenCase.all())
    func `follows the recorded run of PyTorch`(golden: GoldenCase) throws {
        let (rule, used) = try golden.makeRule()
        #expect(Set(golden.attributes.keys).subtracting(used).subtracting(["lr", "weight_decay"]).isEmpty)
        let learningRate = try #require(golden.attributes["lr"])
        let names = golden.tensors.keys.filter { $0.hasSuffix(".0") && !$0.hasPrefix("grad.") }.map {
            String($0.dropLast(2))
        }.sorted()
        var spans: [ParameterSpan] = []
        for name in names {
            let count = try #require(golden.tensors["\(name).0"]).count
            spans.append(ParameterSpan(name: name, offset: spans.last?.range.upperBound ?? 0, count: count))
        }
        let groups = try ParameterGroups(
            spans, defaults: GroupSettings(weightDecay: golden.attributes["weight_decay"] ?? 0))
        let optimizer = try Optimizer(rule: rule, groups: groups)

        func flat(_ prefix: String, _ step: Int) throws -> [Float] {
            try names.flatMap { try #require(golden.tensors["\(prefix)\($0).\(step)"]) }
        }
        let parameters = FlatBuffer(try flat("", 0))
        let slots = optimizer.slots(learningRate: learningRate)
        var steps = 0
        while golden.tensors["grad.\(names[0]).\(steps)"] != nil {
            optimizer.step(
                parameters: parameters, gradients: FlatBuffer(try flat("grad.", steps)), slots: slots,
                learningRate: learningRate, stepNumber: steps + 1)
            steps += 1
            let expected = try flat("", steps)
            let scale = expected.map(abs).max() ?? 0
            for (value, reference) in zip(parameters.values, expected) {
                #expect(abs(value - reference) <= Float(golden.tolerance) * scale, "step \(steps)")
            }
        }
        #expect(steps > 0)
    }

    @Test func `finds recorded runs`() throws {
        #expect(try !GoldenCase.all().isEmpty)
    }

    @Test func `knows every rule of the catalogue`() {
        #expect(Set(allRules().map(\.name)) == Set(updateRuleCatalogue.map(\.name)))
    }

    /// Ranges of one element are scalar code, the whole is vector code with a tail.
    @Test func `gives the same bits wherever the range is split`() {
        let count = 1003
        let single = (0..<count).map { $0..<$0 + 1 }
        let uneven = [0..<1, 1..<18, 18..<18, 18..<131, 131..<1003]
        for rule in allRules() {
            let whole = TrainingState(rule, count: count)
            whole.train(rule, over: [0..<count])
            #expect(!whole.bits[0].contains { Float(bitPattern: $0).isNaN })
            for ranges in [single, uneven] {
                let split = TrainingState(rule, count: count)
                split.train(rule, over: ranges)
                #expect(split.bits == whole.bits, "\(rule.name)")
            }
        }
    }

    @Test func `an empty range changes nothing`() {
        for rule in allRules() {
            let state = TrainingState(rule, count: 20)
            let before = state.bits
            state.train(rule, over: [7..<7, 0..<0])
            #expect(state.bits == before, "\(rule.name)")
        }
    }

    @Test func `scales, then clips, then adds weight decay and the sign of the parameter`() {
        let parameters: [Float] = [2, -2, 0, 1, -1, 3]
        let gradients: [Float] = [4, 400, -400, .infinity, -2, .nan]
        let buffer = FlatBuffer(parameters)
        let step = UpdateStep(
            learningRate: 0.5, gradientScale: 0.25, gradientLimit: 10, weightDecay: 0.125, l1: 0.0625, number: 1)
        SGD().update(0..<6, parameters: buffer, gradients: FlatBuffer(gradients), step: step)
        // θ − ½ (clipped + θ/8 + sign(θ)/16), exact in binary
        let expected: [Float] = [1.34375, -6.84375, 5, -4.09375, -0.65625]
        #expect(Array(buffer.values[..<5]) == expected)
        #expect(buffer.values[5].isNaN)
    }

    /// At a constant rate the decks' v is η times PyTorch's; the parameters agree but for rounding.
    @Test func `momentum walks the path of the decks at a constant rate`() {
        let rule = Momentum(momentum: 0.75)
        let parameters = FlatBuffer([1])
        let velocity = FlatBuffer([0])
        var (reference, deckVelocity) = (1.0, 0.0)
        for number in 1...10 {
            let gradient = Double(number * number % 7) - 3
            rule.update(
                0..<1, parameters: parameters, gradients: FlatBuffer([Float(gradient)]), slots: [velocity],
                step: UpdateStep(learningRate: 0.1, number: number))
            deckVelocity = 0.75 * deckVelocity + 0.1 * gradient
            reference -= deckVelocity
            #expect(abs(Double(parameters.values[0]) - reference) < 1e-6)
            #expect(abs(0.1 * Double(velocity.values[0]) - deckVelocity) < 1e-6)
        }
    }

    /// The paper's algorithm in Double; ε, which it lacks, is nothing beside sizes of 0.05 and more.
    @Test func `Adamax follows algorithm 2 of its paper`() {
        let rule = Adamax(beta1: 0.8, beta2: 0.7)
        let count = 37
        let parameters = FlatBuffer(normal: count, stream: 1)
        let slots = [FlatBuffer([Float](repeating: 0, count: count)), FlatBuffer([Float](repeating: 0, count: count))]
        var theta = parameters.values.map(Double.init)
        var m = [Double](repeating: 0, count: count)
        var u = m
        var kept = 1.0
        for t in 1...20 {
            kept *= 0.8
            // Sizes between 0.1 and 1 that come and go, so that β₂ u is sometimes the larger and sometimes |g|.
            let gradients = (0..<count).map { i in
                let size = 0.1 + 0.9 * Double((i * 31 + t * t * 17) % 41) / 40
                return Float((i + t) % 3 == 0 ? -size : size)
            }
            rule.update(
                0..<count, parameters: parameters, gradients: FlatBuffer(gradients), slots: slots,
                step: UpdateStep(learningRate: 0.02, weightDecay: 0.01, number: t))
            for i in 0..<count {
                let g = Double(gradients[i]) + 0.01 * theta[i]
                m[i] = 0.8 * m[i] + (1 - 0.8) * g
                u[i] = max(0.7 * u[i], abs(g))
                theta[i] -= 0.02 / (1 - kept) * m[i] / u[i]
            }
            // Twenty roundings of parameters below 4.
            for i in 0..<count { #expect(abs(Double(parameters.values[i]) - theta[i]) < 5e-6, "step \(t)") }
        }
    }

    @Test func `Adamax moves no element that has had no gradient, and forgets the largest slowly`() {
        let parameters = FlatBuffer([3, 1])
        let slots = [FlatBuffer([0, 0]), FlatBuffer([0, 0])]
        for (number, gradient) in ([4, 0, 0] as [Float]).enumerated() {
            Adamax(beta1: 0, beta2: 0.5).update(
                0..<2, parameters: parameters, gradients: FlatBuffer([0, gradient]), slots: slots,
                step: UpdateStep(learningRate: 0.25, number: number + 1))
        }
        #expect(parameters.values == [3, 0.75])
        #expect(slots[1].values == [1e-8, 1])
    }

    @Test func `Rprop bounds its steps and compares signs even of tiny gradients`() {
        let rule = Rprop(minimumStep: 0.25, maximumStep: 1.125)
        let parameters = FlatBuffer([0, 0])
        let slots = [FlatBuffer([0, 0]), FlatBuffer([1, 0.375])]
        for (number, gradients) in [[1e-30, 1e-30], [1e-30, -1e-30], [1e-30, -1e-30]].enumerated() {
            rule.update(
                0..<2, parameters: parameters, gradients: FlatBuffer(gradients.map { Float($0) }), slots: slots,
                step: UpdateStep(learningRate: 1, number: number + 1))
        }
        #expect(parameters.values == [-1 - 1.125 - 1.125, -0.375 + 0 + 0.25])
        #expect(slots[1].values == [1.125, 0.25])
    }
}
