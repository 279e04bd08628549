import ConfigurationReading
import Foundation
import Optimization
import Testing

@Suite struct ScheduleTests {
    private func rates(
        _ schedule: any Schedule, after warmUp: WarmUp? = nil, base: Double = 0.8, of total: Int,
        stepsPerEpoch: Int = 1, at steps: [Int]
    ) throws -> [Double] {
        let rates = try LearningRateSchedule(
            schedule, warmUp: warmUp, baseRate: base,
            length: TrainingLength(steps: total, stepsPerEpoch: stepsPerEpoch))
        return steps.map(rates.rate(at:))
    }

    private func expectEqual(_ values: [Double], _ expected: [Double], _ location: SourceLocation = #_sourceLocation) {
        #expect(values.count == expected.count, sourceLocation: location)
        for (value, reference) in zip(values, expected) {
            #expect(abs(value - reference) <= 1e-14, sourceLocation: location)
        }
    }

    @Test func `constant is the base rate`() throws {
        #expect(try rates(ConstantSchedule(), of: 10, at: [0, 5, 10, 99]) == [0.8, 0.8, 0.8, 0.8])
    }

    @Test func `step multiplies by the factor every so many steps or epochs`() throws {
        let (steps, expected) = ([0, 2, 3, 5, 6, 9], [0.8, 0.8, 0.4, 0.4, 0.2, 0.1])
        #expect(try rates(StepSchedule(.every(.steps(3)), factor: 0.5), of: 10, at: steps) == expected)
        let epochs = try rates(
            StepSchedule(.every(.epochs(3)), factor: 0.5), of: 20, stepsPerEpoch: 2, at: steps.map { 2 * $0 + 1 })
        #expect(epochs == expected)
    }

    @Test func `step multiplies by the factor after given epochs`() throws {
        let values = try rates(
            StepSchedule(.atEpochs([2, 3]), factor: 0.5), of: 20, stepsPerEpoch: 4, at: [0, 7, 8, 11, 12, 99])
        #expect(values == [0.8, 0.8, 0.4, 0.4, 0.2, 0.2])
    }

    @Test func `cosine falls from the base rate to the minimum`() throws {
        let values = try rates(CosineSchedule(minimumRate: 0.2), of: 12, at: [0, 3, 4, 6, 8, 12, 50])
        expectEqual(values, [0.8, 0.5 + 0.3 * 0.5.squareRoot(), 0.65, 0.5, 0.35, 0.2, 0.2])
    }

    @Test func `polynomial falls with the power of what remains`() throws {
        expectEqual(
            try rates(PolynomialSchedule(power: 2, minimumRate: 0.3), of: 10, at: [0, 5, 9, 10]),
            [0.8, 0.425, 0.305, 0.3])
        expectEqual(try rates(PolynomialSchedule(), of: 8, at: [0, 2, 4, 7]), [0.8, 0.6, 0.4, 0.1])
    }

    @Test func `one cycle rises to the base rate and falls far below the start`() throws {
        let cycle = OneCycleSchedule(rise: 0.25, initialFactor: 0.25, finalFactor: 0.0025)
        // 20 steps: the peak at 4, the end at 19; start 0.2, end 0.002
        let half = cos(Double.pi * 5 / 15)
        expectEqual(
            try rates(cycle, of: 20, at: [0, 2, 4, 9, 19, 20]),
            [0.2, 0.5, 0.8, 0.002 + 0.798 * (1 + half) / 2, 0.002, 0.002])
    }

    @Test func `one cycle goes along straight lines where it is asked to`() throws {
        let cycle = OneCycleSchedule(rise: 0.25, initialFactor: 0.25, finalFactor: 0.05, anneal: .linear)
        expectEqual(
            try rates(cycle, of: 20, at: [0, 1, 4, 9, 19]),
            [0.2, 0.35, 0.8, 0.8 - 0.76 * 5 / 15, 0.04])
    }

    @Test(arguments: [1, 2, 3]) func `one cycle is defined for the shortest runs`(total: Int) throws {
        let values = try rates(OneCycleSchedule(), of: total, at: Array(0...total))
        #expect(values.allSatisfy { $0 > 0 && $0 <= 0.8 })
        #expect(values[0] == 0.8)
    }

    @Test func `warm-up rises linearly and then hands over to any schedule`() throws {
        expectEqual(
            try rates(
                PolynomialSchedule(), after: WarmUp(.steps(4), from: 0.25), of: 12, at: [0, 1, 2, 3, 4, 6, 8, 12]),
            [0.2, 0.35, 0.5, 0.65, 0.8, 0.6, 0.4, 0])
        let step = StepSchedule(.every(.steps(2)), factor: 0.5)
        expectEqual(try rates(step, after: WarmUp(.steps(2)), of: 8, at: [0, 1, 2, 3, 4]), [0, 0.4, 0.8, 0.8, 0.4])
        expectEqual(
            try rates(ConstantSchedule(), after: WarmUp(.epochs(1)), of: 8, stepsPerEpoch: 4, at: [0, 1, 4]),
            [0, 0.2, 0.8])
    }

    @Test func `where a trial cuts a run short, a warm-up ends with its last step at the latest`() throws {
        func rates(of steps: Int) throws -> [Double] {
            let schedule = try LearningRateSchedule(
                ConstantSchedule(), warmUp: WarmUp(.steps(9)), baseRate: 0.8,
                length: TrainingLength(steps: steps, stepsPerEpoch: 1),
                planned: TrainingLength(steps: 20, stepsPerEpoch: 1))
            return (0..<steps).map(schedule.rate(at:))
        }
        expectEqual(try rates(of: 3), [0, 0.4, 0.8])
        #expect(try rates(of: 1) == [0.8])
    }

    /// The numbers of `Fixtures/scripts/make_schedules.py`.
    @Test func `every schedule has the rates of PyTorch's`() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Fixtures/schedules.json")
        let cases = try JSONDecoder().decode([String: [Double]].self, from: Data(contentsOf: file))
        #expect(cases.count >= 12)
        for (yaml, expected) in cases {
            let configuration = try #require(try read(yaml, .section(ScheduleConfiguration.self)))
            let rates = try LearningRateSchedule(
                configuration.schedule, warmUp: configuration.warmup, baseRate: 0.8,
                length: TrainingLength(steps: 40, stepsPerEpoch: 5))
            for (step, rate) in expected.enumerated() {
                // PyTorch multiplies from step to step, or takes differences of nearly equal numbers.
                #expect(abs(rates.rate(at: step) - rate) <= 1e-12, "\(yaml), step \(step)")
            }
        }
    }

    @Test(
        arguments: [
            ("{step: {atEpochs: [2, 8]}}", "step.atEpochs", "7 epochs"),
            ("{step: {everyEpochs: 8}}", "step.everyEpochs", "7 epochs"),
            ("{step: {everySteps: 40}}", "step.everySteps", "39 steps"),
            ("{warmup: {steps: 40}}", "warmup", "39 steps"), ("{warmup: {epochs: 8}}", "warmup", "7 epochs"),
            ("{triangular: {base: 0.1, halfCycleSteps: 21}}", "triangular.halfCycleSteps", "40 steps"),
            ("{triangular: {base: 0.1, halfCycleEpochs: 5}}", "triangular.halfCycleEpochs", "8 epochs"),
            ("{warmup: {epochs: 1}, step: {atEpochs: [7]}}", "step.atEpochs", "6 epochs"),
        ])
    func `what comes after the end of a run of 8 epochs is refused, with what would fit`(
        yaml: String, key: String, longest: String
    ) throws {
        let configuration = try #require(try read(yaml, .section(ScheduleConfiguration.self)))
        func check(epochs: Int) throws {
            _ = try LearningRateSchedule(
                configuration.schedule, warmUp: configuration.warmup, baseRate: 0.8,
                length: TrainingLength(steps: 5 * epochs, stepsPerEpoch: 5))
        }
        let error = #expect(throws: OptimizationError.self) { try check(epochs: 8) }
        guard case .tooLong(key, _, _, longest) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        try check(epochs: 10)
    }

    @Test func `refuses rates that make no sense`() {
        let schedules: [any Schedule] = [
            TriangularSchedule(from: 1, halfCycle: .steps(1)), CosineSchedule(minimumRate: 1),
            CosineSchedule(minimumRate: -1),
            PolynomialSchedule(power: 1, minimumRate: 0.9),
        ]
        for schedule in schedules {
            #expect(throws: OptimizationError.self, "\(schedule)") { try rates(schedule, of: 10, at: []) }
        }
        #expect(throws: OptimizationError.self) { try rates(ConstantSchedule(), base: .nan, of: 10, at: []) }
        #expect(throws: OptimizationError.self) { try rates(ConstantSchedule(), of: 0, at: []) }
    }

    @Test(
        arguments: [
            ("constant", ConstantSchedule()), ("{warmup: {steps: 5}}", ConstantSchedule()),
            ("{step: {everyEpochs: 3}}", StepSchedule(.every(.epochs(3)))),
            ("{step: {everySteps: 300, factor: 0.5}}", StepSchedule(.every(.steps(300)), factor: 0.5)),
            ("{step: {atEpochs: [80, 120]}}", StepSchedule(.atEpochs([80, 120]))),
            ("cosine", CosineSchedule()), ("{cosine: {minimumRate: 1e-5}}", CosineSchedule(minimumRate: 1e-5)),
            ("{polynomial: {power: 2}}", PolynomialSchedule(power: 2)), ("oneCycle", OneCycleSchedule()),
        ] as [(String, any Schedule)])
    func `every schedule reads its own keys, with its own defaults`(yaml: String, expected: any Schedule) throws {
        let configuration = try #require(try read(yaml, .section(ScheduleConfiguration.self)))
        #expect(configuration.schedule.isEqual(to: expected))
        #expect(configuration.plateau == nil)
        #expect(configuration.warmup == (yaml.contains("warmup") ? WarmUp(.steps(5)) : nil))
    }

    @Test(arguments: [
        "{oneCycle: {initialFactor: 2}}", "{oneCycle: {initialFactor: 0.1, finalFactor: 0.2}}",
        "{step: {atEpochs: [3, 3]}}", "{step: {}}", "{oneCycle: {}, warmup: {steps: 2}}", "{polynomial: {power: 0}}",
        "{cosine: {factor: 2}}", "{constant: {}, cosine: {}}",
    ])
    func `refuses keys that contradict each other`(yaml: String) {
        #expect(throws: ConfigurationError.self) { try read(yaml, .section(ScheduleConfiguration.self)) }
    }
}
