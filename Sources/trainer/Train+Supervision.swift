import Checkpointing
import Foundation
import JobHealth
import Supervision
import System
import Training

extension Train {
    /// How a supervisor tells the job why it was started again.
    static let restartReasonVariable = "TRAINER_RESTART_REASON"

    /// Starts the job, and starts it again after failures, as this process's only task; ends the process with the job's
    /// exit code.
    func supervise(endSeconds: Double?) throws -> Never {
        try Job.requireNoLauncher(for: np != nil ? "--np" : "--restarts, --host and --hostfile")
        if let config { try Train.requireLastingFile(config, readBy: "rank") }
        let configuration = try loadConfiguration()  // what is wrong with it is said once, before anything starts
        let checkpoints = RunDirectory(directory ?? "runs/" + configuration.name).checkpoints
        do {
            Foundation.exit(try superviseJob(checkpoints: checkpoints, endSeconds: endSeconds))
        } catch let error as SupervisionError {
            throw ErrorReport(text: error.description, code: error.isLostHost ? .internal : .usage)
        }
    }

    /// Refuses a configuration that only one of several processes could read. Throws an `ErrorReport`.
    static func requireLastingFile(_ config: String, readBy reader: String) throws {
        guard canBeReadOnce(config) else { return }
        throw ErrorReport(
            text: "\(config): can be read only once, and each \(reader) reads its configuration; save it in a file and "
                + "give that", code: .usage)
    }

    /// Whether a path leads to a pipe or a terminal, such as `/dev/stdin` or what a shell gives for `<(…)`.
    private static func canBeReadOnce(_ path: String) -> Bool {
        var status = stat()
        guard stat(path, &status) == 0 else { return false }
        return [S_IFIFO, S_IFCHR, S_IFSOCK].contains(status.st_mode & S_IFMT)
    }

    private func superviseJob(checkpoints: String, endSeconds: Double?) throws -> Int32 {
        let source = try supervision.hostSource()
        let policy = try restartPolicy(source)
        try HostNames.check(source, policy)
        return try Supervisor(
            policy: policy, source: source, endSeconds: endSeconds,
            newestCheckpoint: { Train.newestCheckpoint(in: checkpoints) },
            command: { command($0, endSeconds: endSeconds) }
        ).run()
    }

    private func restartPolicy(_ source: HostSource) throws(SupervisionError) -> RestartPolicy {
        // With hosts alone there are as many ranks as slots.
        var most = np
        if most == nil, let hosts = try source.hosts() { most = hosts.reduce(0) { $0 + $1.slots } }
        return RestartPolicy(
            restarts: supervision.restarts ?? 0, ranks: most.map { min(supervision.minimumRanks ?? $0, $0)...$0 },
            permanentCodes: [ExitCode.usage.rawValue, ExitCode.data.rawValue],
            stoppedCode: ExitCode.stopped.rawValue, hostFailureCode: ExitCode.internal.rawValue)
    }

    /// The command of an attempt: this program with the same arguments, under `mpirun` where it has ranks.
    private func command(_ assignment: Supervisor.Assignment, endSeconds: Double?) -> (
        arguments: [String], variables: [String: String?]
    ) {
        var options = SupervisionOptions.names.union(["--np"])
        // What begins anew, or from a file, does so once.
        if assignment.hasProgress { options.insert("--resume") }
        var arguments = CommandLine.arguments(without: options)
        if let endSeconds {
            arguments.append(String(format: "--time-limit=%.3fs", max(endSeconds - Clock.seconds, 0.001)))
        }
        var variables: [String: String?] = [FailureReport.variable: "1"]
        if let reason = assignment.restartReason { variables[Train.restartReasonVariable] = reason }
        guard let ranks = assignment.ranks else { return ([Job.program] + arguments, variables) }
        MPIRunCommand.allowRoot()
        MPIRunCommand.provideHome()
        var launcher = MPIRunCommand(
            ranks: ranks, threads: threads, usableCores: Placement.usableCores, hosts: assignment.hosts)
        launcher.setParameters(ProcessInfo.processInfo.environment)
        launcher.exportedVariables = Set(
            ProcessInfo.processInfo.environment.keys.filter { $0.hasPrefix("TRAINER_") } + variables.keys
        ).sorted()
        for name in launcher.unwantedVariables { variables.updateValue(nil, forKey: name) }
        return (
            launcher.command(Job.program, arguments, workingDirectory: FileManager.default.currentDirectoryPath),
            variables
        )
    }

    /// The newest checkpoint, told from an older one of the same step by its inode and time.
    private static func newestCheckpoint(in directory: String) -> Supervisor.CheckpointMark? {
        guard let entry = CheckpointStore.newestEntry(in: directory) else { return nil }
        var status = stat()
        guard stat(entry.path, &status) == 0 else { return nil }
        return .init(
            step: entry.step,
            identity: "\(entry.path) \(status.st_ino) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)")
    }
}

extension SupervisionError {
    /// Whether what is wrong is that hosts cannot be reached, not how the job was started.
    fileprivate var isLostHost: Bool {
        if case .tooFewSlots(_, _, let lost) = self { return !lost.isEmpty }
        return false
    }
}
