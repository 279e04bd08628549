import ArgumentParser
import Foundation
import JobHealth
import Training

/// Predicts how a training scales.
struct Plan: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Predict step time, efficiency and memory of a training on more ranks and hosts.",
        discussion: """
            Measures the training's computation on this machine, with random samples, and says what steps would take \
            on other numbers of ranks, how ranks and threads share a host best, and what would help. Started with \
            mpirun over several hosts it measures their link; --latency and --bandwidth say another one. Efficiency \
            is against as many times one rank's samples a second. docs/scale.md has the model and its errors.
            """)

    @Argument(help: "The configuration, a YAML file.")
    var config: String

    @Option(parsing: .unconditional, help: "Numbers of ranks, such as 2,8,64.")
    var ranks: String

    @Option(parsing: .unconditional, help: "Ranks of a host (default: 1; under mpirun as many as on this host).")
    var perHost: Int?

    @Option(parsing: .unconditional, help: "Worker threads of a rank (default: its share of this machine's cores).")
    var threads: Int?

    @Option(parsing: .unconditional, help: "What a small message takes from host to host, such as 2us or 1ms.")
    var latency: String?

    @Option(parsing: .unconditional, help: "What a host sends and receives at once, such as 25Gbit or 3GB/s.")
    var bandwidth: String?

    @Option(
        parsing: .unconditional,
        help: "What a grain takes on the hosts' cores, such as 12ms, instead of measuring it on this machine.")
    var grainTime: String?

    @Option(parsing: .unconditional, help: "What an update of all weights takes there, with --grain-time.")
    var updateTime: String?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Change a key of the configuration, for example batch=1024.", valueName: "key=value"))
    var overrides: [String] = []

    func validate() throws {
        try CommandLine.check(threads: threads, np: nil)
        if let perHost, perHost < 1 { throw ValidationError("--per-host \(perHost): give at least 1") }
        _ = try counts()
        _ = try givenLink()
        if grainTime == nil, updateTime != nil { throw ValidationError("--update-time: give --grain-time as well") }
        _ = try givenTimes()
    }

    func run() throws {
        try Job.run("plan", deadlineSeconds: 1e9) { ranks, _ in
            let (counts, given) = (try counts(), try givenLink())
            let perHost = perHost ?? (ranks.shareOneHost ? 1 : ranks.hostSize)
            let threads = threads ?? Placement.defaultThreads(ranksOnHost: perHost)
            let shapes = counts.map { JobShape(ranks: $0, ranksPerHost: perHost, threads: threads) }
            let needsLink = shapes.contains { $0.hosts > 1 }
            if needsLink, given == nil, ranks.shareOneHost {
                throw ErrorReport(
                    text: "\(shapes.first { $0.hosts > 1 }?.ranks ?? 0) ranks with \(perHost) a host need a network; "
                        + "give --latency and --bandwidth, or start it with mpirun over several hosts", code: .usage)
            }
            let training = try ranks.together {
                try MeasuredTraining(try RunConfiguration(file: config, overrides: overrides))
            }
            let costs = try ranks.broadcast {
                try grainTime.map { _ in try StepMeasurement(training).costs(times: givenTimes()) }
                    ?? StepMeasurement(training).costs()
            }
            let measured = needsLink && given == nil ? try LinkMeasurement(ranks).link() : nil
            if ranks.rank == 0 {
                let plan = ScalingPlan(
                    name: config, model: StepModel(costs, link: given ?? measured ?? .instant), shapes: shapes,
                    link: !needsLink ? .none : given != nil ? .given : .measured)
                try print(plan.text, terminator: "")
            }
            return ExitCode.done.rawValue
        }
    }

    /// What `--ranks` says.
    private func counts() throws -> [Int] {
        let counts = ranks.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
        guard counts.allSatisfy({ (1...1_000_000).contains($0) }) else {
            throw ValidationError("--ranks \(ranks): give numbers of at least 1, such as 2,8,64")
        }
        return counts
    }

    /// What `--latency` and `--bandwidth` say; nil without them.
    private func givenLink() throws -> LinkSpeed? {
        guard latency != nil || bandwidth != nil else { return nil }
        guard let latency, let bandwidth else {
            throw ValidationError(
                "\(latency == nil ? "--bandwidth" : "--latency") needs \(latency == nil ? "--latency" : "--bandwidth") "
                    + "beside it, because both make up the time of a message")
        }
        return LinkSpeed(
            latencySeconds: try parse("--latency", latency, Quantity.seconds),
            bytesPerSecond: try parse("--bandwidth", bandwidth, Quantity.bytesPerSecond),
            messageSeconds: LinkMeasurement.usualMessageSeconds)
    }

    /// What `--grain-time` and `--update-time` say, in seconds.
    private func givenTimes() throws -> (grain: Double, update: Double) {
        func seconds(_ option: String, _ text: String?) throws -> Double {
            try text.map { try parse(option, $0, Quantity.seconds) } ?? 0
        }
        return (try seconds("--grain-time", grainTime), try seconds("--update-time", updateTime))
    }

    private func parse(_ option: String, _ text: String, _ read: (String) throws -> Double) throws -> Double {
        do { return try read(text) } catch { throw ValidationError("\(option) \(error)") }
    }
}
