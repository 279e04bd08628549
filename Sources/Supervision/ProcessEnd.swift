import CProcess

/// How a process ended.
package enum ProcessEnd: Equatable, Sendable {
    case exited(Int32)
    /// Ended by this signal.
    case signaled(Int32)

    /// From the status that `waitpid` gives.
    init(status: Int32) { self = status & 0x7F == 0 ? .exited((status >> 8) & 0xFF) : .signaled(status & 0x7F) }

    /// What a shell would report: the exit code, or 128 + the signal's number.
    package var exitCode: Int32 {
        switch self {
        case .exited(let code): code
        case .signaled(let number): 128 + number
        }
    }
}

/// Names of signals, for messages.
enum SignalName {
    /// `SIGKILL` for 9; `signal 40` for those without a name of their own.
    static func of(_ number: Int32) -> String {
        guard let name = process_signal_name(number) else { return "signal \(number)" }
        return "SIG" + String(cString: name)
    }
}
