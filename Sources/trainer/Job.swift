import Collectives
import FaultInjection
import Foundation
import JobHealth
import Supervision
import System
import Training

/// A process as one rank of a job: under a launcher with MPI, otherwise alone.
enum Job {
    /// Runs `body` as one of the job's ranks and ends the process with its exit code.
    ///
    /// - Parameters:
    ///   - command: what all ranks must run alike: the subcommand, with what of its options must be the same.
    ///   - deadlineSeconds: without progress until `body` says otherwise.
    static func run(
        _ command: String, deadlineSeconds: Double = Watchdog.usualDeadlineSeconds,
        _ body: (Ranks, Watchdog) throws -> Int32
    ) throws -> Never {
        let environment = ProcessInfo.processInfo.environment
        Binding.apply(environment)
        let launcher = try LauncherEnvironment.detect(in: environment)
        TestFault.isRank(launcher?.rank ?? 0)
        if let launcher { ActivityRecord.begin(rank: launcher.rank) }
        let name = launcher.map { RankName(rank: $0.rank, worldSize: $0.worldSize, host: HostInformation.name) }
        CrashReport.install(name)
        CrashReport.guardExit()
        let watch = try JobWatch(name: name, deadlineSeconds: deadlineSeconds)
        try TestFault.reach(.launch)
        let ranks = try Ranks {
            guard let launcher else { return SingleProcessCommunicator() }
            return try MPICommunicator.initialize(under: launcher)
        }
        if let launcher { SegmentRecord.leave(rank: launcher.rank) }
        watch.follow(ranks)
        OutsideFault.install()  // after MPI, which has handlers of its own
        CrashReport.install(ranks.worldSize == 1 ? nil : ranks.rankName)
        do {
            Activity.enter(.startUp)
            try ranks.requireSameLaunch(command: command)
            let code = try body(ranks, watch.watchdog)
            try leave(ranks, watch.watchdog)
            exit(code)
        } catch let failure as AgreedFailure {
            // Every rank is here; the one that failed says why.
            if ranks.rank == failure.rank {
                FailureReport(failure.report, name: ranks.rankName, isAgreed: true).tell(prefix: "trainer: ")
            }
            do {
                try leave(ranks, watch.watchdog)
            } catch {
                CrashReport.allowExit()  // the cause has been told, and its code counts
            }
            exit(failure.report.code)
        } catch {
            let report = ErrorReport(error)
            if ranks.worldSize > 1 { ranks.abort(report) }
            throw report
        }
    }

    /// Leaves MPI with all other ranks.
    private static func leave(_ ranks: Ranks, _ watchdog: Watchdog) throws {
        Activity.enter(.leaving)
        try ranks.finalize()
        watchdog.stop()
        CrashReport.allowExit()
    }

    /// The rank that a launcher gave this process, before MPI is asked; 0 without a launcher.
    static var announcedRank: Int { LauncherEnvironment.announcedRank(in: ProcessInfo.processInfo.environment) }

    /// Whether no supervisor has started this process.
    static var isFirstStart: Bool { getenv(FailureReport.variable) == nil }

    /// Refuses to start ranks from a process that is one. Throws an `ErrorReport`.
    static func requireNoLauncher(for option: String) throws {
        if try LauncherEnvironment.detect(in: ProcessInfo.processInfo.environment) != nil {
            throw ErrorReport(
                text:
                    "\(option) inside a job that a launcher has started already; leave it out, the launcher says how "
                    + "many ranks there are",
                code: .usage)
        }
    }

    /// Warns, on rank 0 and not again after a restart, when a host has fewer cores than worker threads. Collective.
    ///
    /// - Parameter threads: what the user gave, nil for the default.
    static func warnOfOversubscription(threads: Int?, _ ranks: Ranks, isRestarted: Bool = false) throws {
        guard let warning = try Placement.oversubscription(threads: threads, ranks) else { return }
        if ranks.rank == 0 && !isRestarted { StandardError.write("warning: \(warning)") }
    }

    /// The path of this program, for the processes that it starts.
    static var program: String { Bundle.main.executablePath ?? CommandLine.arguments[0] }

    /// Replaces this process by `mpirun -np ranks` of the same program.
    static func launch(ranks: Int, threads: Int?, arguments: [String]) throws -> Never {
        try requireNoLauncher(for: "--np")
        MPIRunCommand.allowRoot()
        MPIRunCommand.provideHome()
        let command = MPIRunCommand(ranks: ranks, threads: threads, usableCores: Placement.usableCores)
            .command(program, arguments, workingDirectory: FileManager.default.currentDirectoryPath)
        var pointers = command.map { strdup($0) }
        pointers.append(nil)
        execvp("mpirun", pointers)
        throw ErrorReport(text: "\(SupervisionError.cannotStart(program: "mpirun", code: errno))", code: .usage)
    }
}
