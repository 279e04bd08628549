import ArgumentParser
import Foundation
import JobHealth
import Reporting
import Sweeping
import Training

/// Trains a configuration with every combination of some values.
struct Sweep: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train a configuration with every combination of values, and compare: a run directory for each.",
        discussion: """
            The same command again takes finished runs as they are and goes on with the others. The directory gets a \
            journal (sweep.jsonl), what each run prints (NAME.log), and at the end compare.html and compare.png, as \
            'trainer compare' writes them.
            """)

    @Argument(help: "The configuration, a YAML file.")
    var config: String

    @Option(
        help: ArgumentHelp(
            "A key and its values: optimizer.learningRate=0.1,0.01. Values may be YAML; ';' stands between those with "
                + "commas of their own.", valueName: "key=a,b"))
    var vary: [String] = []

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("How many seeds (1, 2, …), or which: 7,11,13.", valueName: "n|a,b"))
    var seeds: String?

    @Option(parsing: .unconditional, help: ArgumentHelp("Numbers of ranks.", valueName: "a,b"))
    var np: String?

    @Option(parsing: .unconditional, help: ArgumentHelp("Numbers of threads of a rank.", valueName: "a,b"))
    var threads: String?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Change a key of the configuration for all runs.", valueName: "key=value"))
    var overrides: [String] = []

    @Option(parsing: .unconditional, help: "Stop each run after so many steps.")
    var maxSteps: Int?

    @Option(help: "The folder that holds the data sets (instead of TRAINER_DATA).")
    var data: String?

    @Option(
        name: .customLong("run"),
        help: ArgumentHelp("The directory of the sweep (default: runs/NAME-sweep).", valueName: "directory"))
    var directory: String?

    @Option(parsing: .unconditional, help: "Train so many runs at once, each on cores of its own (default: 1).")
    var atOnce: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Train this run alone, as a task of a batch system's array does.", valueName: "number"))
    var task: Int?

    @Flag(help: "Print the numbered runs, and train nothing.")
    var list = false

    func validate() throws {
        if let maxSteps, maxSteps < 1 { throw ValidationError("--max-steps \(maxSteps): give at least 1") }
        if let atOnce, atOnce < 1 { throw ValidationError("--at-once \(atOnce): give at least 1") }
        if atOnce != nil, task != nil {
            throw ValidationError("--task trains one run; leave --at-once out")
        }
        if directory?.isEmpty ?? false { throw ValidationError("--run is empty; give a directory") }
    }

    func run() throws {
        try Job.requireNoLauncher(for: "sweep")
        try Train.requireLastingFile(config, readBy: "run")
        let axes = try axes()
        let plan = try SweepPlan(axes) { try configuration(varied: $0) }
        if let task, !plan.runs.indices.contains(task - 1) {
            throw SweepError.noTask(task, runs: plan.runs.count)
        }
        if list {
            return try print(plan.runs.enumerated().map { "\($0 + 1) \($1.name)" }.joined(separator: "\n"))
        }
        let folder = RunDirectory(directory ?? "runs/\(plan.runs[0].configuration.name)-sweep")
        let options =
            axes.map(\.option) + overrides.map { "--set \($0)" } + (maxSteps.map { ["--max-steps \($0)"] } ?? [])
        let work = SweepWork(
            plan: plan, header: SweepHeader(plan, options: options), folder: folder, atOnce: atOnce ?? 1, task: task,
            arguments: arguments, read: { try configuration(varied: $0) })
        Foundation.exit(try work.run())
    }

    /// What varies, in the order in which it is asked for here.
    private func axes() throws -> [SweepAxis] {
        var axes = try vary.map { text throws(SweepError) in try SweepAxis(vary: text) }
        if let seeds { axes.append(try SweepAxis(seeds: seeds)) }
        if let np { axes.append(try SweepAxis(ranks: np)) }
        if let threads { axes.append(try SweepAxis(threads: threads)) }
        return axes
    }

    /// The configuration of a run, as `train` reads it.
    private func configuration(varied: [String]) throws -> RunConfiguration {
        var environment = ProcessInfo.processInfo.environment
        if let data { environment["TRAINER_DATA"] = data }
        let limit = maxSteps.map { ["maxSteps=\($0)"] } ?? []
        return try RunConfiguration(
            file: config, overrides: overrides + limit, varied: varied, environment: environment)
    }

    /// The arguments of the process that trains a run.
    private func arguments(_ run: SweepPlan.Run, directory: String) -> [String] {
        var arguments = ["train", config, "--run=\(directory)"]
        arguments += (overrides + run.varied).map { "--set=\($0)" }
        if let maxSteps { arguments.append("--max-steps=\(maxSteps)") }
        if let data { arguments.append("--data=\(data)") }
        if let ranks = run.ranks { arguments.append("--np=\(ranks)") }
        if let threads = run.threads { arguments.append("--threads=\(threads)") }
        return arguments
    }
}
