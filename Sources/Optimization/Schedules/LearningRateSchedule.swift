/// The learning rate of every step of a phase: a pure function of the step, the same on every rank.
package struct LearningRateSchedule: Sendable {
    package let schedule: any Schedule
    package let warmUp: WarmUp?
    /// η: the rate that the schedule starts from, or of `oneCycle` the peak.
    package let baseRate: Double
    package let length: TrainingLength
    /// Steps of the warm-up, fewer than all; the schedule runs over the rest, from its own step 0.
    private let warmUpSteps: Int

    /// Throws `outOfRange` or `tooLong` for a rate or a length that the schedule cannot have.
    ///
    /// - Parameter planned: what the schedule must fit into, where that is longer than `length`: a run may be cut short
    ///   for a trial. A warm-up then ends with its last step at the latest.
    package init(
        _ schedule: any Schedule, warmUp: WarmUp? = nil, baseRate: Double, length: TrainingLength,
        planned: TrainingLength? = nil
    ) throws(OptimizationError) {
        try OptimizationError.require(
            baseRate >= 0 && baseRate.isFinite, "schedule", "learningRate", baseRate, allowed: "learningRate ≥ 0")
        try OptimizationError.require(
            length.steps >= 1, "schedule", "steps", Double(length.steps), allowed: "at least one step")
        let whole = planned ?? length
        var warmUpSteps = 0
        if let warmUp {
            try whole.requireWithin(warmUp.length, "the rise", key: "warmup")
            warmUpSteps = min(length.steps(of: warmUp.length), length.steps - 1)
        }
        try schedule.check(
            base: baseRate,
            length: TrainingLength(
                steps: whole.steps - (warmUp.map { whole.steps(of: $0.length) } ?? 0),
                stepsPerEpoch: whole.stepsPerEpoch))
        self.schedule = schedule
        self.warmUp = warmUp
        self.baseRate = baseRate
        self.length = length
        self.warmUpSteps = warmUpSteps
    }

    /// The rate of the update that follows `step` finished updates; from the length's end on the schedule's final rate.
    package func rate(at step: Int) -> Double {
        precondition(step >= 0, "LearningRateSchedule: step \(step)")
        let rest = TrainingLength(steps: length.steps - warmUpSteps, stepsPerEpoch: length.stepsPerEpoch)
        guard let warmUp, step < warmUpSteps else {
            return schedule.rate(at: step - warmUpSteps, of: rest, base: baseRate)
        }
        let first = schedule.rate(at: 0, of: rest, base: baseRate)
        return first * (warmUp.from + (1 - warmUp.from) * Double(step) / Double(warmUpSteps))
    }
}
