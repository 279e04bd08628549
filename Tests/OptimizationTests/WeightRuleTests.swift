import ConfigurationReading
import Optimization
import Testing

@Suite struct WeightAverageTests {
    private func update(
        _ rule: WeightAverage, _ ranges: [Range<Int>], _ averages: FlatBuffer, _ parameters: FlatBuffer, step: Int
    ) {
        withExtendedLifetime((averages, parameters)) {
            for range in ranges {
                rule.update(range, averages: averages.pointer, parameters: parameters.pointer, stepNumber: step)
            }
        }
    }

    @Test func `moves towards the weights by the complement of the decay`() {
        let averages = FlatBuffer([0, 8])
        update(WeightAverage(decay: 0.75, warmUp: false), [0..<2], averages, FlatBuffer([4, 4]), step: 1)
        #expect(averages.values == [1, 7])
    }

    @Test func `warms up`() {
        let rule = WeightAverage(decay: 0.5, warmUp: true)
        #expect(rule.decay(atStep: 2) == 0.25)
        #expect(rule.decay(atStep: 8) == 0.5)
        #expect(rule.decay(atStep: 1000) == 0.5)
    }

    @Test func `gives the same bits wherever the range is split`() throws {
        let parameters = FlatBuffer(normal: 517, stream: 1)
        let (whole, split) = (FlatBuffer(normal: 517, stream: 2), FlatBuffer(normal: 517, stream: 2))
        let rule = WeightAverage(decay: 0.9, warmUp: false)
        update(rule, [0..<517], whole, parameters, step: 1)
        update(rule, (0..<517).map { $0..<$0 + 1 }, split, parameters, step: 1)
        #expect(whole.bits == split.bits)
    }

    @Test func `reads its keys and refuses a decay of one`() throws {
        #expect(try read("0.75", .section(WeightAverage.self)) == WeightAverage(decay: 0.75, warmUp: true))
        #expect(
            try read("{decay: 0.5, warmUp: false}", .section(WeightAverage.self))
                == WeightAverage(decay: 0.5, warmUp: false))
        #expect(throws: ConfigurationError.self) { try read("{decay: 1}", .section(WeightAverage.self)) }
    }
}

@Suite struct MaxNormTests {
    @Test func `scales down the rows that exceed the limit and no others`() throws {
        let weights = FlatBuffer([3, 4, 0.5, 0.5, 0, 0, -6, 8])
        let rule = try MaxNorm(limit: 2.5)
        withExtendedLifetime(weights) { rule.constrain(weights.pointer, rows: 4, columns: 2) }
        #expect(weights.values == [1.5, 2, 0.5, 0.5, 0, 0, -1.5, 2])
    }

    @Test func `refuses a limit of zero`() {
        #expect(throws: OptimizationError.self) { try MaxNorm(limit: 0) }
    }

    /// Two matrices with rows that blocks of 4,096 cut, and a vector between them.
    private func optimizer() throws -> Optimizer {
        let spans = [
            ParameterSpan(name: "a.weight", offset: 0, count: 5 * 1999, rowLength: 1999),
            ParameterSpan(name: "a.bias", offset: 10_000, count: 5),
            ParameterSpan(name: "b.weight", offset: 10_016, count: 700 * 7, rowLength: 7),
            ParameterSpan(name: "c.weight", offset: 15_000, count: 4, rowLength: 2),
        ]
        let groups = try ParameterGroups(
            spans, defaults: GroupSettings(maxNorm: 2),
            rules: [GroupRule("b.*", maxNorm: 0.5), GroupRule("c.*", maxNorm: .infinity)])
        return try Optimizer(rule: Momentum(), groups: groups)
    }

    @Test func `an update shortens the rows of matrices, each by its group's limit, and no vector`() throws {
        let optimizer = try optimizer()
        let weights = FlatBuffer(normal: 15_004, stream: 1, scale: 10)
        optimizer.step(
            parameters: weights, gradients: FlatBuffer(normal: 15_004, stream: 2),
            slots: optimizer.slots(learningRate: 0.1), learningRate: 0.1)
        let values = weights.values
        func norms(_ start: Int, _ rows: Int, _ columns: Int) -> [Double] {
            (0..<rows).map { row in
                values[start + row * columns..<start + (row + 1) * columns]
                    .reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
            }
        }
        #expect(norms(0, 5, 1999).allSatisfy { abs($0 - 2) < 1e-5 })
        #expect(norms(10_016, 700, 7).allSatisfy { $0 < 0.5 + 1e-6 })
        #expect(norms(15_000, 2, 2).allSatisfy { $0 > 2 })
        #expect(norms(10_000, 1, 5)[0] > 2)
    }

    @Test(arguments: [2, 3, 4, 7]) func `any number of parts gives the same bits`(parts: Int) throws {
        let optimizer = try optimizer()
        #expect(optimizer.limitsRows)
        func train(_ ranges: [Range<Int>]) -> [UInt32] {
            let weights = FlatBuffer(normal: 15_004, stream: 1)
            let slots = optimizer.slots(learningRate: 0.1)
            for number in 1...3 {
                let gradients = FlatBuffer(normal: 15_004, stream: 1 + number)
                withExtendedLifetime((weights, gradients, slots)) {
                    for range in ranges {
                        optimizer.step(
                            range, parameters: weights.pointer, gradients: gradients.pointer,
                            slots: slots.map(\.pointer), learningRate: 0.1, gradientScale: 1, stepNumber: number)
                    }
                }
            }
            return weights.bits
        }
        let ranges = (0..<parts).map { optimizer.range(part: $0, of: parts) }
        #expect(ranges.map(\.lowerBound) == [0] + ranges.dropLast().map(\.upperBound))
        #expect(ranges.last?.upperBound == 15_004)
        let whole = train([0..<15_004])
        #expect(train(ranges) == whole)
        // As updates that wait for the next forward pass: parameter by parameter.
        #expect(train(optimizer.groups.spans.reversed().map(\.range)) == whole)
    }

    @Test func `limits no row where none is asked for, nor of frozen parameters`() throws {
        let spans = [ParameterSpan(name: "a", offset: 0, count: 4, rowLength: 2)]
        func limits(_ rules: [GroupRule]) throws -> Bool {
            try Optimizer(rule: SGD(), groups: try ParameterGroups(spans, rules: rules)).limitsRows
        }
        #expect(try !limits([]))
        #expect(try limits([GroupRule("a", maxNorm: 1)]))
        #expect(try !limits([GroupRule("a", maxNorm: 1, isFrozen: true)]))
        #expect(throws: OptimizationError.self) { try limits([GroupRule("a", maxNorm: 0)]) }
    }

    @Test(arguments: [1, 3]) func `clipped weights stay within their group's limit, biases too, whoever updates them`(
        parts: Int
    ) throws {
        let spans = [
            ParameterSpan(name: "a.weight", offset: 0, count: 9000, rowLength: 90),
            ParameterSpan(name: "a.bias", offset: 9008, count: 5),
            ParameterSpan(name: "free.weight", offset: 9024, count: 4, rowLength: 2),
        ]
        let groups = try ParameterGroups(
            spans, defaults: GroupSettings(weightLimit: 0.5), rules: [GroupRule("free.*", weightLimit: .infinity)])
        let optimizer = try Optimizer(rule: SGD(), groups: groups)
        let weights = FlatBuffer(normal: 9028, stream: 1, scale: 2)
        let gradients = FlatBuffer(normal: 9028, stream: 2)
        let free = zip(weights.values, gradients.values).map { $0 - 0.1 * $1 }
        withExtendedLifetime((weights, gradients)) {
            for part in 0..<parts {
                optimizer.step(
                    parameters: weights.pointer, gradients: gradients.pointer, slots: [], learningRate: 0.1,
                    gradientScale: 1, stepNumber: 1, part: part, of: parts)
            }
        }
        let values = weights.values
        for place in Array(0..<9000) + Array(9008..<9013) {
            #expect(abs(values[place] - min(max(free[place], -0.5), 0.5)) < 1e-6)
        }
        #expect(values[0..<9000].contains(0.5) && values[0..<9000].contains(-0.5))
        #expect((9024..<9028).allSatisfy { abs(values[$0] - free[$0]) < 1e-6 })
        #expect(throws: OptimizationError.self) {
            try ParameterGroups(spans, rules: [GroupRule("a.*", weightLimit: -1)])
        }
    }
}
