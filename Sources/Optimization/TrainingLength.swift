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

extension TrainingLength {
    /// Throws `tooLong` unless an interval ends before the last step, so that something comes after it.
    func requireWithin(_ interval: TrainingInterval, _ what: String, key: String) throws(OptimizationError) {
        try require(interval, what, key, reserve: 1)
    }

    /// Throws `tooLong` unless an interval ends with the last step at the latest.
    func requireHolds(_ interval: TrainingInterval, _ what: String, key: String) throws(OptimizationError) {
        try require(interval, what, key, reserve: 0)
    }

    private func require(
        _ interval: TrainingInterval, _ what: String, _ key: String, reserve: Int
    ) throws(OptimizationError) {
        guard steps(of: interval) > steps - reserve else { return }
        let end: String
        let longest: String
        switch interval {
        case .epochs(let epochs):
            end = "\(what) ends after \(epochs) epochs"
            longest = "\((steps - reserve) / stepsPerEpoch) epochs"
        case .steps(let count):
            end = "\(what) ends after \(count) steps"
            longest = "\(steps - reserve) steps"
        }
        throw .tooLong(key: key, what: end, length: "\(steps) steps (\(stepsPerEpoch) an epoch)", longest: longest)
    }
}
