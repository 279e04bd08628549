import FaultInjection
import Foundation
import Synchronization
import System

/// Says on standard error where a process was when a signal or a call of `exit` ended it in the middle of a job.
///
/// The handlers touch only memory that was prepared, atomics and `write`. Afterwards the signal has its usual effect,
/// so that the exit status and a core file are what the system gives. A variable SWIFT_BACKTRACE that enables Swift's
/// own reports leaves them in place.
package enum CrashReport {
    /// What is prepared for a process's line; never freed, because a handler may be reading it.
    private struct Prepared {
        /// `rank 1 of 4 on node2 (`
        var sentence = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 0)
        /// The beginning of the line for the supervisor, up to the phase; empty where nobody asks for one.
        var line = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 0)
    }

    nonisolated(unsafe) private static var prepared = Prepared()
    nonisolated(unsafe) private static var isGarbled = false
    /// Where the message is put together, by the one thread that ends the process.
    nonisolated(unsafe) private static let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 2048)
    nonisolated(unsafe) private static var used = 0
    private static let hasCrashed = Atomic(false)
    private static let isAllowedToExit = Atomic(false)
    private static let crashSignals = [SIGSEGV, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS]

    /// Installs the handlers; again after MPI has started, which installs its own.
    ///
    /// - Parameter name: this rank's in messages; nil without ranks.
    package static func install(_ name: RankName?) {
        var next = Prepared()
        next.sentence = copy(name.map { "\($0) (" } ?? "trainer: (")
        if getenv(FailureReport.variable) != nil {
            let size = name?.worldSize.map { ",\"worldSize\":\($0)" } ?? ""
            let rank = name.map {
                "\"name\":{\"host\":\(JSONText.quoted($0.host)),\"rank\":\($0.rank)\(size)},"
            }
            next.line = copy(FailureReport.mark + "{\"isAgreed\":false,\(rank ?? "")\"phase\":")
        }
        isGarbled = GarbledText.isAsked
        _ = buffer.count  // makes sure that the memory exists
        prepared = next
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
                "the process called exit before the job was over; the same command resumes from the newest checkpoint",
                .crash, code: ExitCode.internal.rawValue)
            _exit(ExitCode.internal.rawValue)
        }
    }

    /// The job is over, or has failed in a way that has been told.
    package static func allowExit() { isAllowedToExit.store(true, ordering: .relaxed) }

    private static func receive(_ number: Int32) {
        // Another thread that crashes, too, lets the first finish its line.
        if hasCrashed.exchange(true, ordering: .relaxed) { while true { pause() } }
        signal(number, SIG_DFL)
        write(meaning(of: number), .crash, code: 128 + number, advises: true)
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, number)
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
        raise(number)
    }

    private static func meaning(of number: Int32) -> StaticString {
        switch number {
        case SIGSEGV: "crashed with SIGSEGV, an access to memory that is not there"
        case SIGILL, SIGTRAP: "stopped by a check of the program (SIGILL or SIGTRAP; the line before may say which)"
        case SIGFPE: "crashed with SIGFPE, an arithmetic error"
        case SIGABRT: "was aborted by a library or the system (SIGABRT; the lines before may say why)"
        default: "was ended by a signal of the system"
        }
    }

    /// One message, in one call so that ranks' lines do not mix: what a ``FailureReport`` of this text would write.
    ///
    /// - Parameters:
    ///   - text: what happened, and what to do unless it `advises` the usual; nothing that JSON would escape.
    static func write(_ text: StaticString, _ kind: ErrorReport.Kind, code: Int32, advises: Bool = false) {
        ActivityRecord.speak()
        let phase = Activity.phase
        let step = Activity.step
        used = 0
        if !prepared.line.isEmpty {
            put(prepared.line)
            put(number: Int(phase.rawValue))
            put(",\"step\":")
            put(number: step)
            put(",\"error\":{\"suspectHosts\":[],\"kind\":\"")
            put(kind.name)
            put("\",\"code\":")
            put(number: Int(code))
            put(",\"text\":\"")
            put(sentence: text, advises)
            put("\"}}\n")
        }
        let start = used
        put(prepared.sentence)
        put(phase.name)
        if !phase.isWithoutSteps {
            put(" after step ")
            put(number: step)
        }
        put("): ")
        if isGarbled { garble(from: start) }
        put(sentence: text, advises)
        put("\n")
        StandardError.write(UnsafeRawBufferPointer(start: buffer.baseAddress, count: used))
    }

    private static let advice: StaticString =
        """
        ; the same command resumes from the newest checkpoint; if it happens again, report it with this line and set \
        SWIFT_BACKTRACE=enable=yes
        """

    private static func put(sentence text: StaticString, _ advises: Bool) {
        let start = used
        put(text)
        if advises { put(advice) }
        if isGarbled { garble(from: start) }
    }

    /// As `GarbledText`, for what has been put since `start`.
    private static func garble(from start: Int) {
        for place in start..<used where buffer[place] != UInt8(ascii: " ") { buffer[place] = UInt8(ascii: "x") }
    }

    /// A copy of `text` that is never freed.
    private static func copy(_ text: String) -> UnsafeMutableBufferPointer<UInt8> {
        let bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: text.utf8.count)
        _ = bytes.initialize(fromContentsOf: Array(text.utf8))
        return bytes
    }

    private static func put(_ text: StaticString) {
        put(
            UnsafeMutableBufferPointer(
                start: UnsafeMutablePointer(mutating: text.utf8Start), count: text.utf8CodeUnitCount))
    }

    private static func put(_ bytes: UnsafeMutableBufferPointer<UInt8>) {
        for byte in bytes where used < buffer.count {
            buffer[used] = byte
            used += 1
        }
    }

    private static func put(number: Int) {
        var divisor = 1
        while number / divisor >= 10 { divisor *= 10 }
        while divisor > 0, used < buffer.count {
            buffer[used] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / divisor % 10)
            used += 1
            divisor /= 10
        }
    }
}
