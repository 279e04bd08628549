import Collectives
import Foundation
import JobHealth
import Synchronization
import System
import Training

/// Ends this rank, and with it the job, when it makes no progress: before MPI starts, in the job, and while it leaves.
final class JobWatch: Sendable {
    let watchdog: Watchdog
    private let ranks: RanksOfJob

    private final class RanksOfJob: Sendable {
        let value = Mutex<Ranks?>(nil)
    }

    /// - Parameter name: this rank's in messages; nil without a launcher. Throws `SystemError.thread`.
    init(name: RankName?, deadlineSeconds: Double) throws(SystemError) {
        let ranks = RanksOfJob()
        self.ranks = ranks
        watchdog = try Watchdog(
            deadlineSeconds: deadlineSeconds, onWait: { ranks.value.withLock { $0 }?.callRoll() },
            mayWait: { ranks.value.withLock { $0 }?.othersAreAtWork ?? false },
            onDeadline: { JobWatch.end(after: $0, ranks.value.withLock { $0 }, name: name) })
    }

    /// From now on there are ranks to tell.
    func follow(_ ranks: Ranks) { self.ranks.value.withLock { $0 = ranks } }

    private static func end(after seconds: Double, _ ranks: Ranks?, name: RankName?) -> Never {
        let isWaiting = Activity.isWaitingForRanks
        let suspects =
            ranks?.suspects()
            ?? SiblingProcesses.ranksThatCannotRun().sorted { $0.key < $1.key }.map { "rank \($0), which is \($1)" }
        let report = ErrorReport(
            isWaiting ? TrainingError.ranksAreLate(seconds: seconds, suspects: suspects) : .noProgress(seconds: seconds)
        )
        CrashReport.allowExit()
        if let ranks, Activity.phase != .leaving { ranks.abort(report) }
        // Without MPI, or while it ends, a rank that is gone makes the launcher end the others.
        FailureReport(report, name: name).tell(prefix: name == nil ? "trainer: " : "")
        _exit(report.code)
    }
}
