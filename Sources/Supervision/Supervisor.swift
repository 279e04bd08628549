import CProcess
import Foundation
import JobHealth
import System

/// Starts a job, watches it, and starts it again after a failure that a restart can help.
///
/// It holds nothing that training needs: each attempt goes on from the newest good checkpoint, with the ranks that the
/// hosts left allow. The program that uses it must have one thread and no other children.
package struct Supervisor {
    /// Where the newest checkpoint is and which it is, so that a new one can be told from it.
    package struct CheckpointMark: Equatable, Sendable {
        package var step: Int
        /// Differs for every file that was ever written.
        package var identity: String

        package init(step: Int, identity: String) {
            self.step = step
            self.identity = identity
        }
    }

    /// What an attempt is told.
    package struct Assignment: Equatable, Sendable {
        /// Nil without a launcher.
        package var ranks: Int?
        package var hosts: [Host]?
        /// Whether an attempt before this one has written a checkpoint, from which this one has to go on.
        package var hasProgress: Bool
        /// Why the attempt before this one has ended; nil for the first.
        package var restartReason: String?
    }

    package let policy: RestartPolicy
    package let source: HostSource
    /// When, in seconds of a clock that only moves forward, the job must have ended; nil for never.
    package let endSeconds: Double?
    /// The command of an attempt, with variables of its environment that differ from this process's.
    package let command: (Assignment) -> (arguments: [String], variables: [String: String?])
    package let newestCheckpoint: () -> CheckpointMark?

    package init(
        policy: RestartPolicy, source: HostSource, endSeconds: Double?,
        newestCheckpoint: @escaping () -> CheckpointMark?,
        command: @escaping (Assignment) -> (arguments: [String], variables: [String: String?])
    ) {
        self.policy = policy
        self.source = source
        self.endSeconds = endSeconds
        self.newestCheckpoint = newestCheckpoint
        self.command = command
    }

    /// Runs the job to its end and gives the program's exit code. Throws `SupervisionError`.
    package func run() throws(SupervisionError) -> Int32 {
        let requests = try StopRequests()
        let code = process_adopt_orphans()
        if code != 0 { throw SupervisionError.system(operation: "adopt orphans", code: code) }
        var history = History(checkpoint: newestCheckpoint())
        while true {
            let outcome: Attempt.Outcome
            do throws(SupervisionError) {
                guard let next = try attempt(&history, requests) else { return stopped(requests) }
                outcome = next
            } catch {
                if history.attempts == 0 { throw error }
                say("attempt \(history.attempts + 1) is not possible: \(error)")
                return history.firstCauseCode
            }
            let mark = newestCheckpoint()
            let cause = outcome.account.cause(outcome.end, of: policy.ranks == nil ? "the process" : "mpirun")
            history.record(outcome, cause: cause, code: exitCode(outcome), checkpoint: mark)
            if let end = conclude(outcome, history, requests) { return end }
            requests.wait(seconds: RestartPolicy.pauseSeconds(failures: history.failuresWithoutProgress))
        }
    }

    // MARK: - One attempt

    /// What has happened so far.
    struct History {
        var attempts = 0
        var checkpoint: CheckpointMark?
        var hasProgress = false
        var failuresWithoutProgress = 0
        /// Whether an attempt got beyond its start: it wrote a checkpoint, failed while it trained, or for a reason
        /// that is no start's.
        var hasTrained = false
        /// Left out from now on.
        var lostHosts: [String] = []
        /// Whose memory is in doubt since the last attempt.
        var suspectHosts: [String] = []
        var cause = ""
        var firstCauseCode: Int32 = 0

        init(checkpoint: CheckpointMark?) { self.checkpoint = checkpoint }

        /// What the same command does.
        var resumption: String { checkpoint.map { "resumes from step \($0.step)" } ?? "begins anew" }

        mutating func record(_ outcome: Attempt.Outcome, cause: String, code: Int32, checkpoint mark: CheckpointMark?) {
            attempts += 1
            self.cause = cause
            firstCauseCode = code
            let isNew = mark != nil && mark != checkpoint
            hasProgress = hasProgress || isNew
            // An attempt before this one has failed for a reason that a restart could help: it was started rightly.
            hasTrained = hasProgress || outcome.account.hadStarted || attempts > 1
            failuresWithoutProgress = isNew ? 0 : failuresWithoutProgress + 1
            checkpoint = mark
            for host in outcome.account.lostHosts where !lostHosts.contains(host) { lostHosts.append(host) }
            suspectHosts = outcome.account.suspectHosts
        }
    }

    /// The hosts that are left for the next attempt; nil for this machine alone, or when a stop was requested.
    private func hostsLeft(_ history: inout History, _ requests: StopRequests) throws(SupervisionError) -> [Host]? {
        guard let listed = try source.hosts() else { return nil }
        var left = listed.filter { host in !history.lostHosts.contains(where: host.isNamed) }
        if policy.restarts > 0, let probe = HostProbe(ProcessInfo.processInfo.environment) {
            let silent = try probe.unreachable(left, until: requests)
            if requests.first != nil { return nil }
            if !silent.isEmpty { say("without \(silent.joined(separator: ", ")): cannot be reached") }
            history.lostHosts += silent
            left.removeAll { silent.contains($0.name) }
        }
        let trusted = left.filter { host in !history.suspectHosts.contains(where: host.isNamed) }
        if trusted.count < left.count, let ranks = policy.ranks,
            trusted.reduce(0, { $0 + $1.slots }) >= ranks.lowerBound
        {
            let doubted = left.filter { !trusted.contains($0) }.map(\.name)
            say("without \(doubted.joined(separator: ", ")): most ranks agree against it; test its memory")
            history.lostHosts += doubted
            left = trusted
        }
        return left
    }

    /// Runs the next attempt; nil when a stop was requested or the time was over before it began.
    private func attempt(_ history: inout History, _ requests: StopRequests) throws(SupervisionError) -> Attempt
        .Outcome?
    {
        requests.update()
        if requests.first != nil || isOver { return nil }
        let hosts = try hostsLeft(&history, requests)
        if requests.first != nil { return nil }
        let ranks = try policy.ranks(slots: hosts?.reduce(0) { $0 + $1.slots }, lost: history.lostHosts)
        let folder = ranks == nil ? nil : try SessionFolder()
        defer { folder?.remove() }
        let assignment = Assignment(
            ranks: ranks, hosts: hosts, hasProgress: history.hasProgress,
            restartReason: history.attempts == 0 ? nil : history.cause)
        if history.attempts > 0 {
            say(
                "attempt \(history.attempts + 1) of "
                    + "\(policy.restarts + 1)\(ranks.map { " with \($0) rank\($0 == 1 ? "" : "s")" } ?? "") "
                    + (history.checkpoint.map { "from step \($0.step)" } ?? "from the beginning"))
        }
        var (arguments, variables) = command(assignment)
        if let folder { variables.updateValue(folder.path, forKey: "TMPDIR") }
        if let folder { variables.updateValue(folder.path, forKey: ActivityRecord.folderVariable) }
        var outcome = try Attempt(
            command: arguments, variables: variables, isLauncher: ranks != nil, requests: requests
        ).run()
        if let folder, outcome.end != .exited(0), !outcome.wasToldToStop, !ActivityRecord.hasAny(in: folder.path),
            hosts == nil
        {
            outcome.account.setLaunchProblem(
                Supervisor.launchProblem(ProcessInfo.processInfo.environment, hostName: HostName.own))
        }
        // Of a rank of this machine that a signal has ended without a word, its record tells; launchers word it anew.
        if let folder, outcome.end.exitCode > 128, !outcome.wasToldToStop,
            let rank = ActivityRecord.silentRanks(in: folder.path).first
        {
            outcome.account.setKilled(
                rank: rank, host: HostName.own, signal: outcome.end.exitCode - 128)
        }
        if let folder, let rank = outcome.account.killedRank {
            outcome.account.setPlace(ofKilledRank: ActivityRecord.place(ofRank: rank, in: folder.path))
        }
        return outcome
    }

    /// Why `mpirun` may have started no rank on this machine, for somebody who has read what it says.
    static func launchProblem(_ environment: [String: String], hostName: String) -> String {
        // Open MPI 4 copies the name into memory for fewer characters.
        if hostName.utf8.count > 56 {
            return "mpirun has started no rank: this machine's name has \(hostName.utf8.count) characters, and Open "
                + "MPI breaks off at names of more than 56; give it a shorter one with 'hostname NAME'"
        }
        let allocation = ["SLURM_NODELIST", "SLURM_JOB_NODELIST", "PBS_NODEFILE", "PE_HOSTFILE", "LSB_HOSTS"]
            .filter { environment[$0] != nil }
        let remedy =
            allocation.isEmpty
            ? "try 'mpirun -np 1 hostname', which must work"
            : "\(allocation.joined(separator: ", ")) may be left over from another job: unset "
                + "\(allocation.count == 1 ? "it" : "them"), or run inside the job"
        return "mpirun has started no rank, for the reason above; \(remedy)"
    }

    /// The code of an attempt's first cause; what is no rank's own becomes that of the policy.
    private func exitCode(_ outcome: Attempt.Outcome) -> Int32 {
        outcome.account.isHostFailure || outcome.isWithoutCode ? policy.hostFailureCode : outcome.end.exitCode
    }

    // MARK: - What follows

    /// The program's exit code when the job is over, else nil; says in one line why and what comes next.
    private func conclude(_ outcome: Attempt.Outcome, _ history: History, _ requests: StopRequests) -> Int32? {
        if let number = requests.second { return 128 + number }
        let verdict = policy.verdict(
            outcome.end, isPermanent: outcome.account.isPermanent, attempt: history.attempts,
            hasTrained: history.hasTrained)
        switch verdict {
        case .done: return 0
        case .stopped: return policy.stoppedCode
        case .permanent:
            if history.attempts > 1 || policy.restarts > 0 {
                say("not started again, because the same would happen: \(history.cause)")
            }
            return history.firstCauseCode
        case .restart, .exhausted: break
        }
        if outcome.wasToldToStop {
            // A process that did not listen yet has died of the request, and so there was nothing to save.
            if outcome.end.exitCode == 128 + SIGUSR1 { return stopped(requests) }
            tell(outcome, history)
            return history.firstCauseCode
        }
        if isOver {
            tell(outcome, history)
            return stopped(requests)
        }
        let account =
            "attempt \(history.attempts) of \(policy.restarts + 1) failed after \(Int(outcome.seconds)) s: "
            + "\(history.cause)"
        if verdict == .restart {
            say(account)
            return nil
        }
        if policy.restarts > 0 {
            say(
                "\(account); that was the last one: remove the cause and give the same command, which "
                    + "\(history.resumption)"
            )
        } else {
            tell(outcome, history)
        }
        return history.firstCauseCode
    }

    /// Says what ended the job, unless a rank has.
    private func tell(_ outcome: Attempt.Outcome, _ history: History) {
        if outcome.account.isTold { return }
        let advice = outcome.account.killedRank == nil ? "" : "; look at its host (dmesg tells when memory ran out)"
        say("\(history.cause)\(advice); the same command \(history.resumption)")
    }

    private var isOver: Bool { endSeconds.map { Clock.seconds >= $0 } ?? false }

    /// Tells that the job was stopped between two attempts.
    private func stopped(_ requests: StopRequests) -> Int32 {
        say("stopped by \(requests.first.map(SignalName.of) ?? "the time limit"); the same command resumes")
        return policy.stoppedCode
    }

    private func say(_ line: String) { StandardError.write("trainer: " + line) }
}
