import Training

/// Writes a run's figures as scalars that TensorBoard shows: `train/loss`, `val/loss` and so on for every metric,
/// `learning_rate`, `samples_per_second`.
///
/// Every process adds one file `events.out.tfevents.<seconds>.<host>.<process>` to the run directory. A resumed run
/// opens its file with a session start, at which readers drop the steps beyond the checkpoint from the files before.
package final class TensorBoardWriter {
    package let path: String
    private let file: AppendingFile
    private let wallTime: () -> Double

    /// - Parameters:
    ///   - host: the host's name, for the file's name only.
    ///   - process: the process number, likewise.
    ///   - wallTime: the time in seconds since 1970.
    package init(
        directory: String, host: String, process: Int32, resumingFromStep step: Int?, wallTime: @escaping () -> Double
    ) throws {
        let name = String(host.map { $0 == "/" ? "-" : $0 })
        path = "\(directory)/events.out.tfevents.\(Int(wallTime())).\(name).\(process)"
        file = try AppendingFile(path: path)
        self.wallTime = wallTime
        try append(step: 0, .fileVersion)
        if let step { try append(step: step + 1, .sessionStart) }
    }

    package func append(_ record: IntervalRecord) throws {
        var scalars = record.metrics.map { TensorBoardEvent.Scalar("train/\($0.name)", $0.value) }
        scalars.append(.init("learning_rate", record.learningRate))
        scalars.append(.init("samples_per_second", record.samplesPerSecond))
        try append(step: record.step, .scalars(scalars))
    }

    package func append(_ record: ValidationRecord) throws {
        let scalars = record.metrics.map { TensorBoardEvent.Scalar("val/\($0.name)", $0.value) }
        try append(step: record.step, .scalars(scalars))
    }

    private func append(step: Int, _ content: TensorBoardEvent.Content) throws {
        try file.append(TensorBoardEvent(wallTime: wallTime(), step: step, content: content).record)
    }
}
