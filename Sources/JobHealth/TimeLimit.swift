import Foundation
import Synchronization
import System

/// Asks a run to stop early enough that a step and a checkpoint still fit before its time is up.
///
/// It runs on rank 0 alone, whose request all ranks follow at the next step boundary. How early that must be, it learns
/// from the steps and saves of the run itself.
package final class TimeLimit: Sendable {
    /// What it has measured.
    private struct Measured {
        /// Of the latest steps, oldest first.
        var steps: [Double] = []
        var save: Double
    }

    /// Steps that count; one that took long for reasons of its own is forgotten after so many.
    private static let window = 16
    /// For what follows the checkpoint: the last records, the end of MPI and of the launcher.
    private static let endingSeconds = 2.0
    /// The speed at which a checkpoint is taken to be written until one has been.
    private static let assumedBytesPerSecond = 50e6

    private let measured: Mutex<Measured>
    private let isStopped = Atomic(false)

    /// Watches the clock from now on.
    ///
    /// - Parameters:
    ///   - endSeconds: of `Clock`, when the process must have ended.
    ///   - checkpointBytes: the size of a checkpoint.
    ///   - request: called once, from a thread of its own.
    ///
    /// Throws `SystemError.thread`.
    package init(endSeconds: Double, checkpointBytes: Int, request: @escaping @Sendable () -> Void)
        throws(SystemError)
    {
        measured = Mutex(Measured(save: Double(checkpointBytes) / TimeLimit.assumedBytesPerSecond))
        _ = try JoinableThread(name: "time limit") { [self] in
            while !isStopped.load(ordering: .relaxed) {
                if Clock.seconds >= endSeconds - reserveSeconds { return request() }
                usleep(20_000)
            }
        }
    }

    /// A step took so long.
    package func stepTook(_ seconds: Double) {
        measured.withLock {
            if $0.steps.count == TimeLimit.window { $0.steps.removeFirst() }
            $0.steps.append(seconds)
        }
    }

    /// A checkpoint took so long to reach the disk.
    package func saveTook(_ seconds: Double) { measured.withLock { $0.save = seconds } }

    package func stop() { isStopped.store(true, ordering: .relaxed) }

    /// How long before the end it asks: twice the longest of the latest steps and a save, and a little for the rest.
    private var reserveSeconds: Double {
        measured.withLock { 2 * (($0.steps.max() ?? 0) + $0.save) + TimeLimit.endingSeconds }
    }
}

extension TimeLimit {
    /// Seconds that a duration means: `90`, `90s`, `30m`, `2h`, `1d`, or several in a row as in `1h30m`; nil for
    /// anything else.
    package static func seconds(_ text: String) -> Double? {
        if let seconds = Double(text) { return seconds > 0 && seconds.isFinite ? seconds : nil }
        var total = 0.0
        var number = ""
        for character in text {
            guard let unit = ["s": 1.0, "m": 60, "h": 3600, "d": 86400][character] else {
                number.append(character)
                continue
            }
            guard let count = Double(number), count >= 0, count.isFinite else { return nil }
            total += count * unit
            number = ""
        }
        return number.isEmpty && total > 0 ? total : nil
    }

    /// Slurm's variable for the end of the job, in seconds since 1970.
    private static let slurmVariable = "SLURM_JOB_END_TIME"

    /// When this process must have ended, by `Clock`: the earlier of `limitSeconds` from now and the end of its Slurm
    /// job.
    ///
    /// - Parameter note: is told of an end that has passed. Slurm ends what is left of a job then, so that the variable
    ///   is of another job, and is not followed.
    package static func end(
        limitSeconds: Double?, _ environment: [String: String], note: (String) -> Void = { _ in }
    ) -> Double? {
        let now = Clock.seconds
        var slurm = environment[slurmVariable].flatMap(Double.init).map { $0 - Date().timeIntervalSince1970 }
        if let left = slurm, left <= 0 {
            note(
                "\(slurmVariable) is \(Int(min(-left, 1e12))) s in the past, left over from another job; it is not "
                    + "followed (unset it)")
            slurm = nil
        }
        return [limitSeconds, slurm].compactMap(\.self).min().map { now + $0 }
    }
}
