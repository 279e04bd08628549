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

    @Test func `moves towards the weights by the complement of the decay`() throws {
        let averages = FlatBuffer([0, 8])
        update(try WeightAverage(decay: 0.75), [0..<2], averages, FlatBuffer([4, 4]), step: 1)
        #expect(averages.values == [1, 7])
    }

    @Test func `warms up`() throws {
        let rule = try WeightAverage(decay: 0.5, warmUp: true)
        #expect(rule.decay(atStep: 2) == 0.25)
        #expect(rule.decay(atStep: 8) == 0.5)
        #expect(rule.decay(atStep: 1000) == 0.5)
    }

    @Test func `gives the same bits wherever the range is split`() throws {
        let parameters = FlatBuffer(normal: 517, stream: 1)
        let (whole, split) = (FlatBuffer(normal: 517, stream: 2), FlatBuffer(normal: 517, stream: 2))
        let rule = try WeightAverage(decay: 0.9)
        update(rule, [0..<517], whole, parameters, step: 1)
        update(rule, (0..<517).map { $0..<$0 + 1 }, split, parameters, step: 1)
        #expect(whole.bits == split.bits)
    }

    @Test func `refuses a decay of one`() {
        #expect(throws: OptimizationError.self) { try WeightAverage(decay: 1) }
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
}
