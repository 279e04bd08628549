import Foundation
import Synchronization

/// Remembers that the system, or the run's time limit, asked the process to stop; the loop looks at it between steps.
///
/// A later second signal ends the process at once. Signals within a second count as one: a batch system and `mpirun` often
/// both send theirs.
public enum StopSignal {
    /// A signal's number, −1 for the time limit, 0 for nothing.
    private static let received = Atomic<Int32>(0)
    private static let timeLimit: Int32 = -1
    private static let firstNanoseconds = Atomic<Int>(0)

    /// Takes over SIGTERM, SIGINT, SIGUSR1 and SIGUSR2.
    public static func install() {
        for number in [SIGTERM, SIGINT, SIGUSR1, SIGUSR2] {
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { StopSignal.receive($0) }
            sigaction(number, &action, nil)
        }
    }

    /// Runs in the signal handler: touches atomics and calls only functions that are safe there.
    private static func receive(_ number: Int32) {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        let now = time.tv_sec * 1_000_000_000 + time.tv_nsec
        // A signal that comes when the time limit has asked already is the first of its kind.
        if received.compareExchange(expected: 0, desired: number, ordering: .relaxed).exchanged
            || received.compareExchange(expected: timeLimit, desired: number, ordering: .relaxed).exchanged
        {
            firstNanoseconds.store(now, ordering: .relaxed)
        } else if now - firstNanoseconds.load(ordering: .relaxed) > 1_000_000_000 {
            _exit(128 + number)
        }
    }

    /// Asks the process to stop because its time is nearly up.
    static func requestForTimeLimit() { _ = received.compareExchange(expected: 0, desired: timeLimit, ordering: .relaxed) }

    public static var isRequested: Bool { received.load(ordering: .relaxed) != 0 }

    /// The name of the signal, for messages.
    public static var name: String {
        switch received.load(ordering: .relaxed) {
        case SIGTERM: "SIGTERM"
        case SIGINT: "SIGINT"
        case SIGUSR1: "SIGUSR1"
        case SIGUSR2: "SIGUSR2"
        case timeLimit: "the time limit"
        default: "a stop request"
        }
    }
}
