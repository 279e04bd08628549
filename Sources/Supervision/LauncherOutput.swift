import JobHealth
import System

/// What a job writes to standard error, without what is meant for the supervisor, and without what Open MPI's `mpirun`
/// adds about ranks that have ended: five lines that say less than the rank, or than the supervisor's own line about
/// it.
///
/// `mpirun` puts its messages between lines of dashes. Of those, the ones that are known are left out; all others pass,
/// as do lines outside of them, one by one as they come. What several ranks say in the same words is shown once; who
/// else has said it at the end.
package struct LauncherOutput {
    private var unfinished: [UInt8] = []
    /// The lines of a message of which the end has not come.
    private var message: [UInt8]?
    private var isKnown = false
    private var chorus = RankChorus()
    /// What a message has at most; longer ones are none.
    private static let messageBytes = 1 << 14

    package init() {}

    /// What of `bytes` is to be shown; the rest is left out or has to wait for the end of its line or message.
    package mutating func pass(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        var shown: [UInt8] = []
        for byte in bytes {
            unfinished.append(byte)
            if byte == UInt8(ascii: "\n") || unfinished.count > LauncherOutput.messageBytes {
                read(line: unfinished, into: &shown)
                unfinished.removeAll(keepingCapacity: true)
            }
        }
        return shown
    }

    /// What has waited; for the end of the job.
    package mutating func rest() -> [UInt8] {
        let waited = (isKnown ? [] : message ?? []) + unfinished + chorus.summary.utf8
        self = LauncherOutput()
        return waited
    }

    private mutating func read(line: [UInt8], into shown: inout [UInt8]) {
        let text = String(decoding: line, as: UTF8.self)
        if let mark = text.firstRange(of: FailureReport.mark) {
            shown += text[..<mark.lowerBound].utf8
            return
        }
        let isBorder = line.count > 60 && line.dropLast().allSatisfy { $0 == UInt8(ascii: "-") }
        if var held = message {
            held += line
            isKnown = isKnown || LauncherOutput.known.contains(where: text.contains)
            if isBorder || held.count > LauncherOutput.messageBytes {
                if !isKnown { shown += held }
                message = nil
                isKnown = false
            } else {
                message = held
            }
        } else if isBorder {
            message = line
        } else if !LauncherOutput.knownLines.contains(where: text.contains), !chorus.hasHeard(text) {
            shown += line
        }
    }

    /// Parts of the messages that tell how the job ended.
    private static let known = [
        "MPI_ABORT was invoked on rank", "MPI_Abort was invoked on rank", " noticed that process rank",
        " detected that one or more processes exited with non-zero",
        "Primary job  terminated normally, but",
    ]
    /// Parts of lines about messages that could not be put together, and of a warning about a daemon that was quicker
    /// than `mpirun`, as Open MPI 4 and 5 word them.
    private static let knownLines = [
        "in file ../../../orte/util/show_help.c", "more process has sent help message",
        "more processes have sent help message",
        "Set MCA parameter \"orte_base_help_aggregate\" to 0", "plm:rsh: Warning: setpgid(",
        "plm:ssh: Warning: setpgid(",
    ]
}
