import Foundation
import Optimization
import Testing

@Suite struct ScheduleTests {
    private func rates(_ schedule: Schedule, base: Double = 0.8, of total: Int, at steps: [Int]) throws -> [Double] {
        let rates = try LearningRateSchedule(schedule, baseRate: base, totalSteps: total)
        return steps.map(rates.rate(at:))
    }

    private func expectEqual(_ values: [Double], _ expected: [Double], _ location: SourceLocation = #_sourceLocation) {
        #expect(values.count == expected.count, sourceLocation: location)
        for (value, reference) in zip(values, expected) {
            #expect(abs(value - reference) <= 1e-14, sourceLocation: location)
        }
    }

    @Test func `constant is the base rate`() throws {
        #expect(try rates(.constant, of: 10, at: [0, 5, 10, 99]) == [0.8, 0.8, 0.8, 0.8])
    }

    @Test func `step multiplies by the factor every so many steps`() throws {
        #expect(
            try rates(.step(every: 3, factor: 0.5), of: 10, at: [0, 2, 3, 5, 6, 9]) == [0.8, 0.8, 0.4, 0.4, 0.2, 0.1])
    }

    @Test func `cosine falls from the base rate to the minimum`() throws {
        let values = try rates(.cosine(minimumRate: 0.2), of: 12, at: [0, 3, 4, 6, 8, 12, 50])
        expectEqual(values, [0.8, 0.5 + 0.3 * 0.5.squareRoot(), 0.65, 0.5, 0.35, 0.2, 0.2])
    }

    @Test func `polynomial falls with the power of what remains`() throws {
        expectEqual(
            try rates(.polynomial(power: 2, minimumRate: 0.3), of: 10, at: [0, 5, 9, 10]), [0.8, 0.425, 0.305, 0.3])
        expectEqual(try rates(.polynomial(power: 1, minimumRate: 0), of: 8, at: [0, 2, 4, 7]), [0.8, 0.6, 0.4, 0.1])
    }

    @Test func `one cycle rises to the base rate and falls far below the start`() throws {
        let cycle = Schedule.oneCycle(riseFraction: 0.25, startDivisor: 4, endDivisor: 100)
        // 20 steps: the peak at 4, the end at 19; start 0.2, end 0.002
        let half = cos(Double.pi * 5 / 15)
        expectEqual(
            try rates(cycle, of: 20, at: [0, 2, 4, 9, 19, 20]),
            [0.2, 0.5, 0.8, 0.002 + 0.798 * (1 + half) / 2, 0.002, 0.002])
    }

    @Test(arguments: [1, 2, 3]) func `one cycle is defined for the shortest runs`(total: Int) throws {
        let values = try rates(
            .oneCycle(riseFraction: 0.3, startDivisor: 25, endDivisor: 1e4), of: total, at: Array(0...total))
        #expect(values.allSatisfy { $0 > 0 && $0 <= 0.8 })
        #expect(values[0] == 0.8)
    }

    @Test func `warm-up rises linearly and then hands over to any schedule`() throws {
        let warm = Schedule.linearWarmUp(steps: 4, startFactor: 0.25, then: .polynomial(power: 1, minimumRate: 0))
        expectEqual(try rates(warm, of: 12, at: [0, 1, 2, 3, 4, 6, 8, 12]), [0.2, 0.35, 0.5, 0.65, 0.8, 0.6, 0.4, 0])
        let steps = Schedule.linearWarmUp(steps: 2, startFactor: 0, then: .step(every: 2, factor: 0.5))
        expectEqual(try rates(steps, of: 8, at: [0, 1, 2, 3, 4]), [0, 0.4, 0.8, 0.8, 0.4])
        #expect(try rates(.linearWarmUp(steps: 0, startFactor: 0, then: .constant), of: 8, at: [0]) == [0.8])
    }

    @Test func `refuses shapes that make no sense, inside a warm-up too`() {
        let bad: [Schedule] = [
            .step(every: 0, factor: 0.5), .step(every: 1, factor: 0), .cosine(minimumRate: 1), .cosine(minimumRate: -1),
            .polynomial(power: 0, minimumRate: 0), .polynomial(power: 1, minimumRate: 0.9),
            .oneCycle(riseFraction: 1.5, startDivisor: 25, endDivisor: 25),
            .oneCycle(riseFraction: 0.3, startDivisor: 0.5, endDivisor: 25),
            .oneCycle(riseFraction: 0.3, startDivisor: 25, endDivisor: .nan),
            .linearWarmUp(steps: 10, startFactor: 0, then: .constant),
            .linearWarmUp(steps: 1, startFactor: 2, then: .constant),
        ]
        for schedule in bad + bad.map({ .linearWarmUp(steps: 1, startFactor: 0, then: $0) }) {
            #expect(throws: OptimizationError.self, "\(schedule)") {
                try LearningRateSchedule(schedule, baseRate: 0.8, totalSteps: 10)
            }
        }
        #expect(throws: OptimizationError.self) { try LearningRateSchedule(.constant, baseRate: .nan, totalSteps: 10) }
        #expect(throws: OptimizationError.self) { try LearningRateSchedule(.constant, baseRate: 0.1, totalSteps: 0) }
    }
}
