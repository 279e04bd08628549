import ConfigurationReading
import Glibc

/// η · factorⁿ, n the number of changes so far.
package struct StepSchedule: Schedule {
    /// When the rate changes.
    package enum Changes: Equatable, Sendable {
        /// Again and again after so long.
        case every(TrainingInterval)
        /// After each of these epochs, which rise.
        case atEpochs([Int])
    }

    package let changes: Changes
    /// Greater than 0.
    package let factor: Double

    package init(_ changes: Changes, factor: Double = 0.1) {
        self.changes = changes
        self.factor = factor
    }

    static let entry = ScheduleEntry(
        "step", "The rate is multiplied by `factor` every so often, or after given epochs."
    ) { reader in
        let interval = TrainingInterval.optional(
            epochs: "everyEpochs", steps: "everySteps", from: reader, "Time between two changes")
        let milestones = reader.optional(
            "atEpochs", .list(of: .integer(in: 1...), atLeast: 1),
            "Instead: the epochs after which the rate changes, rising.")
        let factor = reader.value("factor", .number(above: 0), default: 0.1, "What the rate is multiplied by.")
        reader.excludeEachOther("everyEpochs", "everySteps", "atEpochs")
        if let milestones {
            if zip(milestones, milestones.dropFirst()).contains(where: { $0 >= $1 }) {
                reader.refuse("atEpochs", because: "the epochs do not rise; sort them and name each once.")
            }
            return StepSchedule(.atEpochs(milestones), factor: factor)
        }
        if interval == nil {
            reader.refuse("", because: "it says not when the rate changes; add everyEpochs, everySteps or atEpochs.")
        }
        return StepSchedule(.every(interval ?? .epochs(1)), factor: factor)
    }

    package var dependsOnEnd: Bool { false }

    package func rate(at step: Int, of length: TrainingLength, base: Double) -> Double {
        let step = min(step, length.steps)
        let count =
            switch changes {
            case .every(let interval): step / length.steps(of: interval)
            case .atEpochs(let epochs): epochs.count { length.steps(of: .epochs($0)) <= step }
            }
        return base * pow(factor, Double(count))
    }

    package func check(base: Double, length: TrainingLength) throws(OptimizationError) {
        switch changes {
        case .every(.epochs(let epochs)):
            try length.requireWithin(.epochs(epochs), "the first change of the rate", key: "step.everyEpochs")
        case .every(.steps(let steps)):
            try length.requireWithin(.steps(steps), "the first change of the rate", key: "step.everySteps")
        case .atEpochs(let epochs):
            guard let last = epochs.last else { return }
            try length.requireWithin(.epochs(last), "the last change of the rate", key: "step.atEpochs")
        }
    }
}
