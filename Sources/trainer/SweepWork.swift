import Collectives
import Foundation
import JobHealth
import Reporting
import Supervision
import Sweeping
import System
import Training

/// Trains the runs of a sweep that have not come to their end, and shows all of them.
struct SweepWork {
    let plan: SweepPlan
    let header: SweepHeader
    let folder: RunDirectory
    let atOnce: Int
    /// The number of the only run to train, from 1; nil for all.
    let task: Int?
    let arguments: (SweepPlan.Run, _ directory: String) -> [String]
    let read: (_ varied: [String]) throws -> RunConfiguration

    /// Gives the program's exit code. Throws ``SweepError``, `SupervisionError`, `ReportingError`, ….
    func run() throws -> Int32 {
        let cores = Binding.ownProcessors
        if atOnce > cores.count { throw SweepError.tooFewCores(atOnce: atOnce, cores: cores.count) }
        try folder.create()
        let lock = try lock()
        defer { withExtendedLifetime(lock) {} }
        let journal = try SweepJournal(in: folder.path, header)
        let waiting = plan.runs.enumerated().filter { number, run in
            (task == nil || task == number + 1)
                && !(journal.last[run.name]?.event == .finished && access(directory(of: run).final, F_OK) == 0)
        }
        let count = task == nil ? plan.runs.count : 1
        try print(
            "sweep: \(NumberText.count(count, "run")) in \(folder.path)"
                + (waiting.count < count ? ", \(count - waiting.count) finished before" : ""))
        let progress = SweepProgress(journal: journal, plan: plan)
        let end = try train(waiting, cores: cores, progress)
        if case .ended(let signal) = end { return 128 + signal }
        try show(journal)
        return progress.exitCode(end)
    }

    private func directory(of run: SweepPlan.Run) -> RunDirectory { RunDirectory("\(folder.path)/\(run.name)") }

    /// What a run prints goes there; nil for a task of an array, which has an output of its own.
    private func log(of run: SweepPlan.Run) -> String? { task == nil ? "\(directory(of: run).path).log" : nil }

    /// Keeps other sweeps out; tasks of an array keep only whole sweeps out.
    private func lock() throws -> RunDirectoryLock {
        let kind = task == nil ? LOCK_EX : LOCK_SH
        do {
            return try RunDirectoryLock(folder) { flock($0, kind | LOCK_NB) == 0 ? 0 : errno }
        } catch .runDirectoryInUse(let path) {
            throw SweepError.inUse(path: path)
        }
    }

    private func train(
        _ waiting: [(offset: Int, element: SweepPlan.Run)], cores: [Int], _ progress: SweepProgress
    ) throws -> JobQueue.End {
        let jobs = waiting.map { _, run in
            JobQueue.Job(
                command: [Job.program] + arguments(run, directory(of: run).path),
                variables: [FailureReport.variable: "1"], log: log(of: run), isSupervisor: run.ranks != nil)
        }
        let queue = JobQueue(
            jobs, atOnce: min(atOnce, max(1, jobs.count)), stoppedCode: ExitCode.stopped.rawValue,
            willStart: { number, place in
                let run = waiting[number].element
                if let problem = problem(with: run) { return problem }
                progress.begins(waiting[number].offset)
                if atOnce > 1 { Binding.run(on: Binding.part(place, of: atOnce, cores)) }
                return nil
            },
            didStart: { _ in if atOnce > 1 { Binding.run(on: cores) } },
            didEnd: { progress.ended(waiting[$0].offset, $1, seconds: $2, log: log(of: waiting[$0].element)) })
        do throws(SupervisionError) {
            return try queue.run()
        } catch {
            throw ErrorReport(text: error.description, code: .internal)
        }
    }

    /// Why a run must not be started; nil where it may.
    private func problem(with run: SweepPlan.Run) -> String? {
        do {
            let present = try read(run.varied)
            if present.resolvedYAML() != run.configuration.resolvedYAML() {
                let differences = try RunConfiguration.differences(
                    from: run.configuration.resolvedYAML(), to: present.resolvedYAML())
                return "\(SweepError.changedConfiguration(differences: differences))"
            }
        } catch {
            return "\(error)"
        }
        // What a sweep that was killed had started may still be saving. Where it does not end, the run itself says so.
        if access(directory(of: run).path, F_OK) == 0 {
            _ = try? RunDirectoryLock(directory(of: run), waitingSeconds: 20) {
                flock($0, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK ? 0 : errno
            }
        }
        return nil
    }

    /// Prints the table and writes page and picture.
    private func show(_ journal: SweepJournal) throws {
        var members = SweepResults.members(in: folder.path, journal.header, journal.last)
        if let task { members = [members[task - 1]] }
        let comparison = try Comparison(
            members, title: folder.path.split(separator: "/").last.map(String.init) ?? "sweep")
        let text = ComparisonTable(comparison).text
        if task != nil {
            return try print("\(text)\n'trainer compare \(folder.path)' shows all runs")
        }
        let files = ComparisonFiles(folder: folder.path, option: "--run")
        try print(text)
        try files.write(comparison, writtenAt: Date().timeIntervalSince1970)
        try print(files.page)
    }
}

/// Tells of runs as they begin and end, and keeps what the sweep's exit code follows from.
private final class SweepProgress {
    private let journal: SweepJournal
    private let plan: SweepPlan
    private var firstFailure: Int32?
    private var journalProblem: String?

    init(journal: SweepJournal, plan: SweepPlan) {
        self.journal = journal
        self.plan = plan
    }

    func begins(_ number: Int) {
        note(SweepEvent(run: plan.runs[number].name, event: .begun))
        say(number, "begins")
    }

    func ended(_ number: Int, _ outcome: JobQueue.Outcome, seconds: Double, log: String?) {
        let name = plan.runs[number].name
        let time = NumberText.duration(seconds)
        switch outcome {
        case .done:
            note(SweepEvent(run: name, event: .finished, seconds: seconds))
            say(number, "finished, \(time)")
        case .stopped:
            note(SweepEvent(run: name, event: .stopped, seconds: seconds))
            say(number, "stopped, \(time); the same command resumes it")
        case .failed(let code, let cause):
            firstFailure = firstFailure ?? code
            note(SweepEvent(run: name, event: .failed, code: code, cause: cause, seconds: seconds))
            say(number, "FAILED with exit code \(code): \(cause)" + (log.map { "; see \($0)" } ?? ""))
        }
    }

    /// 0 where all runs have come to their end.
    func exitCode(_ end: JobQueue.End) -> Int32 {
        if case .stopped = end { return ExitCode.stopped.rawValue }
        return firstFailure ?? (journalProblem == nil ? ExitCode.done.rawValue : ExitCode.internal.rawValue)
    }

    private func say(_ number: Int, _ text: String) {
        // Who has stopped reading does not stop the sweep.
        try? print("[\(number + 1)/\(plan.runs.count)] \(plan.runs[number].name): \(text)")
    }

    /// On a full disk the runs go on; a line that is missing costs a second look at its run.
    private func note(_ event: SweepEvent) {
        do {
            try journal.append(event)
        } catch {
            if journalProblem == nil {
                StandardError.write("warning: the sweep goes on, its journal has a gap: \(error)")
            }
            journalProblem = "\(error)"
        }
    }
}
