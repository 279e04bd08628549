import Foundation
import Testing

/// The built `trainer`, as users start it.
struct Program {
    /// How a process or a job of ranks ended and what it wrote.
    struct Outcome {
        /// The exit code; 128 + the number of the signal that ended it.
        var exitCode: Int32
        var output: String
        var errors: String
        /// Whether it had to be killed because it did not end in time.
        var timedOut: Bool
        /// Processes of the job that lived on after it had ended, as process number and command.
        var leftovers: [String]
        /// Seconds from the first byte on standard error until the end; nil when nothing was written there.
        var secondsFromError: Double?
        /// Seconds from its start until its end.
        var secondsFromStart: Double

        /// The last line on standard output.
        var lastLine: String { output.split(separator: "\n").last.map(String.init) ?? "" }

        /// Everything, for the message of a failed expectation.
        var account: String {
            "exit code \(exitCode)\(timedOut ? ", killed because it did not end" : ""), left over \(leftovers)\n"
                + "standard output:\n\(output)\nstandard error:\n\(errors)"
        }
    }

    /// The executable's path.
    let path: String

    /// Looks next to the running test bundle, wherever the scratch path is.
    init() throws {
        let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        let started = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        let folders = [own, started, Bundle.main.bundleURL, URL(fileURLWithPath: ".build/release")]
        let paths = folders.map { $0.appendingPathComponent("trainer").standardizedFileURL.path }
        path = try #require(
            paths.first(where: FileManager.default.isExecutableFile),
            "the program 'trainer' is in none of \(paths); build it with swift build -c release")
    }

    /// Starts the program, under `mpirun` when `ranks` is given: also as root, and with more ranks than cores.
    func start(
        _ arguments: [String], ranks: Int? = nil, in directory: String? = nil, environment: [String: String] = [:],
        through wrapper: String? = nil
    ) throws -> RunningProgram {
        var variables = ProcessInfo.processInfo.environment
        for name in variables.keys where name.hasPrefix("OMPI_") || name.hasPrefix("PMIX_") { variables[name] = nil }
        variables["OMPI_ALLOW_RUN_AS_ROOT"] = "1"
        variables["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
        variables.merge(environment) { $1 }
        var command = (wrapper.map { [$0] } ?? []) + [path] + arguments
        if let ranks { command = ["mpirun", "-np", "\(ranks)", "--oversubscribe", "--bind-to", "none"] + command }
        return try RunningProgram(command, environment: variables, directory: directory)
    }

    /// Starts the program and waits for its end.
    func run(
        _ arguments: [String], ranks: Int? = nil, in directory: String? = nil, environment: [String: String] = [:],
        through wrapper: String? = nil, timeoutSeconds: Double = 60
    ) throws -> Outcome {
        try start(arguments, ranks: ranks, in: directory, environment: environment, through: wrapper)
            .wait(timeoutSeconds: timeoutSeconds)
    }
}

/// Tests of the built program; one after the other, because each uses all cores.
@Suite(.serialized)
struct ProgramTests {}
