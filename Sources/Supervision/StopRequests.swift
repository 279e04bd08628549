import CProcess
import Glibc
import System

/// The signals that ask this program to stop, taken from a descriptor instead of a handler.
///
/// The first asks for an orderly stop. A SIGINT or SIGTERM that comes more than a second later asks for the end at
/// once. SIGUSR1 and SIGUSR2 never do: they are warnings, which batch systems repeat.
final class StopRequests {
    /// Becomes readable when a signal has come, of a child's end as well.
    let descriptor: Int32
    /// The first signal, nil as long as none has come.
    private(set) var first: Int32?
    /// The signal that asked for the end at once.
    private(set) var second: Int32?
    private var firstAt = 0.0

    /// Whether the terminal has asked, since the last call of ``takeSuspension()``, to let the job rest (Ctrl-Z).
    private var wantsSuspension = false

    /// Takes SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2 and SIGTSTP over from now on. Throws `SupervisionError.system`.
    init() throws(SupervisionError) {
        var signals = [SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGCHLD]
        // Neither what nohup has ignored, nor Ctrl-Z where no shell could continue the job.
        for number in [SIGHUP, SIGTSTP] where !StopRequests.isIgnored(number) { signals.append(number) }
        descriptor = process_signal_descriptor(signals, Int32(signals.count))
        if descriptor < 0 { throw .system(operation: "signalfd", code: -descriptor) }
    }

    deinit { close(descriptor) }

    /// Takes note of what has come.
    func update() {
        while true {
            let number = process_next_signal(descriptor)
            if number == 0 { return }
            if number == SIGCHLD { continue }
            if number == SIGTSTP {
                wantsSuspension = true
                continue
            }
            if first == nil {
                first = number
                firstAt = Clock.seconds
            } else if number == SIGINT || number == SIGTERM, Clock.seconds - firstAt > 1, second == nil {
                second = number
            }
        }
    }

    /// Whether the job is to rest; asked once for each request.
    func takeSuspension() -> Bool {
        defer { wantsSuspension = false }
        return wantsSuspension
    }

    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        sigaction(number, nil, &action)
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    /// Waits until a signal comes or the time has passed.
    func wait(seconds: Double) {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        poll(&entry, 1, Int32(max(0, seconds) * 1000))
        update()
    }
}
