import Glibc

/// The shape of the learning rate over a run.
package indirect enum Schedule: Equatable, Sendable {
    /// η.
    case constant
    /// η · factor^⌊step / every⌋.
    case step(every: Int, factor: Double)
    /// η · factor^(how many of the steps, which rise, are over).
    case milestones(steps: [Int], factor: Double)
    /// min + (η − min) (1 + cos πt) / 2, t = step / totalSteps (Loshchilov and Hutter 2017, without restarts).
    case cosine(minimumRate: Double)
    /// min + (η − min) (1 − t)^power, t = step / totalSteps.
    case polynomial(power: Double, minimumRate: Double)
    /// One cycle (Smith and Topin 2018) as PyTorch's `OneCycleLR` has it: half a cosine from η / startDivisor up to η,
    /// reached at step riseFraction · totalSteps − 1, then half a cosine down to η / startDivisor / endDivisor at the
    /// last step. PyTorch's defaults are 0.3, 25 and 10⁴.
    case oneCycle(riseFraction: Double, startDivisor: Double, endDivisor: Double)
    /// For the first `steps` steps r (f + (1 − f) step / steps), where f is `startFactor` and r the first rate of
    /// `then` (Goyal et al. 2017, section 2.2); after them `then` runs over the remaining steps, from its own step 0.
    case linearWarmUp(steps: Int, startFactor: Double, then: Schedule)
}

/// The learning rate of every step of a run: a pure function of the step, the same on every rank.
package struct LearningRateSchedule: Equatable, Sendable {
    package let schedule: Schedule
    /// η: the rate that the schedule starts from, or for `oneCycle` the peak.
    package let baseRate: Double
    /// The number of steps of the run or phase.
    package let totalSteps: Int

    /// Throws `outOfRange` for a rate, factor or length that the schedule cannot have.
    package init(_ schedule: Schedule, baseRate: Double, totalSteps: Int) throws(OptimizationError) {
        try OptimizationError.require(
            baseRate >= 0 && baseRate.isFinite, "schedule", "learningRate", baseRate, allowed: "learningRate ≥ 0")
        try OptimizationError.require(
            totalSteps >= 1, "schedule", "totalSteps", Double(totalSteps), allowed: "at least one step")
        try schedule.validate(baseRate: baseRate, totalSteps: totalSteps)
        self.schedule = schedule
        self.baseRate = baseRate
        self.totalSteps = totalSteps
    }

    /// The rate of the update that follows `step` finished updates; from `totalSteps` on the schedule's final rate.
    package func rate(at step: Int) -> Double {
        precondition(step >= 0, "LearningRateSchedule: step \(step)")
        return schedule.rate(at: min(step, totalSteps), of: totalSteps, base: baseRate)
    }
}

extension Schedule {
    fileprivate func rate(at step: Int, of totalSteps: Int, base: Double) -> Double {
        let progress = totalSteps > 0 ? Double(min(step, totalSteps)) / Double(totalSteps) : 1
        switch self {
        case .constant:
            return base
        case .step(let every, let factor):
            return base * pow(factor, Double(step / every))
        case .milestones(let steps, let factor):
            return base * pow(factor, Double(steps.count { $0 <= step }))
        case .cosine(let minimumRate):
            return anneal(from: base, to: minimumRate, progress)
        case .polynomial(let power, let minimumRate):
            return minimumRate + (base - minimumRate) * pow(1 - progress, power)
        case .oneCycle(let riseFraction, let startDivisor, let endDivisor):
            let last = Double(totalSteps - 1)
            let peak = max(0, min(riseFraction * Double(totalSteps) - 1, last))
            let position = min(Double(step), last)
            let start = base / startDivisor
            if position < peak { return anneal(from: start, to: base, position / peak) }
            return anneal(from: base, to: start / endDivisor, last > peak ? (position - peak) / (last - peak) : 0)
        case .linearWarmUp(let steps, let startFactor, let then):
            if step >= steps { return then.rate(at: step - steps, of: totalSteps - steps, base: base) }
            let first = then.rate(at: 0, of: totalSteps - steps, base: base)
            return first * (startFactor + (1 - startFactor) * Double(step) / Double(steps))
        }
    }

    fileprivate func validate(baseRate: Double, totalSteps: Int) throws(OptimizationError) {
        func require(_ condition: Bool, _ name: String, _ value: Double, _ allowed: String) throws(OptimizationError) {
            try OptimizationError.require(condition, "schedule", name, value, allowed: allowed)
        }
        switch self {
        case .constant:
            break
        case .step(let every, let factor):
            try require(every >= 1, "every", Double(every), "at least 1 step")
            try require(factor > 0 && factor.isFinite, "factor", factor, "factor > 0")
        case .milestones(let steps, let factor):
            try require(steps.allSatisfy { $0 >= 0 }, "steps", Double(steps.min() ?? 0), "steps of at least 0")
            try require(factor > 0 && factor.isFinite, "factor", factor, "factor > 0")
        case .cosine(let minimumRate):
            try require(
                minimumRate >= 0 && minimumRate <= baseRate, "minimumRate", minimumRate,
                "0 ≤ minimumRate ≤ learningRate")
        case .polynomial(let power, let minimumRate):
            try require(power > 0 && power.isFinite, "power", power, "power > 0")
            try require(
                minimumRate >= 0 && minimumRate <= baseRate, "minimumRate", minimumRate,
                "0 ≤ minimumRate ≤ learningRate")
        case .oneCycle(let riseFraction, let startDivisor, let endDivisor):
            try require(riseFraction >= 0 && riseFraction <= 1, "riseFraction", riseFraction, "0 ≤ riseFraction ≤ 1")
            try require(startDivisor >= 1 && startDivisor.isFinite, "startDivisor", startDivisor, "startDivisor ≥ 1")
            try require(endDivisor >= 1 && endDivisor.isFinite, "endDivisor", endDivisor, "endDivisor ≥ 1")
        case .linearWarmUp(let steps, let startFactor, let then):
            try require(
                steps >= 0 && steps < totalSteps, "warmUp steps", Double(steps),
                "0 ≤ steps < \(totalSteps), the run's length")
            try require(startFactor >= 0 && startFactor <= 1, "startFactor", startFactor, "0 ≤ startFactor ≤ 1")
            try then.validate(baseRate: baseRate, totalSteps: totalSteps - steps)
        }
    }
}

/// Half a cosine from `start` at progress 0 to `end` at progress 1.
private func anneal(from start: Double, to end: Double, _ progress: Double) -> Double {
    end + (start - end) * (1 + cos(Double.pi * progress)) / 2
}
