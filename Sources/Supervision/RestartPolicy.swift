/// When a job that has failed is started again, and with how many ranks.
package struct RestartPolicy: Equatable, Sendable {
    /// Starts after the first, over the whole life of the job.
    package var restarts: Int
    /// Ranks: as many as there are slots for, within these limits; nil for one process without a launcher.
    package var ranks: ClosedRange<Int>?
    /// Exit codes after which starting again would be in vain, unless the job has trained before: then what was right
    /// has changed, as storage that went away does, and may come back.
    package var permanentCodes: Set<Int32>
    /// The exit code of a run that was asked to stop and has saved.
    package var stoppedCode: Int32
    /// The exit code for failures that are no rank's own, such as a host that is gone.
    package var hostFailureCode: Int32

    package init(
        restarts: Int, ranks: ClosedRange<Int>?, permanentCodes: Set<Int32>, stoppedCode: Int32, hostFailureCode: Int32
    ) {
        self.restarts = restarts
        self.ranks = ranks
        self.permanentCodes = permanentCodes
        self.stoppedCode = stoppedCode
        self.hostFailureCode = hostFailureCode
    }

    /// What becomes of a job after an attempt.
    package enum Verdict: Equatable, Sendable {
        case done
        /// It was asked to stop and has saved.
        case stopped
        /// The same would happen again.
        case permanent
        case restart
        /// A restart might help but there have been as many as allowed.
        case exhausted
    }

    /// - Parameters:
    ///   - isPermanent: whether the same would happen again, as the rank that failed says.
    ///   - attempt: of the one that has ended, from 1.
    ///   - hasTrained: whether that attempt or one before got beyond its start.
    package func verdict(_ end: ProcessEnd, isPermanent: Bool, attempt: Int, hasTrained: Bool) -> Verdict {
        switch end {
        case .exited(0): return .done
        case .exited(stoppedCode): return .stopped
        case .exited(let code) where permanentCodes.contains(code) && !hasTrained: return .permanent
        default: break
        }
        if isPermanent { return .permanent }
        return attempt <= restarts ? .restart : .exhausted
    }

    /// Ranks for an attempt on hosts with `slots` in all, nil for no limit; nil for a job without a launcher.
    ///
    /// Throws `SupervisionError.tooFewSlots`, which names the `lost` hosts.
    package func ranks(slots: Int?, lost: [String]) throws(SupervisionError) -> Int? {
        guard let ranks else { return nil }
        guard let slots else { return ranks.upperBound }
        if slots < ranks.lowerBound { throw .tooFewSlots(slots: slots, needed: ranks.lowerBound, lost: lost) }
        return min(slots, ranks.upperBound)
    }

    /// Seconds to wait before the next attempt after `failures` in a row that left no new checkpoint: 0.1, then 1, 2,
    /// 4, … 30.
    package static func pauseSeconds(failures: Int) -> Double {
        failures == 0 ? 0.1 : Double(min(30, 1 << min(failures - 1, 5)))
    }
}
