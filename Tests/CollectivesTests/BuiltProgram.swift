import Foundation

/// A program that the package builds, run as a separate process.
struct BuiltProgram {
    /// How a process ended and what it wrote.
    struct Outcome {
        var exitCode: Int32
        var output: String
        /// Whether it had to be killed because it did not end in time.
        var timedOut: Bool
    }

    /// The program, or `nil` when it was not built.
    let url: URL

    /// Looks next to the running test bundle, wherever the scratch path is.
    init?(named name: String) {
        let bundle = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        let started = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        let candidates = [bundle, started, Bundle.main.bundleURL, URL(fileURLWithPath: ".build/release")]
        let urls = candidates.map { $0.appendingPathComponent(name) }
        guard let url = urls.first(where: { FileManager.default.isExecutableFile(atPath: $0.path) }) else { return nil }
        self.url = url
    }

    /// Runs it under `mpirun` with this many ranks, also as root and with more ranks than cores.
    func run(ranks: Int, _ arguments: [String], timeoutSeconds: Double = 50) throws -> Outcome {
        var environment = ProcessInfo.processInfo.environment
        environment["OMPI_ALLOW_RUN_AS_ROOT"] = "1"
        environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
        // For Open MPI 4 and 5.
        environment["OMPI_MCA_rmaps_base_oversubscribe"] = "1"
        environment["PRTE_MCA_rmaps_default_mapping_policy"] = ":oversubscribe"
        return try Self.run(
            URL(fileURLWithPath: "/usr/bin/env"),
            ["mpirun", "--bind-to", "none", "-np", "\(ranks)", url.path] + arguments, environment, timeoutSeconds)
    }

    /// Runs it by itself, with additional environment variables.
    func run(_ arguments: [String], adding variables: [String: String] = [:]) throws -> Outcome {
        let environment = ProcessInfo.processInfo.environment.merging(variables) { $1 }
        return try Self.run(url, arguments, environment, 50)
    }

    private static func run(
        _ program: URL, _ arguments: [String], _ environment: [String: String], _ timeoutSeconds: Double
    ) throws -> Outcome {
        let output = FileManager.default.temporaryDirectory.appendingPathComponent("collectives-\(UUID().uuidString)")
        try Data().write(to: output)
        // a file left behind in the temporary folder harms nobody
        defer { try? FileManager.default.removeItem(at: output) }
        let handle = try FileHandle(forWritingTo: output)
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = handle
        process.standardError = handle
        let ended = DispatchSemaphore(value: 0)
        process.terminationHandler = { _ in ended.signal() }
        try process.run()
        let timedOut = ended.wait(timeout: .now() + timeoutSeconds) == .timedOut
        if timedOut {
            process.terminate()
            ended.wait()
        }
        try handle.close()
        let text = String(decoding: try Data(contentsOf: output), as: UTF8.self)
        return Outcome(exitCode: process.terminationStatus, output: text, timedOut: timedOut)
    }
}
