import ConfigurationReading

/// How samples are read ahead of the workers.
package struct LoaderConfiguration: Equatable, Sendable {
    /// Threads of a rank that read ahead; nil for as many as find a core.
    package var threads: Int?
    /// Grains that are held at once; nil for a few more than are in use.
    package var depth: Int?

    package init(threads: Int? = nil, depth: Int? = nil) {
        self.threads = threads
        self.depth = depth
    }

    /// The loader's threads and grains.
    ///
    /// A thread without a core of its own would cost the workers more than filling their grains themselves. Samples
    /// that take long to read get every core that is left, others one.
    ///
    /// - Parameters:
    ///   - grainsAtOnce: that are computed at once, at most.
    ///   - cores: of the rank.
    ///   - isSlow: see `Dataset.isSlow`.
    package func size(workers: Int, grainsAtOnce: Int, cores: Int, isSlow: Bool) -> (
        threads: Int, depth: Int
    ) {
        let spare = max(cores - workers, 0)
        let threads = threads ?? (isSlow ? spare : min(spare, 1))
        let least = max(grainsAtOnce, workers)
        return (threads, max(depth ?? grainsAtOnce + workers + 2 + 2 * max(threads - 1, 0), least))
    }
}

extension LoaderConfiguration: ConfigurationSection {
    package static var title: String { "loader" }

    package init(from reader: ConfigurationReader) {
        self.init(
            threads: reader.optional(
                "threads", .integer(in: 0...256), influencesWeights: false,
                "Threads of each rank that read ahead; with 0 the workers read their own samples. If absent, as many "
                    + "as cores are left beside the workers, for samples that are quick to read at most one."),
            depth: reader.optional(
                "depth", .integer(in: 1...4096), influencesWeights: false,
                "Grains that each rank holds at once, at least those that it computes at once."))
    }
}
