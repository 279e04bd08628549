import Optimization
import Testing

@Suite struct PlateauRuleTests {
    /// The decisions on `metrics`, observed at steps 100, 200, …
    private func decisions(_ rule: inout PlateauRule, _ metrics: [Double], from first: Int = 1) -> [PlateauRule
        .Decision]
    {
        metrics.enumerated().map { rule.observe(metric: $1, step: (first + $0) * 100) }
    }

    @Test func `keeps the rate while the metric improves`() throws {
        var rule = try PlateauRule(rate: 0.1)
        #expect(decisions(&rule, [0.9, 0.8, 0.7999]) == [.improved, .improved, .improved])
        #expect(rule.rate == 0.1)
        #expect(rule.best == 0.7999)
        #expect(rule.bestStep == 300)
    }

    @Test func `halves the rate and goes back to the best step at the first bad validation by default`() throws {
        var rule = try PlateauRule(rate: 0.1)
        #expect(
            decisions(&rule, [0.9, 0.8, 0.8, 0.85, 0.7]) == [
                .improved, .improved, .decayed(from: 0.1, to: 0.05, rollbackToStep: 200),
                .decayed(from: 0.05, to: 0.025, rollbackToStep: 200), .improved,
            ])
        #expect(rule.rate == 0.025)
        #expect(rule.bestStep == 500)
    }

    @Test func `divides by ten without going back as AlexNet did`() throws {
        var rule = try PlateauRule(rate: 0.5, factor: 0.125, rollback: false)
        #expect(decisions(&rule, [1, 2]) == [.improved, .decayed(from: 0.5, to: 0.0625, rollbackToStep: nil)])
    }

    @Test func `waits for as many bad validations in a row as the patience says`() throws {
        var rule = try PlateauRule(rate: 1, patience: 3)
        #expect(
            decisions(&rule, [5, 6, 6, 4, 5, 5, 5, 5]) == [
                .improved, .waited(badCount: 1), .waited(badCount: 2), .improved, .waited(badCount: 1),
                .waited(badCount: 2),
                .decayed(from: 1, to: 0.5, rollbackToStep: 400), .waited(badCount: 1),
            ])
    }

    @Test func `counts only improvements of more than minDelta`() throws {
        var rule = try PlateauRule(rate: 1, patience: 2, minDelta: 0.25)
        #expect(decisions(&rule, [1, 0.75, 0.5]) == [.improved, .waited(badCount: 1), .improved])
        #expect(rule.best == 0.5)
    }

    @Test func `takes accuracies when higher is better`() throws {
        var rule = try PlateauRule(rate: 1, minDelta: 0.25, lowerIsBetter: false)
        #expect(
            decisions(&rule, [1, 1.25, 1.5]) == [.improved, .decayed(from: 1, to: 0.5, rollbackToStep: 100), .improved])
    }

    @Test func `a metric that can't be better is no reason to decay`() throws {
        var rule = try PlateauRule(rate: 0.1, patience: 2, bestPossible: 0)
        #expect(
            decisions(&rule, [0.5, 0, 0, 0, 0, 0.1, 0.1]) == [
                .improved, .improved, .waited(badCount: 0), .waited(badCount: 0), .waited(badCount: 0),
                .waited(badCount: 1), .decayed(from: 0.1, to: 0.05, rollbackToStep: 200),
            ])
        var accuracy = try PlateauRule(rate: 0.1, lowerIsBetter: false, bestPossible: 1)
        #expect(decisions(&accuracy, [1, 1, 1]).dropFirst().allSatisfy { $0 == .waited(badCount: 0) })
    }

    @Test func `does not count bad validations within the cooldown`() throws {
        var rule = try PlateauRule(rate: 1, cooldown: 2)
        #expect(
            decisions(&rule, [1, 2, 2, 2, 2]) == [
                .improved, .decayed(from: 1, to: 0.5, rollbackToStep: 100), .coolingDown, .coolingDown,
                .decayed(from: 0.5, to: 0.25, rollbackToStep: 100),
            ])
    }

    @Test func `an improvement within the cooldown is one and uses it up`() throws {
        var rule = try PlateauRule(rate: 1, cooldown: 2)
        #expect(
            decisions(&rule, [1, 2, 0.5, 2, 2]) == [
                .improved, .decayed(from: 1, to: 0.5, rollbackToStep: 100), .improved, .coolingDown,
                .decayed(from: 0.5, to: 0.25, rollbackToStep: 300),
            ])
    }

    @Test func `stops at the minimum rate and still sees improvements`() throws {
        var rule = try PlateauRule(rate: 1, minimumRate: 0.375)
        #expect(
            decisions(&rule, [1, 2, 2, 2, 2, 0.5, 2]) == [
                .improved, .decayed(from: 1, to: 0.5, rollbackToStep: 100),
                .decayed(from: 0.5, to: 0.375, rollbackToStep: 100),
                .atMinimum, .atMinimum, .improved, .atMinimum,
            ])
        #expect(rule.rate == 0.375)
    }

    @Test func `a metric that is not finite is no improvement`() throws {
        var rule = try PlateauRule(rate: 1, patience: 2)
        #expect(
            decisions(&rule, [.nan, -.infinity, 3, .nan, 2, .infinity]) == [
                .waited(badCount: 1), .decayed(from: 1, to: 0.5, rollbackToStep: nil), .improved, .waited(badCount: 1),
                .improved,
                .waited(badCount: 1),
            ])
    }

    @Test func `decides the same when restored after any validation`() throws {
        let fresh = try PlateauRule(
            rate: 0.1, factor: 1.0 / 3, patience: 2, cooldown: 2, minDelta: 0.01, minimumRate: 0.02)
        let metrics = [
            .nan, 0.9, 0.8, 0.795, 0.81, 0.82, 0.7, 0.71, 0.72, .nan, 0.69, 0.73, 0.74, 0.75, 0.76, 0.77, 0.78, 0.79,
        ]
        var straight = fresh
        let expected = decisions(&straight, metrics)
        #expect(Set(expected.map { "\($0)".prefix(4) }).count == 5, "the scenario must see every decision")
        for cut in 0...metrics.count {
            var before = fresh
            let first = decisions(&before, Array(metrics[..<cut]))
            var after = fresh
            try after.restore(before.state)
            #expect(after == before)
            #expect(after.rate.bitPattern == before.rate.bitPattern)
            #expect(first + decisions(&after, Array(metrics[cut...]), from: cut + 1) == expected)
        }
    }

    @Test func `refuses a damaged state, names the key and changes nothing`() throws {
        var rule = try PlateauRule(rate: 0.1, patience: 2)
        _ = decisions(&rule, [1, 2])
        let good = rule.state
        #expect(
            Set(good.keys) == [
                "plateau.rate", "plateau.best", "plateau.bestStep", "plateau.badCount", "plateau.remainingCooldown",
            ])
        for key in good.keys {
            for damage in [nil, "", "x", "-1", "7ff8000000000000"] {
                var bad = good
                bad[key] = damage
                let before = rule
                let error = #expect(throws: OptimizationError.self) { try rule.restore(bad) }
                #expect(error?.description.contains(key) == true, "\(key) = \(damage ?? "nil")")
                #expect(rule == before)
            }
        }
        try rule.restore(good.merging(["other": "1"]) { $1 })
    }

    @Test func `refuses hyper-parameters out of range`() {
        #expect(
            throws: OptimizationError.outOfRange(owner: "plateau", name: "factor", value: 1, allowed: "0 < factor < 1")
        ) {
            try PlateauRule(rate: 0.1, factor: 1)
        }
        #expect(throws: OptimizationError.self) { try PlateauRule(rate: 0) }
        #expect(throws: OptimizationError.self) { try PlateauRule(rate: 1, patience: 0) }
        #expect(throws: OptimizationError.self) { try PlateauRule(rate: 1, cooldown: -1) }
        #expect(throws: OptimizationError.self) { try PlateauRule(rate: 1, minDelta: .nan) }
        #expect(throws: OptimizationError.self) { try PlateauRule(rate: 1, minimumRate: 2) }
    }
}

@Suite struct EarlyStoppingTests {
    @Test func `stops after as many bad validations in a row as the patience says`() throws {
        var rule = try EarlyStopping(patience: 2)
        let decisions = [3, 4, 2, .nan, 2, 2].enumerated().map { rule.observe(metric: $1, step: $0) }
        #expect(
            decisions == [
                .improved, .waited(badCount: 1), .improved, .waited(badCount: 1), .stop(bestStep: 2),
                .stop(bestStep: 2),
            ])
    }

    @Test func `decides the same when restored`() throws {
        var rule = try EarlyStopping(patience: 2, minDelta: 0.5, lowerIsBetter: false)
        _ = rule.observe(metric: 1, step: 10)
        _ = rule.observe(metric: 1.5, step: 20)
        var restored = try EarlyStopping(patience: 2, minDelta: 0.5, lowerIsBetter: false)
        try restored.restore(rule.state)
        #expect(restored == rule)
        #expect(restored.observe(metric: 1.25, step: 30) == .stop(bestStep: 10))
    }

    @Test func `refuses a patience of zero`() {
        #expect(throws: OptimizationError.self) { try EarlyStopping(patience: 0) }
    }
}
