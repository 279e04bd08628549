import JobHealth

/// Why a sweep can't be made; every text ends with what to do.
package enum SweepError: CodedError, Equatable, CustomStringConvertible {
    /// An option that says nothing of use; `reason` ends with what to do.
    case option(String, reason: String)
    /// Nothing varies.
    case nothingVaries
    /// Two runs that would be the same.
    case sameRuns(String, String)
    case tooManyRuns(Int)
    /// A run number that there is none of.
    case noTask(Int, runs: Int)
    /// The directory of another sweep; `difference` says what is different.
    case otherSweep(path: String, difference: String)
    /// The directory of a run.
    case runDirectory(path: String)
    /// The journal's first line can't be read.
    case damagedJournal(path: String)
    /// Another sweep is at work there.
    case inUse(path: String)
    /// More jobs at once than processors.
    case tooFewCores(atOnce: Int, cores: Int)
    /// The configuration is no longer what it was when the sweep began.
    case changedConfiguration(differences: [String])

    package static let mostRuns = 10_000

    package var exitCode: ExitCode {
        if case .damagedJournal = self { .data } else { .usage }
    }

    package var description: String {
        switch self {
        case .option(let option, let reason): "\(option): \(reason)"
        case .nothingVaries: "nothing varies; give --vary KEY=A,B, --seeds N, --np A,B or --threads A,B"
        case .sameRuns(let first, let second):
            first == second
                ? "'\(first)' comes twice; give each value once"
                : "'\(first)' and '\(second)' are the same configuration; leave one out"
        case .tooManyRuns(let count): "\(count) runs; give at most \(SweepError.mostRuns)"
        case .noTask(let number, let runs): "--task \(number): there are the runs 1 to \(runs); --list shows them"
        case .otherSweep(let path, let difference):
            "\(path): holds another sweep: \(difference); give another directory with --run, or that sweep's options"
        case .runDirectory(let path):
            "\(path): is the directory of a run, not of a sweep; give another with --run"
        case .damagedJournal(let path):
            "\(path): its first line does not say what the sweep is; move it away to begin the sweep anew, which takes "
                + "the runs there as they are"
        case .inUse(let path):
            "\(path): another sweep is at work in this directory; wait for its end, or give another with --run"
        case .tooFewCores(let atOnce, let cores):
            "--at-once \(atOnce): runs at once have cores of their own, and there \(cores == 1 ? "is" : "are") "
                + "\(cores); give at most \(cores)"
        case .changedConfiguration(let differences):
            "the configuration was changed while the sweep ran (\(differences.joined(separator: ", "))); undo that, or "
                + "begin another sweep with --run"
        }
    }
}
