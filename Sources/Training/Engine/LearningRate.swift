import Optimization

/// The learning rate of a run: a function of the step, times what the plateau rule has made of it.
struct LearningRate: Sendable {
    private let schedule: LearningRateSchedule
    /// The plateau rule, where the config has one; its rate starts at the base rate.
    private(set) var plateau: PlateauRule?
    let monitor: ScheduleConfiguration.Monitor

    /// - Throws: `OptimizationError` for values that the schedule can't have.
    init(_ configuration: RunConfiguration, stepsPerEpoch: Int, totalSteps: Int) throws {
        let base = configuration.optimizer.learningRate
        func steps(_ interval: TrainingInterval) -> Int {
            switch interval {
            case .epochs(let epochs): epochs * stepsPerEpoch
            case .steps(let steps): steps
            }
        }
        var monitor = ScheduleConfiguration.Monitor.valError
        var schedule: Schedule
        switch configuration.schedule.rule {
        case .constant: schedule = .constant
        case .step(let every, let factor): schedule = .step(every: steps(every), factor: factor)
        case .milestones(let epochs, let factor):
            schedule = .milestones(steps: epochs.map { $0 * stepsPerEpoch }, factor: factor)
        case .cosine(let minimumRate): schedule = .cosine(minimumRate: minimumRate)
        case .polynomial(let power, let minimumRate): schedule = .polynomial(power: power, minimumRate: minimumRate)
        case .oneCycle(let rise, let initialFactor, let finalFactor):
            schedule = .oneCycle(
                riseFraction: rise, startDivisor: 1 / initialFactor, endDivisor: initialFactor / finalFactor)
        case .onPlateau(let rule):
            schedule = .constant
            monitor = rule.monitor
            plateau = try PlateauRule(
                rate: base, factor: rule.factor, patience: rule.patience, cooldown: rule.cooldown,
                minDelta: rule.minDelta,
                minimumRate: rule.minimumRate, rollback: rule.rollback)
        }
        if let warmup = configuration.schedule.warmup {
            schedule = .linearWarmUp(
                steps: min(steps(warmup.length), totalSteps - 1), startFactor: warmup.from, then: schedule)
        }
        self.monitor = monitor
        self.schedule = try LearningRateSchedule(schedule, baseRate: base, totalSteps: totalSteps)
    }

    /// The rate of the update that follows `step` finished ones.
    func rate(at step: Int) -> Double {
        let scheduled = schedule.rate(at: step)
        guard let plateau else { return scheduled }
        return scheduled * (plateau.rate / schedule.baseRate)
    }

    /// Takes in a validation; only where there is a plateau rule.
    mutating func observe(_ metric: Double, step: Int) -> PlateauRule.Decision? {
        plateau?.observe(metric: metric, step: step)
    }

    /// The plateau rule's state for checkpoints and the other ranks; empty without one.
    var state: [String: String] { plateau?.state ?? [:] }

    mutating func restore(_ state: [String: String]) throws {
        if plateau != nil && !state.isEmpty { try plateau?.restore(state) }
    }
}
