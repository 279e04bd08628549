import Foundation
import JobHealth
import System

/// Runs jobs of this machine, so many at once, and stops them in order when this program is asked to stop.
///
/// A job that fails is told, and the others go on. The program that uses it must have one thread and no other children.
package struct JobQueue {
    /// What is to be run.
    package struct Job: Sendable {
        package var command: [String]
        /// Variables of its environment that differ from this process's, nil for those that it does not get.
        package var variables: [String: String?]
        /// The file that gets what it writes; nil for what this program writes to.
        package var log: String?
        /// Whether it has processes of its own, which it ends itself when it is asked to.
        package var isSupervisor: Bool

        package init(command: [String], variables: [String: String?] = [:], log: String?, isSupervisor: Bool) {
            self.command = command
            self.variables = variables
            self.log = log
            self.isSupervisor = isSupervisor
        }
    }

    /// What became of a job.
    package enum Outcome: Equatable, Sendable {
        case done
        /// It was asked to stop and has saved.
        case stopped
        case failed(code: Int32, cause: String)
    }

    /// How the jobs ended all together.
    package enum End: Equatable, Sendable {
        /// All of them have run.
        case all
        /// A stop was requested, or a job has stopped by itself, as before a time limit; the rest was not begun.
        case stopped
        /// A second request has ended everything at once.
        case ended(signal: Int32)
    }

    package let jobs: [Job]
    /// How many run at the same time.
    package let atOnce: Int
    /// The exit code of a job that was asked to stop and has saved.
    package let stoppedCode: Int32
    /// Called before a job is started in a place 0 ..< atOnce, and after it: between them, processors can be set that
    /// the job inherits. A text that `willStart` gives is why the job must not run, which counts as its failure.
    package let willStart: (_ job: Int, _ place: Int) -> String?
    package let didStart: (_ job: Int) -> Void
    package let didEnd: (_ job: Int, Outcome, _ seconds: Double) -> Void

    package init(
        _ jobs: [Job], atOnce: Int, stoppedCode: Int32,
        willStart: @escaping (_ job: Int, _ place: Int) -> String? = { _, _ in nil },
        didStart: @escaping (_ job: Int) -> Void = { _ in },
        didEnd: @escaping (_ job: Int, Outcome, _ seconds: Double) -> Void
    ) {
        self.jobs = jobs
        self.atOnce = atOnce
        self.stoppedCode = stoppedCode
        (self.willStart, self.didStart, self.didEnd) = (willStart, didStart, didEnd)
    }

    /// Runs all jobs to their ends. Throws `SupervisionError`.
    package func run() throws(SupervisionError) -> End {
        let requests = try StopRequests()
        var running: [QueuedJob?] = Array(repeating: nil, count: max(1, atOnce))
        var next = 0
        var hasStopped = false
        while true {
            requests.update()
            if requests.takeSuspension() { running.compactMap(\.self).first?.rest() }
            if let signal = requests.second {
                for job in running.compactMap(\.self) { job.killAll() }
                return .ended(signal: signal)
            }
            hasStopped = hasStopped || requests.first != nil
            while !hasStopped, next < jobs.count, let place = running.firstIndex(where: { $0 == nil }) {
                running[place] = start(next, place)
                next += 1
            }
            let present = running.compactMap(\.self)
            if present.isEmpty { return hasStopped ? .stopped : .all }
            JobQueue.wait(for: present, requests)
            for (place, job) in running.enumerated() {
                guard let job else { continue }
                job.read()
                if requests.first != nil { job.askToStop() }
                guard let end = job.end() else { continue }
                let outcome = outcome(end, of: job, wasAsked: requests.first != nil)
                // What one is told by its time limit, the others are or will be told too.
                hasStopped = hasStopped || outcome == .stopped
                didEnd(job.number, outcome, job.seconds)
                running[place] = nil
            }
        }
    }

    /// Starts a job; nil where that is not possible, which is the job's failure.
    private func start(_ number: Int, _ place: Int) -> QueuedJob? {
        let reason = willStart(number, place)
        defer { didStart(number) }
        if let reason {
            didEnd(number, .failed(code: ExitCode.usage.rawValue, cause: reason), 0)
            return nil
        }
        do throws(SupervisionError) {
            return try QueuedJob(jobs[number], number: number)
        } catch {
            didEnd(number, .failed(code: ExitCode.internal.rawValue, cause: error.description), 0)
            return nil
        }
    }

    private func outcome(_ end: ProcessEnd, of job: QueuedJob, wasAsked: Bool) -> Outcome {
        switch end {
        case .exited(0): .done
        case .exited(stoppedCode): .stopped
        // A process that did not listen yet has died of the request.
        case .signaled(SIGUSR1) where wasAsked: .stopped
        default: .failed(code: end.exitCode, cause: job.cause(end))
        }
    }

    /// Waits until a job has written or ended, or a signal has come.
    private static func wait(for jobs: [QueuedJob], _ requests: StopRequests) {
        var entries = jobs.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        entries.append(pollfd(fd: requests.descriptor, events: Int16(POLLIN), revents: 0))
        poll(&entries, nfds_t(entries.count), requests.first != nil ? 50 : 500)
        // A process that has closed its standard error, or is just ending, would be asked without a pause.
        let isClosed = entries.dropLast().contains {
            $0.revents & Int16(POLLHUP) != 0 && $0.revents & Int16(POLLIN) == 0
        }
        if isClosed { requests.wait(seconds: 0.05) }
    }
}

/// A job that runs.
private final class QueuedJob {
    let number: Int
    /// From which its standard error is read.
    let descriptor: Int32
    private let child: ChildProcess
    /// Of the log; nil without one.
    private let log: Int32?
    private let start = Clock.seconds
    private var account = FailureAccount()
    private var output = LauncherOutput()
    private var told = FirstComplaint()
    private var stop = StopDelivery(isLauncher: false)

    /// Starts it. Throws `SupervisionError`.
    init(_ job: JobQueue.Job, number: Int) throws(SupervisionError) {
        var ends: [Int32] = [0, 0]
        if pipe(&ends) != 0 { throw .system(operation: "pipe", code: errno) }
        for end in ends where fcntl(end, F_SETFD, FD_CLOEXEC) != 0 { throw .system(operation: "pipe", code: errno) }
        if fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0 { throw .system(operation: "pipe", code: errno) }
        let log = job.log.map { path in
            let log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
            // On a full disk jobs go on without a log.
            return log < 0 ? open("/dev/null", O_WRONLY | O_CLOEXEC) : log
        }
        do throws(SupervisionError) {
            child = try ChildProcess(
                job.command, variables: job.variables, output: log, errors: ends[1],
                deathSignal: job.isSupervisor ? SIGTERM : SIGKILL)
        } catch {
            for end in ends { close(end) }
            if let log { close(log) }
            throw error
        }
        close(ends[1])
        self.number = number
        self.log = log
        descriptor = ends[0]
    }

    deinit {
        close(descriptor)
        if let log { close(log) }
    }

    var seconds: Double { Clock.seconds - start }

    func rest() { child.rest() }
    func killAll() { child.killAll() }
    func askToStop() { stop.deliver(to: child, afterSeconds: 10) }

    /// How it has ended; nil while it runs.
    func end() -> ProcessEnd? {
        guard child.hasEnded() else { return nil }
        read()
        keep(output.rest())
        return child.end
    }

    /// Reads what it has written to standard error.
    func read() {
        var buffer = [UInt8](repeating: 0, count: 1 << 14)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            if count <= 0 { return }
            account.read(buffer[..<count])
            keep(output.pass(buffer[..<count]))
        }
    }

    /// The first cause of its failure.
    func cause(_ end: ProcessEnd) -> String {
        let known = account.cause(end, of: "the run")
        if account.isTold { return known }
        if case .exited = end, let line = told.line { return line }
        return known
    }

    private func keep(_ bytes: [UInt8]) {
        told.read(bytes)
        bytes.withUnsafeBytes { _ = StandardError.write($0, to: log ?? STDERR_FILENO) }
    }
}

/// The first line of what a job has written to standard error that is no remark: that of a process which tells nobody
/// by code why it ends, as one that has ranks of its own.
package struct FirstComplaint: Sendable {
    package private(set) var line: String?
    private var unfinished: [UInt8] = []

    package init() {}

    /// Reads what has come, in pieces of any length.
    package mutating func read(_ bytes: [UInt8]) {
        for byte in bytes where line == nil {
            if byte != UInt8(ascii: "\n") {
                if unfinished.count < 4096 { unfinished.append(byte) }
                continue
            }
            let text = String(decoding: unfinished, as: UTF8.self)
            unfinished.removeAll()
            let isRemark = ["warning: ", "note: ", "WARNING", "["].contains(where: text.hasPrefix)
            if !isRemark, text.contains(where: \.isLetter) { line = String(text.trimmingPrefix("trainer: ")) }
        }
    }
}
