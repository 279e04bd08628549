import ArgumentParser
import Collectives
import Foundation
import JobHealth
import System
import Training

/// The command line: reads arguments and calls the modules below.
@main
struct Program: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trainer",
        abstract: "Trains neural networks on CPUs: one process, threads or MPI ranks, the same bits everywhere.",
        discussion: """
            Without arguments it trains LeNet-5 on digits that it draws itself, on all cores of this machine.
            Exit codes: 0 done, 64 bad usage or configuration, 65 bad data or checkpoint, 70 internal, 71 faulty
            memory or processor, 75 stopped by a signal and resumable.
            """,
        subcommands: [
            Train.self, Sweep.self, Compare.self, Evaluate.self, Predict.self, Features.self, Reconstruct.self,
            Look.self, Generate.self,
            Sample.self,
            Export.self, Convert.self, SurveyData.self, Summary.self, BrickCommand.self, CheckGradients.self,
            GraphCommand.self, Digest.self, Plan.self, Bench.self, Doctor.self,
        ],
        defaultSubcommand: Train.self)

    /// Runs a command; errors go to standard error with the documented exit code.
    static func main() {
        StandardDescriptors.open()
        StopSignal.hold()
        ProcessorTuning.apply()
        do {
            var command = try parseAsRoot()
            try requireWorkingDirectory()
            if !(command is Train) { StopSignal.release() }  // training takes them over
            try command.run()
        } catch let error where exitCode(for: error) == .success {
            // A request for help, which one rank answers.
            if Job.announcedRank > 0 { Foundation.exit(ExitCode.done.rawValue) }
            answer(fullMessage(for: error))
        } catch let error where exitCode(for: error) == .validationFailure {
            letFirstRankSpeak(of: error, code: ExitCode.usage.rawValue)
            FailureReport(ErrorReport(text: message(for: error), code: .usage), name: nil).tellSupervisor()
            exit(withError: error)
        } catch {
            CrashReport.allowExit()
            let report = ErrorReport(error)
            letFirstRankSpeak(of: error, code: report.code)
            FailureReport(report, name: nil).tell(prefix: "trainer: ")
            Foundation.exit(report.code)
        }
    }

    /// Refuses to run in a folder that somebody has removed: relative paths lead nowhere there, and `mpirun` ends.
    private static func requireWorkingDirectory() throws {
        guard let path = getcwd(nil, 0) else {
            throw ErrorReport(
                text: "the working directory: \(SystemError.text(errno)); change into a folder that exists (cd ~)",
                code: .usage)
        }
        free(path)
    }

    /// Prints the help or the version, and ends the program.
    private static func answer(_ text: String) -> Never {
        do {
            try print(text)
            Foundation.exit(ExitCode.done.rawValue)
        } catch {
            let report = ErrorReport(error)
            FailureReport(report, name: nil).tell(prefix: "trainer: ")
            Foundation.exit(report.code)
        }
    }

    /// Waits on all ranks but the first: what is wrong on all of them is then said once, because the launcher ends the
    /// others.
    private static func letFirstRankSpeak(of error: any Error, code: Int32) {
        if Job.announcedRank == 0 { return }
        StopSignal.install()  // notices the launcher's signal, which may be held back until now
        let end = Clock.seconds + 1.5
        while Clock.seconds < end {
            // The launcher has begun to end the job, so another rank has spoken.
            if StopSignal.isRequested { Foundation.exit(code) }
            usleep(10_000)
        }
        // Every rank has this error, and where the launcher and MPI do not belong together nobody may end this one.
        if case .launchMismatch? = error as? CollectivesError { Foundation.exit(code) }
    }
}
