import ArgumentParser
import JobHealth
import Supervision
import Training

/// What the command line says about starting a job again, about its hosts and its time.
struct SupervisionOptions: ParsableArguments {
    @Option(parsing: .unconditional, help: "Start the job again after a failure, so many times at most in all.")
    var restarts: Int?

    @Option(
        name: .customLong("min-np"), parsing: .unconditional,
        help: "Go on with as few ranks as this when hosts are lost (default: np).")
    var minimumRanks: Int?

    @Option(
        help: ArgumentHelp(
            "Hosts with their slots, one 'HOST slots=N' a line; read again before each attempt.", valueName: "file"))
    var hostfile: String?

    @Option(help: ArgumentHelp("Hosts with their slots.", valueName: "a:2,b:2"))
    var host: String?

    @Option(
        help: ArgumentHelp(
            "Save and end with exit code 75 before so much time is over, for example 90s, 30m, 2h.",
            valueName: "duration"))
    var timeLimit: String?

    /// Names of the options, all of which take a value and none of which the supervised processes get.
    static let names: Set<String> = ["--restarts", "--min-np", "--hostfile", "--host", "--time-limit"]

    /// Whether a supervisor is needed, whatever the number of ranks.
    var isAsked: Bool { restarts != nil || hostfile != nil || host != nil }

    /// Refuses what cannot be, before anything starts.
    func check(np: Int?) throws {
        if let restarts, !(0...10_000).contains(restarts) {
            throw ValidationError("--restarts \(restarts): give 0 to 10000")
        }
        if hostfile != nil && host != nil { throw ValidationError("--hostfile and --host: give one of them") }
        if let minimumRanks {
            if np == nil && hostfile == nil && host == nil {
                throw ValidationError("--min-np \(minimumRanks): without --np there are no ranks; give --np too")
            }
            if minimumRanks < 1 { throw ValidationError("--min-np \(minimumRanks): give at least 1") }
            if let np, minimumRanks > np {
                throw ValidationError("--min-np \(minimumRanks): more than --np \(np); give at most that")
            }
        }
        _ = try limitSeconds()
        do {
            if let host { _ = try HostList.parse(option: host) }
        } catch {
            throw ValidationError("\(error)")
        }
    }

    /// The seconds of `--time-limit`; nil without it.
    func limitSeconds() throws -> Double? {
        guard let timeLimit else { return nil }
        guard let seconds = TimeLimit.seconds(timeLimit) else {
            throw ValidationError(
                "--time-limit \(timeLimit): give a duration above 0, for example 90s, 30m, 2h or 1h30m")
        }
        return seconds
    }

    /// Where the job may run.
    func hostSource() throws(SupervisionError) -> HostSource {
        if let hostfile { return .file(hostfile) }
        if let host { return .list(try HostList.parse(option: host)) }
        return .thisMachine
    }
}
