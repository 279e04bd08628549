import Foundation
import Synchronization
import System

/// Says on standard error where a process was when a signal or a call of `exit` ended it in the middle of a job.
///
/// The handlers touch only memory that was prepared, atomics and `write`. Afterwards the signal has its usual effect,
/// so that the exit status and a core file are what the system gives. A variable SWIFT_BACKTRACE that enables Swift's
/// own reports leaves them in place.
package enum CrashReport {
    /// `rank 1 of 4 on node2 (`, or empty in a process without ranks.
    nonisolated(unsafe) private static var start = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 0)
    /// Where the line is put together, by the one thread that ends the process.
    nonisolated(unsafe) private static let line = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 1024)
    nonisolated(unsafe) private static var used = 0
    private static let hasCrashed = Atomic(false)
    private static let isAllowedToExit = Atomic(false)
    private static let crashSignals = [SIGSEGV, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS]

    /// Installs the handlers; again after MPI has started, which installs its own.
    ///
    /// - Parameter rank: the beginning of this rank's messages, `rank 1 of 4 on node2`; nil without ranks.
    package static func install(rank: String?) {
        let text = Array((rank.map { "\($0) (" } ?? "trainer: (").utf8)
        let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: text.count)
        _ = copy.initialize(fromContentsOf: text)
        _ = line.count  // makes sure that the line's memory exists
        start = copy  // the old one stays: a handler may be reading it
        if getenv("SWIFT_BACKTRACE").map({ String(cString: $0) })?.contains("enable=yes") ?? false { return }
        for number in crashSignals {
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { CrashReport.receive($0) }
            action.sa_flags = SA_ONSTACK
            sigaction(number, &action, nil)
        }
    }

    /// From now on a call of `exit` that ``allowExit()`` has not announced is an error, which ends the job.
    package static func guardExit() {
        atexit {
            if CrashReport.isAllowedToExit.load(ordering: .relaxed) { return }
            CrashReport.write(
                "the process called exit before the job was over; the same command resumes from the newest checkpoint\n"
            )
            _exit(ExitCode.internal.rawValue)
        }
    }

    /// The job is over, or has failed in a way that has been told.
    package static func allowExit() { isAllowedToExit.store(true, ordering: .relaxed) }

    private static func receive(_ number: Int32) {
        // Another thread that crashes, too, lets the first finish its line.
        if hasCrashed.exchange(true, ordering: .relaxed) { while true { pause() } }
        signal(number, SIG_DFL)
        switch number {
        case SIGSEGV: write("crashed with SIGSEGV, an access to memory that is not there; ", advises: true)
        case SIGILL, SIGTRAP:
            write(
                "stopped by a check of the program (SIGILL or SIGTRAP; the line before may say which); ", advises: true)
        case SIGFPE: write("crashed with SIGFPE, an arithmetic error; ", advises: true)
        case SIGABRT:
            write("was aborted by a library or the system (SIGABRT; the lines before may say why); ", advises: true)
        default: write("was ended by a signal of the system; ", advises: true)
        }
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, number)
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
        raise(number)
    }

    /// One line, in one call so that ranks' lines do not mix: rank, host and phase, then `text`.
    static func write(_ text: StaticString, advises: Bool = false) {
        let phase = Activity.phase
        used = 0
        put(start)
        put(phase.name)
        if !phase.isWithoutSteps {
            put(" after step ")
            put(number: Activity.step)
        }
        put("): ")
        put(text)
        if advises { put(advice) }
        StandardError.write(UnsafeRawBufferPointer(start: line.baseAddress, count: used))
    }

    private static let advice: StaticString =
        """
        the same command resumes from the newest checkpoint; if it happens again, report it with this line and set \
        SWIFT_BACKTRACE=enable=yes

        """

    private static func put(_ text: StaticString) {
        put(
            UnsafeMutableBufferPointer(
                start: UnsafeMutablePointer(mutating: text.utf8Start), count: text.utf8CodeUnitCount))
    }

    private static func put(_ bytes: UnsafeMutableBufferPointer<UInt8>) {
        for byte in bytes where used < line.count {
            line[used] = byte
            used += 1
        }
    }

    private static func put(number: Int) {
        var divisor = 1
        while number / divisor >= 10 { divisor *= 10 }
        while divisor > 0, used < line.count {
            line[used] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / divisor % 10)
            used += 1
            divisor /= 10
        }
    }
}
