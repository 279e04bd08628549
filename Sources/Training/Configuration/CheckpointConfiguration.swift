import ConfigurationReading

/// When the state of training is written to disk, and how much of it stays there.
///
/// Each interval that is given counts by itself; the end of the run and a stop by a signal always write one.
package struct CheckpointConfiguration: Equatable, Sendable {
    package let everySteps: Int?
    package let everyEpochs: Int?
    package let everySeconds: Double?
    /// How many of the last checkpoints stay on disk.
    package let keep: Int
    /// Whether the state with the best validation is kept as well.
    package let best: Bool
    package let onFailure: FailurePolicy

    /// What happens when the storage refuses a checkpoint, the best weights or a line of the log; the final weights
    /// must be written.
    package enum FailurePolicy: String, CaseIterable, Sendable {
        /// The job ends with an error.
        case stop
        /// Training goes on; the next checkpoint that is due tries again.
        case `continue`
    }

    /// Whether the state after `step` finished steps is written, as far as steps decide it.
    func isDue(step: Int, stepsPerEpoch: Int) -> Bool {
        if let everySteps, step % everySteps == 0 { return true }
        if let everyEpochs, step % (everyEpochs * stepsPerEpoch) == 0 { return true }
        return false
    }

    /// The most steps between two checkpoints; nil where time alone decides.
    func intervalSteps(stepsPerEpoch: Int) -> Int? {
        [everySteps, everyEpochs.map { $0 * stepsPerEpoch }].compactMap(\.self).min()
    }
}

extension CheckpointConfiguration: ConfigurationSection {
    package static var title: String { "checkpoint" }

    package init(from reader: ConfigurationReader) {
        everySteps = reader.optional("everySteps", .integer(in: 1...), "Write after every so many steps.")
        everySeconds = reader.optional(
            "everySeconds", .number(above: 0), "Write when so many seconds have passed since the last.")
        everyEpochs =
            reader.optional(
                "everyEpochs", .integer(in: 1...), "Write after every so many epochs; 1 if no interval is given.")
            ?? (everySteps == nil && everySeconds == nil ? 1 : nil)
        keep = reader.value("keep", .integer(in: 1...), default: 3, "How many of the last checkpoints stay on disk.")
        best = reader.value("best", .flag, default: true, "Whether the state with the best validation stays as well.")
        onFailure = reader.value(
            "onFailure", .choice(of: FailurePolicy.self), default: "stop",
            "What a disk that is full or fails does while the state or the log is written: end the job, or go on and "
                + "try again the next time."
        )
    }
}
