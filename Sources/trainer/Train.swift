import ArgumentParser
import Foundation
import JobHealth
import Reporting
import System
import Training

/// Trains a model.
struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train the model that a configuration describes; the same command again resumes.")

    @Argument(help: "The configuration, a YAML file; without it the embedded default: LeNet-5 on drawn digits.")
    var config: String?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "Change a key of the configuration, for example optimizer.learningRate=0.05.", valueName: "key=value"))
    var overrides: [String] = []

    @Option(
        name: .customLong("run"),
        help: ArgumentHelp("The run directory (default: runs/NAME of the configuration).", valueName: "directory"))
    var directory: String?

    @Option(
        help:
            ArgumentHelp(
                "Go on from the newest checkpoint (auto), begin anew (never; an old run is set aside), or from a "
                    + "checkpoint FILE.")
    )
    var resume = "auto"

    @Option(parsing: .unconditional, help: "Worker threads of a rank (default: its share of the cores).")
    var threads: Int?

    @Option(parsing: .unconditional, help: "Start this many ranks with mpirun.")
    var np: Int?

    @OptionGroup(title: "Restarts")
    var supervision: SupervisionOptions

    @Option(parsing: .unconditional, help: "Key of everything random (default: the configuration's).")
    var seed: Int?

    @Option(parsing: .unconditional, help: "Stop after so many steps.")
    var maxSteps: Int?

    @Option(help: "The folder that holds the data sets (instead of TRAINER_DATA).")
    var data: String?

    @Option(
        parsing: .unconditional,
        help: "End the job after so many seconds without progress (default: the configuration's, 300).")
    var deadline: Double?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Write a timeline of all ranks in these steps, 100-110 for example, for Perfetto or Chrome.",
            valueName: "steps"))
    var trace: String?

    func validate() throws {
        _ = try traceRange()
        try CommandLine.check(threads: threads, np: np)
        try supervision.check(np: np)
        if let seed, seed < 0 { throw ValidationError("--seed \(seed): give at least 0") }
        if let maxSteps, maxSteps < 1 { throw ValidationError("--max-steps \(maxSteps): give at least 1") }
        if let deadline, !(deadline > 0 && deadline.isFinite) {
            throw ValidationError("--deadline \(deadline): give a number above 0")
        }
    }

    func run() throws {
        let endSeconds = TimeLimit.end(
            limitSeconds: try supervision.limitSeconds(), ProcessInfo.processInfo.environment
        ) { if Job.announcedRank == 0 && Job.isFirstStart { StandardError.write("note: " + $0) } }
        if np != nil || supervision.isAsked { try supervise(endSeconds: endSeconds) }
        StopSignal.install()
        var trainer: Trainer?  // outlives an error, which is told without waiting for a save that is under way
        defer { withExtendedLifetime(trainer) {} }
        let trace = try traceRange()
        let command = "train" + (trace.map { " --trace \($0)" } ?? "")
        try Job.run(command, deadlineSeconds: deadline ?? Watchdog.usualDeadlineSeconds) { ranks, watchdog in
            let configuration = try ranks.together { try loadConfiguration() }
            watchdog.deadlineSeconds = configuration.deadlineSeconds
            let options = RunOptions(
                directory: directory, resume: resumeMode, threads: threads, endSeconds: endSeconds,
                restartReason: ProcessInfo.processInfo.environment[Train.restartReasonVariable], trace: trace)
            let made = try Trainer(configuration, options, ranks) {
                RunReporter(configuration: $0, goesOnWithoutStorage: configuration.checkpoint.onFailure == .continue)
            }
            try Job.warnOfOversubscription(threads: threads, ranks, isRestarted: options.restartReason != nil)
            trainer = made
            return try made.run() == .stopped ? ExitCode.stopped.rawValue : ExitCode.done.rawValue
        }
    }

    /// The configuration with what the command line changes; all of it is in the run directory's config.yaml.
    func loadConfiguration() throws -> RunConfiguration {
        var changes = overrides
        if let seed { changes.append("seed=\(seed)") }
        if let maxSteps { changes.append("maxSteps=\(maxSteps)") }
        if let deadline { changes.append("deadlineSeconds=\(deadline)") }
        var environment = ProcessInfo.processInfo.environment
        if let data { environment["TRAINER_DATA"] = data }
        guard let config else {
            return try RunConfiguration(
                yaml: DefaultConfiguration.yaml, file: "digits.yaml", overrides: changes, environment: environment)
        }
        if !config.contains("/"), !config.contains("."), access(config, F_OK) != 0 {
            throw ErrorReport(
                text: "'\(config)' is neither a command nor a configuration file; 'trainer --help' lists the commands, "
                    + "'trainer train FILE' trains", code: .usage)
        }
        let configuration = try RunConfiguration(file: config, overrides: changes, environment: environment)
        try requireEffect(ofData: configuration, file: config, changes)
        return configuration
    }

    /// Refuses `--data` where the configuration says itself where its data are.
    private func requireEffect(ofData configuration: RunConfiguration, file: String, _ changes: [String]) throws {
        guard let data, let path = configuration.data.path else { return }
        var environment = ProcessInfo.processInfo.environment
        environment["TRAINER_DATA"] = data + "/elsewhere"
        let other = try RunConfiguration(file: file, overrides: changes, environment: environment)
        if other.data.path == path, other.phases.map(\.data?.path) == configuration.phases.map(\.data?.path) {
            throw ErrorReport(
                text: "--data \(data): \(file) says itself where its data are (data.path: \(path)); write "
                    + "\"${TRAINER_DATA:-data}/\(configuration.data.name)\" there, or give --set data.path=…",
                code: .usage)
        }
    }

    private func traceRange() throws -> TraceRange? {
        do {
            return try trace.map { text throws(TraceRange.Unreadable) in try TraceRange(text) }
        } catch {
            throw ValidationError(error.description)
        }
    }

    private var resumeMode: RunOptions.Resume {
        switch resume {
        case "auto": .automatic
        case "never": .never
        default: .file(resume)
        }
    }
}

/// Our exit codes, beside ArgumentParser's type of the same name.
typealias ExitCode = JobHealth.ExitCode
