import Foundation
import Synchronization

/// Remembers that the system, or the run's time limit, asked the process to stop; the loop looks at it between steps.
///
/// A second SIGINT or SIGTERM ends the process at once if it comes more than a second after the first signal. Signals
/// within a second count as one: a batch system and `mpirun` often both send theirs. SIGUSR1 and SIGUSR2 never end it:
/// they are warnings, which batch systems repeat (Slurm's `--signal` for each step of the job, Grid Engine's `-notify`
/// one before each of STOP and KILL). Nor does SIGHUP, by which a terminal says that it is gone.
package enum StopSignal {
    /// A signal's number, −1 for the time limit, 0 for nothing.
    private static let received = Atomic<Int32>(0)
    private static let timeLimit: Int32 = -1
    private static let firstNanoseconds = Atomic<Int>(0)

    private static let mainThread = Atomic<pthread_t>(0)
    private static let signals = [SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2]

    /// Holds SIGTERM, SIGINT, SIGHUP, SIGUSR1 and SIGUSR2 back until ``install()`` or ``release()``, across `exec` as
    /// well.
    ///
    /// Called before anything else, so that a signal in the course of the start is not one that kills. Libraries may
    /// have threads by then, which hold nothing back: they hand signals to the main thread.
    package static func hold() {
        mainThread.store(pthread_self(), ordering: .relaxed)
        change(SIG_BLOCK)
        for number in signals where !isIgnored(number) {
            handle(number) { _ = pthread_kill(StopSignal.mainThread.load(ordering: .relaxed), $0) }
        }
    }

    /// Lets them through, with their usual effect; what has been held back comes now.
    package static func release() {
        for number in signals where !isIgnored(number) { handle(number, SIG_DFL) }
        change(SIG_UNBLOCK)
    }

    /// Takes the signals over and lets them through. Threads that are started afterwards do, too.
    package static func install() {
        // Whoever started it with nohup wants it to go on without its terminal.
        for number in signals where number != SIGHUP || !isIgnored(SIGHUP) {
            handle(number) { StopSignal.receive($0) }
        }
        change(SIG_UNBLOCK)
    }

    private static func handle(_ number: Int32, _ handler: __sighandler_t?) {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = handler
        sigaction(number, &action, nil)
    }

    /// Whether who started this program has it ignore a signal, as shells do with SIGINT for commands in the
    /// background.
    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        sigaction(number, nil, &action)
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    private static func change(_ how: Int32) {
        var set = sigset_t()
        sigemptyset(&set)
        for number in signals { sigaddset(&set, number) }
        pthread_sigmask(how, &set, nil)
    }

    /// Runs in the signal handler: touches atomics and calls only functions that are safe there.
    private static func receive(_ number: Int32) {
        // A launcher ends the ranks that are left by SIGTERM.
        if number == SIGTERM { ActivityRecord.speak() }
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        let now = time.tv_sec * 1_000_000_000 + time.tv_nsec
        // A signal that comes when the time limit has asked already is the first of its kind.
        if received.compareExchange(expected: 0, desired: number, ordering: .relaxed).exchanged
            || received.compareExchange(expected: timeLimit, desired: number, ordering: .relaxed).exchanged
        {
            firstNanoseconds.store(now, ordering: .relaxed)
        } else if number == SIGTERM || number == SIGINT, now - firstNanoseconds.load(ordering: .relaxed) > 1_000_000_000
        {
            _exit(128 + number)
        }
    }

    /// Asks the process to stop because its time is nearly up.
    package static func requestForTimeLimit() {
        _ = received.compareExchange(expected: 0, desired: timeLimit, ordering: .relaxed)
    }

    package static var isRequested: Bool { received.load(ordering: .relaxed) != 0 }

    /// The name of the signal, for messages.
    package static var name: String {
        switch received.load(ordering: .relaxed) {
        case SIGTERM: "SIGTERM"
        case SIGINT: "SIGINT"
        case SIGHUP: "SIGHUP (its terminal is gone)"
        case SIGUSR1: "SIGUSR1"
        case SIGUSR2: "SIGUSR2"
        case timeLimit: "the time limit"
        default: "a stop request"
        }
    }
}
