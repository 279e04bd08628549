/// What a rank asks of its host's cores.
struct HostLoad: Codable, Equatable {
    /// Worker threads of the rank.
    var threads: Int
    /// Processors that the rank or its launcher may use.
    var processors: Set<Int>
    /// Whole processors of the control group's limit; nil without one.
    var quota: Int?

    /// What is wrong when the ranks of `host` have more worker threads than there are cores, and what to do; nil when
    /// they fit.
    static func warning(_ loads: [HostLoad], host: String) -> String? {
        let workers = loads.reduce(0) { $0 + $1.threads }
        let processors = loads.reduce(into: Set<Int>()) { $0.formUnion($1.processors) }
        let cores = min(processors.count, loads.compactMap(\.quota).min() ?? .max)
        guard cores > 0, workers > cores else { return nil }
        let ranks = loads.count
        let threads = loads.map(\.threads).max() ?? 1
        let what =
            (ranks > 1 ? "\(ranks) ranks × " : "")
            + "\(threads) thread\(threads == 1 ? "" : "s") on \(cores) core\(cores == 1 ? "" : "s") of \(host)"
        let remedy =
            ranks <= cores
            ? "give --threads \(cores / ranks)" + (ranks > 1 ? "" : " or less")
            : "start at most \(cores) rank\(cores == 1 ? "" : "s") there: --np \(cores), or slots=\(cores) in the "
                + "host file"
                + (threads > 1 ? ", and --threads 1" : "")
        return "\(what): they take turns, which is slower and gives the same result; \(remedy)"
    }
}
