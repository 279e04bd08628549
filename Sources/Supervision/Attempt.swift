import Glibc
import System

/// One start of a job, watched from its first process to its last.
struct Attempt {
    /// What became of it.
    struct Outcome {
        var end: ProcessEnd
        var account: FailureAccount
        var seconds: Double
        /// Whether the job was told to stop while it ran.
        var wasToldToStop: Bool
        /// Whether it had to be ended and no rank's exit code is known.
        var isWithoutCode: Bool
    }

    /// Seconds that `mpirun` gets to end a job that it knows to be over; a host that is gone can keep it for minutes.
    static let endingSeconds = 2.0
    /// Seconds that it gets after a rank has said why it ends; it does not always tell that it knows.
    static let rankEndingSeconds = 3.0
    /// The same where all ranks know of the failure and leave in order, which a busy machine may take a while over.
    static let agreedEndingSeconds = 8.0
    /// Seconds that a stop request waits at most for processes that do not listen to it yet.
    private static let deafSeconds = 10.0

    let command: [String]
    /// Variables of its environment that differ from this process's, nil for those that it does not get.
    let variables: [String: String?]
    /// Whether the command is a launcher, which passes SIGUSR1 on to its ranks.
    let isLauncher: Bool
    let requests: StopRequests

    /// Runs it to its end; nothing that it has started on this machine is left then. Throws `SupervisionError`.
    func run() throws(SupervisionError) -> Outcome {
        var ends: [Int32] = [0, 0]
        if pipe(&ends) != 0 { throw .system(operation: "pipe", code: errno) }
        let reader = ends[0], writer = ends[1]
        for end in ends where fcntl(end, F_SETFD, FD_CLOEXEC) != 0 { throw .system(operation: "pipe", code: errno) }
        if fcntl(reader, F_SETFL, O_NONBLOCK) != 0 { throw .system(operation: "pipe", code: errno) }
        defer { close(reader) }
        let start = Clock.seconds
        let child: ChildProcess
        do throws(SupervisionError) {
            // mpirun puts its house in order on SIGTERM; a process alone has nothing to put in order.
            child = try ChildProcess(
                command, variables: variables, errors: writer, deathSignal: isLauncher ? SIGTERM : SIGKILL)
        } catch {
            close(writer)
            throw error
        }
        close(writer)
        var account = FailureAccount()
        var output = LauncherOutput()
        let wasToldToStop = watch(child, reader, &account, &output)
        let ownEnd = child.end
        child.killAll()
        forward(reader, &account, &output)
        write(output.rest())
        // A launcher that had to be ended cannot pass on the exit code that a rank gave.
        let end = ownEnd ?? account.exitCode.map(ProcessEnd.exited) ?? .signaled(SIGKILL)
        return Outcome(
            end: end, account: account, seconds: Clock.seconds - start, wasToldToStop: wasToldToStop,
            isWithoutCode: ownEnd == nil && account.exitCode == nil)
    }

    /// Passes messages and stop requests on until the process ends or has to be ended; gives whether it was told to
    /// stop.
    private func watch(
        _ child: ChildProcess, _ reader: Int32, _ account: inout FailureAccount, _ output: inout LauncherOutput
    ) -> Bool {
        var stop = StopDelivery(isLauncher: isLauncher)
        var ending = Ending()
        while !child.hasEnded() {
            var entries = [
                pollfd(fd: reader, events: Int16(POLLIN), revents: 0),
                pollfd(fd: requests.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            poll(&entries, 2, stop.isPending || ending.hasBegun ? 50 : 500)
            let isClosed = entries[0].revents & Int16(POLLHUP) != 0 && entries[0].revents & Int16(POLLIN) == 0
            // the process has closed its standard error, or is just ending
            if isClosed { requests.wait(seconds: 0.05) }
            forward(reader, &account, &output)
            requests.update()
            if requests.takeSuspension() { child.rest() }
            if requests.second != nil { break }
            if requests.first != nil { stop.deliver(to: child, afterSeconds: Attempt.deafSeconds) }
            if isLauncher, ending.isOverdue(account) { break }
        }
        return requests.first != nil
    }

    /// What cannot be written is lost, which is no reason to end a job.
    private func write(_ bytes: [UInt8]) { bytes.withUnsafeBytes { _ = StandardError.write($0) } }

    /// Reads what the job has written to standard error, and copies what people need of it.
    private func forward(_ reader: Int32, _ account: inout FailureAccount, _ output: inout LauncherOutput) {
        var buffer = [UInt8](repeating: 0, count: 1 << 14)
        while true {
            let count = read(reader, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            if count <= 0 { return }
            account.read(buffer[..<count])
            write(output.pass(buffer[..<count]))
        }
    }
}

/// The time that a launcher has left to end a job in which something has failed.
private struct Ending {
    private var limit: Double?
    private var wasKnownToLauncher = false

    /// Whether something has failed.
    var hasBegun: Bool { limit != nil }

    /// Whether the launcher has had its time.
    mutating func isOverdue(_ account: FailureAccount) -> Bool {
        let now = Clock.seconds
        if limit == nil, account.hasRankEnded {
            limit = now + (account.isAgreed ? Attempt.agreedEndingSeconds : Attempt.rankEndingSeconds)
        }
        if account.isEnding, !wasKnownToLauncher {
            wasKnownToLauncher = true
            limit = min(limit ?? .infinity, now + Attempt.endingSeconds)
        }
        return limit.map { now > $0 } ?? false
    }
}

/// Brings a stop request to a job once, as soon as its processes listen.
///
/// A rank that has just been started would die of the signal, and `mpirun` forwards none to ranks that it has yet to
/// start.
struct StopDelivery {
    let isLauncher: Bool
    /// Whether a request waits for processes that do not listen yet.
    var isPending: Bool { requestedAt != nil && !isDelivered }
    private var requestedAt: Double?
    private var isDelivered = false

    init(isLauncher: Bool) { self.isLauncher = isLauncher }

    mutating func deliver(to child: ChildProcess, afterSeconds patience: Double) {
        if isDelivered { return }
        let now = Clock.seconds
        let since = requestedAt ?? now
        requestedAt = since
        guard isListening(child) || now - since > patience else { return }
        child.signal(SIGUSR1)  // mpirun ends its job when it gets another one
        isDelivered = true
    }

    /// Whether the process, and the ranks of this machine where it has any, have handlers for the signal.
    private func isListening(_ child: ChildProcess) -> Bool {
        guard ProcessTable.catches(SIGUSR1, child.process) else { return false }
        if !isLauncher { return true }
        let own = ProcessTable.executable(of: getpid())
        let ranks = ProcessTable.descendants(of: child.process).filter { ProcessTable.executable(of: $0) == own }
        return !ranks.isEmpty && ranks.allSatisfy { ProcessTable.catches(SIGUSR1, $0) }
    }
}
