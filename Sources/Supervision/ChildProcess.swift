import CProcess
import Foundation

/// A process that this one has started and watches, with everything that descends from it.
///
/// It must be started by a thread that lives as long as the program: when that thread ends, the kernel ends the
/// process.
final class ChildProcess {
    let process: pid_t
    /// How it ended; nil as long as it runs or nobody has asked.
    private(set) var end: ProcessEnd?

    /// Starts `command`, found through PATH, in a process group of its own, with /dev/null as standard input.
    ///
    /// - Parameters:
    ///   - variables: those of its environment that differ from this process's, nil for those that it does not get.
    ///   - output: what becomes its standard output; nil for this process's.
    ///   - errors: the same of its standard error.
    ///   - deathSignal: what the kernel sends it when this process ends, however that happens.
    ///
    /// Throws `SupervisionError.cannotStart`.
    init(
        _ command: [String], variables: [String: String?] = [:], output: Int32? = nil, errors: Int32? = nil,
        deathSignal: Int32
    ) throws(SupervisionError) {
        var environment = ProcessInfo.processInfo.environment
        for (name, value) in variables { environment[name] = value }
        var arguments = command.map { strdup($0) } + [nil]
        var settings = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in arguments + settings { free(text) } }
        let result = process_start(&arguments, &settings, output ?? -1, errors ?? -1, deathSignal)
        if result < 0 { throw .cannotStart(program: command.first ?? "", code: -result) }
        process = result
    }

    /// Whether it has ended.
    func hasEnded() -> Bool {
        if end != nil { return true }
        var status: Int32 = 0
        if waitpid(process, &status, WNOHANG) == process { end = ProcessEnd(status: status) }
        return end != nil
    }

    /// Sends a signal to the process alone.
    func signal(_ number: Int32) { if end == nil { kill(process, number) } }

    /// Stops every descendant of this program and then this program itself, as Ctrl-Z does to a job in one process
    /// group; goes on with them when a shell continues this program.
    func rest() {
        let resting = ProcessTable.descendants(of: getpid())
        for process in resting { kill(process, SIGSTOP) }
        kill(getpid(), SIGSTOP)  // it returns when SIGCONT has come
        for process in resting.reversed() { kill(process, SIGCONT) }
    }

    /// Ends every descendant of this program, in whatever group, and waits until the system has taken them back.
    ///
    /// Descendants that are no longer the child's count too when this program adopts orphans.
    func killAll() {
        for _ in 0..<400 {
            let left = ProcessTable.descendants(of: getpid())
            for process in left { kill(process, SIGKILL) }
            if hasEnded() { while waitpid(-1, nil, WNOHANG) > 0 {} }
            if left.isEmpty && end != nil { return }
            usleep(5_000)
        }
    }
}
