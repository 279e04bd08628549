import Foundation
import Testing

/// A process that a test has started, with every process that descends from it.
///
/// All of them are found by a variable of their environment that no other job has.
final class RunningProgram {
    private static let markName = "TRAINER_TEST_JOB"

    /// The process that was started: the program, or `mpirun`.
    let process: pid_t
    private let mark = UUID().uuidString
    private let outputPath: String
    private let errorPath: String
    private var status: Int32?
    private var firstErrorAt: ContinuousClock.Instant?
    private let startedAt = ContinuousClock.now

    /// Starts `command`, found through PATH, with exactly these variables, in a process group of its own.
    init(_ command: [String], environment: [String: String], directory: String?) throws {
        let folder = FileManager.default.temporaryDirectory.path
        outputPath = "\(folder)/trainer-output-\(mark)"
        errorPath = "\(folder)/trainer-errors-\(mark)"
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, outputPath, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errorPath, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        posix_spawnattr_setpgroup(&attributes, 0)
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        let marked = environment.merging([Self.markName: mark]) { $1 }
        let arguments = ((directory.map { ["env", "-C", $0] } ?? []) + command).map { strdup($0) } + [nil]
        let variables = marked.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer {
            for pointer in arguments + variables { free(pointer) }
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        var number: pid_t = 0
        let code = posix_spawnp(
            &number, directory == nil ? command[0] : "env", &actions, &attributes, arguments, variables)
        process = number
        try #require(code == 0, "\(command[0]): \(String(cString: strerror(code)))")
    }

    deinit {
        if status == nil { killTree() }
        unlink(outputPath)
        unlink(errorPath)
    }

    /// What has been written so far.
    var output: String { text(outputPath) }
    var errors: String { text(errorPath) }

    /// The processes of the job that run now, by process number; the rank for those that a launcher started.
    var processes: [pid_t: Int?] {
        var result: [pid_t: Int?] = [:]
        // gone processes are no error
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
            guard let number = pid_t(name), let bytes = FileManager.default.contents(atPath: "/proc/\(name)/environ")
            else { continue }
            let variables = bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            guard variables.contains("\(Self.markName)=\(mark)") else { continue }
            let prefix = "OMPI_COMM_WORLD_RANK="
            let rank = variables.first { $0.hasPrefix(prefix) }.flatMap { Int($0.dropFirst(prefix.count)) }
            result.updateValue(rank, forKey: number)
        }
        return result
    }

    /// Resident memory of the process that was started; nil when it has ended.
    var residentKilobytes: Int? {
        let line = text("/proc/\(process)/status").split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return line.flatMap { Int($0.filter(\.isNumber)) }
    }

    /// Sends a signal to the process that was started.
    func signal(_ number: Int32) { Glibc.kill(process, number) }

    /// Sends a signal to one rank of a job; false when it does not run.
    @discardableResult
    func signal(_ number: Int32, rank: Int) -> Bool {
        guard let target = processes.first(where: { $0.value == rank })?.key else { return false }
        return Glibc.kill(target, number) == 0
    }

    /// Kills the launcher and all ranks, as a machine that loses power would.
    func killTree() {
        Glibc.kill(process, SIGKILL)
        for number in processes.keys { Glibc.kill(number, SIGKILL) }
    }

    /// Polls until `condition` holds; false when the process ended or the time passed before it did.
    func wait(until condition: (RunningProgram) throws -> Bool, timeoutSeconds: Double = 60) rethrows -> Bool {
        let deadline = ContinuousClock.now + .seconds(timeoutSeconds)
        while ContinuousClock.now < deadline {
            if try condition(self) { return true }
            if hasEnded() { return try condition(self) }
            usleep(5_000)
        }
        return false
    }

    /// Waits for the end, kills what does not end in time, and looks for processes left behind.
    func wait(timeoutSeconds: Double = 60) -> Program.Outcome {
        let deadline = ContinuousClock.now + .seconds(timeoutSeconds)
        while !hasEnded(), ContinuousClock.now < deadline { usleep(5_000) }
        let end = ContinuousClock.now
        let timedOut = status == nil
        if timedOut {
            killTree()
            while !hasEnded() { usleep(5_000) }
        }
        // A killed process needs a moment to go, and its launcher may have been quicker.
        var left = processes
        for _ in 0..<200 where !left.isEmpty {
            usleep(10_000)
            left = processes
        }
        let leftovers = left.keys.map { "\($0) \(commandLine($0))" }
        for number in left.keys { Glibc.kill(number, SIGKILL) }
        let code = status ?? 0
        let exitCode = code & 0x7F == 0 ? (code >> 8) & 0xFF : 128 + code & 0x7F
        let seconds = firstErrorAt.map { ($0.duration(to: end)) / .seconds(1) }
        return Program.Outcome(
            exitCode: exitCode, output: output, errors: errors, timedOut: timedOut, leftovers: leftovers,
            secondsFromError: seconds,
            secondsFromStart: startedAt.duration(to: end) / .seconds(1))
    }

    private func hasEnded() -> Bool {
        if status != nil { return true }
        if firstErrorAt == nil, !errors.isEmpty { firstErrorAt = .now }
        var code: Int32 = 0
        guard waitpid(process, &code, WNOHANG) == process else { return false }
        status = code
        return true
    }

    private func text(_ path: String) -> String {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    func commandLine(_ number: pid_t) -> String {
        text("/proc/\(number)/cmdline").split(separator: "\0").joined(separator: " ")
    }
}
