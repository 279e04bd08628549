import Foundation
import TestSupport
import Testing

/// A suite of jobs that are started again, in a folder of its own, with what it compares them to.
protocol RestartChecks {
    var program: Program { get }
    var directory: TemporaryDirectory { get }
}

extension RestartChecks {
    /// The final file of `scenario` when nothing happens to it.
    func undisturbed(_ scenario: Scenario) throws -> FileContent {
        let outcome = try program.run(scenario.arguments(in: directory, run: "undisturbed", threads: 1))
        try #require(outcome.exitCode == 0, "\(outcome.account)")
        return try FileContent(directory.file("undisturbed/final.safetensors"))
    }

    /// The final file of the job that was started again.
    func final() throws -> FileContent { try FileContent(directory.file("run/final.safetensors")) }

    /// Starts `scenario` and waits until it trains.
    func start(
        _ scenario: Scenario, _ options: [String], environment: [String: String] = [:]
    ) throws -> RunningProgram {
        let job = try program.start(scenario.arguments(in: directory) + options, environment: environment)
        let isTraining = job.wait { $0.output.contains("step 50/") }
        try #require(isTraining, "\(isTraining ? "" : job.wait(timeoutSeconds: 1).account)")
        return job
    }
}

extension Scenario {
    /// Learns for seconds, with a checkpoint every 20 steps.
    static let restarted = Scenario(
        name: "restarted",
        yaml: long.yaml.replacingOccurrences(of: "everySteps: 300", with: "everySteps: 20")
            .replacingOccurrences(of: "learningRate: 0.2", with: "learningRate: 0.02"), steps: 500)
}

extension RunningProgram {
    /// The job's processes that run a program of this name.
    func processes(running names: String...) -> [pid_t] {
        processes.keys.filter { process in
            let name = FileManager.default.contents(atPath: "/proc/\(process)/comm")
            return names.contains { name == Data(($0 + "\n").utf8) }
        }
    }

    /// The job's launchers, as Open MPI 4 and 5 call them.
    var launchers: [pid_t] { processes(running: "mpirun", "prterun") }

    /// The launchers' daemons on other hosts.
    var daemons: [pid_t] { processes(running: "orted", "prted") }
}
