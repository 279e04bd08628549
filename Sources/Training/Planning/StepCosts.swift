/// What one training step costs, as measured on one machine without a network; the input of ``StepModel``.
package struct StepCosts: Codable, Equatable, Sendable {
    /// Samples of a step over all ranks, and of a grain.
    package var batch: Int
    package var grain: Int
    /// Seconds that a worker needs for a grain, forward and backward, by the number of workers that are
    /// busy on the host; ascending, at least one.
    package var grains: [GrainTime]
    /// When within a grain weights are first read and gradients are final.
    package var profile: GrainProfile
    /// Seconds of a step that depend on nothing.
    package var constantSeconds: Double
    /// Seconds of the whole update of the weights on one thread.
    package var updateSeconds: Double
    /// Seconds in which one thread adds a float of one partial sum to another's.
    package var additionSecondsPerFloat: Double
    /// Floats of the vector that ranks add, and of the gradients at its front.
    package var vectorFloats: Int
    package var gradientFloats: Int
    /// Floats that grains add one by one; not those of weights whose gradients they leave as factors.
    package var addedFloats: Int
    /// Bytes in which a gradient travels: 4, or 2 with `wire: bfloat16`.
    package var bytesPerGradient: Int
    /// Whether weights are updated in the next forward pass, while other gradients still travel.
    package var defersUpdates: Bool
    /// Bytes of a rank that do not depend on how a job is laid out: the program, weights and optimiser.
    package var rankBytes: Int
    /// Bytes of a worker: what backward keeps, samples, and its libraries' buffers.
    package var workerBytes: Int

    package struct GrainTime: Codable, Equatable, Sendable {
        package var busyWorkers: Int
        package var seconds: Double

        package init(busyWorkers: Int, seconds: Double) {
            self.busyWorkers = busyWorkers
            self.seconds = seconds
        }
    }

    package init(
        batch: Int, grain: Int, grains: [GrainTime], profile: GrainProfile, constantSeconds: Double,
        updateSeconds: Double, additionSecondsPerFloat: Double, vectorFloats: Int, gradientFloats: Int,
        addedFloats: Int, bytesPerGradient: Int, defersUpdates: Bool, rankBytes: Int, workerBytes: Int
    ) {
        (self.batch, self.grain, self.grains, self.profile) = (batch, grain, grains, profile)
        (self.constantSeconds, self.updateSeconds) = (constantSeconds, updateSeconds)
        self.additionSecondsPerFloat = additionSecondsPerFloat
        (self.vectorFloats, self.gradientFloats, self.addedFloats) = (vectorFloats, gradientFloats, addedFloats)
        (self.bytesPerGradient, self.defersUpdates) = (bytesPerGradient, defersUpdates)
        (self.rankBytes, self.workerBytes) = (rankBytes, workerBytes)
    }

    /// Grains of a step.
    package var grainCount: Int { (batch + grain - 1) / grain }

    /// Seconds of a grain while so many workers are busy on the host: between two measured numbers on a straight line,
    /// outside as at the nearest.
    package func grainSeconds(busyWorkers: Int) -> Double {
        guard let above = grains.firstIndex(where: { $0.busyWorkers >= busyWorkers }) else {
            return grains.last?.seconds ?? 0
        }
        let upper = grains[above]
        guard above > 0, upper.busyWorkers > busyWorkers else { return upper.seconds }
        let lower = grains[above - 1]
        let share = Double(busyWorkers - lower.busyWorkers) / Double(upper.busyWorkers - lower.busyWorkers)
        return lower.seconds + share * (upper.seconds - lower.seconds)
    }
}

/// When within a grain its weights are first read, and when their gradients are final.
package struct GrainProfile: Codable, Equatable, Sendable {
    /// A weight.
    package struct Stage: Codable, Equatable, Sendable {
        /// Its gradient's floats in the vector.
        package var lower: Int
        package var upper: Int
        /// The share of forward that has passed when it is first read.
        package var needed: Double
        /// The share of backward that has passed when its gradient is final.
        package var ready: Double

        package init(lower: Int, upper: Int, needed: Double, ready: Double) {
            (self.lower, self.upper, self.needed, self.ready) = (lower, upper, needed, ready)
        }
    }

    /// In the order of their first use.
    package var stages: [Stage]
    /// Of a grain's time.
    package var forwardShare: Double

    package init(stages: [Stage], forwardShare: Double) {
        self.stages = stages
        self.forwardShare = forwardShare
    }
}

/// What hosts have between them.
package struct LinkSpeed: Codable, Equatable, Sendable {
    /// Seconds that a small message takes one way.
    package var latencySeconds: Double
    /// Bytes that a host sends in a second while it receives as many.
    package var bytesPerSecond: Double
    /// Seconds that a rank works for a message that it sends and one that it receives.
    package var messageSeconds: Double

    package init(latencySeconds: Double, bytesPerSecond: Double, messageSeconds: Double) {
        self.latencySeconds = latencySeconds
        self.bytesPerSecond = bytesPerSecond
        self.messageSeconds = messageSeconds
    }

    /// Takes no time for anything.
    package static let instant = LinkSpeed(latencySeconds: 0, bytesPerSecond: .infinity, messageSeconds: 0)
}

/// How a job is laid out over hosts of equal size; the last one may have fewer ranks.
package struct JobShape: Equatable, Sendable {
    package var ranks: Int
    package var ranksPerHost: Int
    package var threads: Int

    package init(ranks: Int, ranksPerHost: Int, threads: Int) {
        precondition(ranks > 0 && ranksPerHost > 0 && threads > 0, "JobShape: \(ranks), \(ranksPerHost), \(threads)")
        self.ranks = ranks
        self.ranksPerHost = ranksPerHost
        self.threads = threads
    }

    package var hosts: Int { (ranks + ranksPerHost - 1) / ranksPerHost }
    /// Ranks of the fullest host.
    package var mostRanksOfHost: Int { min(ranks, ranksPerHost) }
}
