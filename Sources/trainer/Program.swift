import ArgumentParser
import Foundation
import Training

/// The command line: reads arguments and calls the modules below.
@main
struct Program: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trainer",
        abstract: "Trains neural networks on CPUs: one process, threads or MPI ranks, the same bits everywhere.",
        discussion: """
            Without arguments it trains LeNet-5 on digits that it draws itself, on all cores of this machine.
            Exit codes: 0 done, 64 bad usage or configuration, 65 bad data or checkpoint, 70 internal, 75 stopped by a
            signal and resumable.
            """,
        subcommands: [Train.self, Evaluate.self, Predict.self, Summary.self, Digest.self, Bench.self, Doctor.self],
        defaultSubcommand: Train.self)

    /// Runs a command; errors go to standard error with the documented exit code.
    static func main() {
        ProcessorTuning.apply()
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch let error as ErrorReport {
            fail(error)
        } catch let error where exitCode(for: error) == .validationFailure || exitCode(for: error) == .success {
            // Usage errors and requests for help are ArgumentParser's.
            exit(withError: error)
        } catch {
            fail(ErrorReport(error))
        }
    }

    private static func fail(_ report: ErrorReport) -> Never {
        StandardError.write("trainer: \(report.text)")
        Foundation.exit(report.code)
    }
}

/// Lines for people who have to act.
enum StandardError {
    static func write(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }
}
