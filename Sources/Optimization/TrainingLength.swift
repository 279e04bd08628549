/// How long a phase trains, in its own steps.
package struct TrainingLength: Equatable, Sendable {
    /// All steps.
    package let steps: Int
    package let stepsPerEpoch: Int

    package init(steps: Int, stepsPerEpoch: Int) {
        precondition(stepsPerEpoch >= 1, "TrainingLength: \(stepsPerEpoch) steps an epoch")
        self.steps = steps
        self.stepsPerEpoch = stepsPerEpoch
    }

    /// The steps of an interval.
    package func steps(of interval: TrainingInterval) -> Int {
        switch interval {
        case .epochs(let epochs): epochs * stepsPerEpoch
        case .steps(let steps): steps
        }
    }

    /// The share of the length that is over after `step` steps, 0…1.
    package func progress(at step: Int) -> Double {
        steps > 0 ? Double(min(step, steps)) / Double(steps) : 1
    }
}
