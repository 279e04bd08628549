import Collectives
import Foundation
import Training

/// A process as one rank of a job: under a launcher with MPI, otherwise alone.
enum Job {
    /// Runs `body` as one of the job's ranks and ends the process with its exit code.
    static func run(_ body: (Ranks) throws -> Int32) throws -> Never {
        let environment = ProcessInfo.processInfo.environment
        Binding.apply(environment)
        let launcher = try LauncherEnvironment.detect(in: environment)
        let ranks = try Ranks {
            guard let launcher else { return SingleProcessCommunicator() }
            return try MPICommunicator.initialize(under: launcher)
        }
        OutsideFault.install()  // after MPI, which has handlers of its own
        do {
            let code = try body(ranks)
            try ranks.finalize()
            exit(code)
        } catch let failure as AgreedFailure {
            // Every rank is here; the one that failed says why.
            if ranks.rank == failure.rank { StandardError.write("trainer: \(place(failure.rank, ranks))\(failure.report.text)") }
            try ranks.finalize()
            exit(failure.report.code)
        } catch {
            let report = ErrorReport(error)
            if ranks.worldSize == 1 { throw report }
            ranks.abort(report)
        }
    }

    private static func place(_ rank: Int, _ ranks: Ranks) -> String {
        ranks.worldSize == 1 ? "" : "rank \(rank) of \(ranks.worldSize) on \(ranks.hostNames[rank]): "
    }

    /// The rank that a launcher gave this process, before MPI is asked; 0 without a launcher.
    static var announcedRank: Int {
        do {
            return try LauncherEnvironment.detect(in: ProcessInfo.processInfo.environment)?.rank ?? 0
        } catch {
            return 0  // who starts MPI meets the same error and reports it
        }
    }

    /// Replaces this process by `mpirun -np ranks` of the same program, so that nobody needs to know mpirun's options.
    static func launch(ranks: Int, threads: Int?, arguments: [String]) throws -> Never {
        if try LauncherEnvironment.detect(in: ProcessInfo.processInfo.environment) != nil {
            throw ErrorReport(
                text: "--np inside a job that a launcher has started already; leave it out, the launcher says how many ranks there are",
                code: .usage)
        }
        if geteuid() == 0 {
            // mpirun refuses to run for root, which is the usual user in containers.
            setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 0)
            setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 0)
        }
        var command = ["mpirun", "-np", String(ranks)]
        let cores = Placement.usableCores
        if ranks > cores { command.append("--oversubscribe") }
        if ranks > cores || threads ?? 1 > 1 || cores % ranks != 0 || cores / ranks > 1 { command += ["--bind-to", "none"] }
        command += [Bundle.main.executablePath ?? CommandLine.arguments[0]] + arguments
        var pointers = command.map { strdup($0) }
        pointers.append(nil)
        execvp("mpirun", pointers)
        throw ErrorReport(
            text: "mpirun: \(String(cString: strerror(errno))); install Open MPI (openmpi-bin), or leave --np out to use threads of one process",
            code: .usage)
    }
}
