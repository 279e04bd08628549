/// What ranks ask of their host's cores.
struct HostLoad: Codable, Equatable {
    /// How many ranks there are.
    private(set) var ranks = 1
    /// Worker threads of all of them, and of the one that has most.
    private(set) var workers: Int
    private(set) var threads: Int
    /// Processors that any rank or its launcher may use.
    private(set) var processors: Set<Int>
    /// Whole processors of the tightest control group's limit; nil without one.
    private(set) var quota: Int?

    /// One rank's.
    init(threads: Int, processors: Set<Int>, quota: Int?) {
        (workers, self.threads, self.processors, self.quota) = (threads, threads, processors, quota)
    }

    /// Together with other ranks of the host.
    func adding(_ other: HostLoad) -> HostLoad {
        var sum = self
        sum.ranks += other.ranks
        sum.workers += other.workers
        sum.threads = max(threads, other.threads)
        sum.processors.formUnion(other.processors)
        sum.quota = [quota, other.quota].compactMap(\.self).min()
        return sum
    }

    /// What is wrong when the ranks of `host` have more worker threads than there are cores, and what to do; nil when
    /// they fit.
    func warning(host: String) -> String? {
        let cores = min(processors.count, quota ?? .max)
        guard cores > 0, workers > cores else { return nil }
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
