import DataParallel

/// Predicts a training step from what its parts cost, for any number of ranks.
///
/// With G grains, R ranks on H hosts, T threads a rank, a vector of n floats:
///
///     rounds      = ⌈⌈G / R⌉ / T⌉
///     computation = rounds · grain(workers busy on the host) + (rounds − 1 + log₂ T) · addition · n
///     one rank    = constant + computation + update / T
///     one host    = constant + computation + addition · n · (partial sums) / R + update / T
///
/// Several hosts: a worker's first forward pass waits before each weight for its bucket of the step before, and updates
/// it (on one thread, whichever comes first); in its last backward pass buckets become ready; ``ExchangeTimeline``
/// tells when their sums come. A step ends when its grains are computed and the bucket with the metrics, the last, has
/// come:
///
///     step = constant + max(computation with the waits for weights, arrival of the last bucket).
///
/// Each way a host sends (H − 1) / H · n floats of results, and as many of partial sums for each whole subtree of the
/// tree that its grains are. The step that follows itself is found by repeating it until it no longer changes. Where
/// updates are not deferred the step ends with the last sum and the update.
package struct StepModel: Sendable {
    package let costs: StepCosts
    package let link: LinkSpeed

    package init(_ costs: StepCosts, link: LinkSpeed) {
        self.costs = costs
        self.link = link
    }

    /// What a layout makes of a step.
    package struct Prediction: Equatable, Sendable {
        package var shape: JobShape
        package var stepSeconds: Double
        package var samplesPerSecond: Double
        /// Of one rank's samples a second times the ranks.
        package var efficiency: Double
        /// The share of the step by which a network that takes no time would shorten it.
        package var networkShare: Double
        /// Bytes of the fullest host.
        package var hostBytes: Double
    }

    /// - Returns: nil for more ranks than grains.
    package func prediction(_ shape: JobShape) -> Prediction? {
        guard shape.ranks <= costs.grainCount else { return nil }
        let step = stepSeconds(shape)
        let alone = stepSeconds(JobShape(ranks: 1, ranksPerHost: 1, threads: shape.threads))
        let instant = shape.hosts == 1 ? step : StepModel(costs, link: .instant).stepSeconds(shape)
        return Prediction(
            shape: shape, stepSeconds: step, samplesPerSecond: Double(costs.batch) / step,
            efficiency: alone / step / Double(shape.ranks), networkShare: max(0, 1 - instant / step),
            hostBytes: hostBytes(shape))
    }

    /// - Precondition: no more ranks than grains.
    package func stepSeconds(_ shape: JobShape) -> Double {
        let job = JobPlan(costs, shape)
        if shape.hosts == 1 {
            let addition =
                shape.ranks == 1
                ? 0
                : costs.additionSecondsPerFloat * Double(costs.vectorFloats * job.partialSums) / Double(shape.ranks)
            return costs.constantSeconds + computeSeconds(shape) + addition
                + costs.updateSeconds / Double(shape.threads)
        }
        return repeatedStep(shape, job)
    }

    /// Grains that the busiest worker computes, one after the other.
    package func rounds(_ shape: JobShape) -> Int {
        let grains = (costs.grainCount + shape.ranks - 1) / shape.ranks
        return (grains + shape.threads - 1) / shape.threads
    }

    private func grainSeconds(_ shape: JobShape) -> Double {
        let grains = (costs.grainCount + shape.ranks - 1) / shape.ranks
        return costs.grainSeconds(busyWorkers: shape.mostRanksOfHost * min(shape.threads, grains))
    }

    /// Seconds that the busiest worker computes, and adds what its grains give to that of others.
    package func computeSeconds(_ shape: JobShape) -> Double {
        Double(rounds(shape)) * grainSeconds(shape) + additionSeconds(shape)
    }

    private func additionSeconds(_ shape: JobShape) -> Double {
        let grains = (costs.grainCount + shape.ranks - 1) / shape.ranks
        let levels = Int.bitWidth - max(min(shape.threads, grains) - 1, 0).leadingZeroBitCount
        return Double(rounds(shape) - 1 + levels) * costs.additionSecondsPerFloat * Double(costs.addedFloats)
    }

    // MARK: - Several hosts

    /// A step that follows others of its kind.
    private func repeatedStep(_ shape: JobShape, _ job: JobPlan) -> Double {
        let timeline = ExchangeTimeline(buckets: job.exchange, link: link)
        var arrivals = [Double](repeating: 0, count: job.buckets.count)
        var step = 0.0
        for _ in 0..<8 {
            let (end, next) = oneStep(shape, job, timeline, arrivals: arrivals)
            arrivals = next.map { $0 - end }
            if abs(end - step) < 1e-6 * end { return end }
            step = end
        }
        return step
    }

    /// A step that begins at 0, when the buckets of the one before come at `arrivals`; its end, and when its own come.
    private func oneStep(
        _ shape: JobShape, _ job: JobPlan, _ timeline: ExchangeTimeline, arrivals: [Double]
    ) -> (end: Double, arrivals: [Double]) {
        let grain = grainSeconds(shape)
        let forward = costs.profile.forwardShare * grain
        let defersUpdates = costs.defersUpdates && !job.exchangesWhole
        var (time, passed) = (0.0, 0.0)
        if defersUpdates {
            for stage in costs.profile.stages {
                time += (stage.needed - passed) * forward
                passed = stage.needed
                for bucket in job.buckets(overlapping: stage.lower..<stage.upper) { time = max(time, arrivals[bucket]) }
                time += updateSeconds(stage)
            }
        }
        time += (1 - passed) * forward + (grain - forward)
        time += Double(rounds(shape) - 1) * grain + additionSeconds(shape)
        let backward = time - (grain - forward)
        let ready = job.buckets.map { bucket in backward + readyShare(bucket) * (grain - forward) }
        let own = timeline.arrivals(ready: ready)
        if defersUpdates {
            return (max(time, own.last ?? 0) + costs.constantSeconds, own)
        }
        let end = max(time, own.max() ?? 0) + costs.updateSeconds / Double(shape.threads) + costs.constantSeconds
        return (end, own)
    }

    private func updateSeconds(_ stage: GrainProfile.Stage) -> Double {
        costs.updateSeconds * Double(stage.upper - stage.lower) / Double(max(costs.gradientFloats, 1))
    }

    /// The share of backward that has passed when all floats of a bucket are final; what stands behind the gradients is
    /// final at the end.
    private func readyShare(_ bucket: Range<Int>) -> Double {
        if bucket.upperBound > costs.gradientFloats { return 1 }
        return costs.profile.stages.reduce(0) { latest, stage in
            stage.lower < bucket.upperBound && stage.upper > bucket.lowerBound ? max(latest, stage.ready) : latest
        }
    }

    // MARK: - Memory

    /// Of the fullest host: each rank has its program, weights and optimiser, a vector for each partial sum and for
    /// each grain that waits for its neighbour, and its workers; ranks that share memory have one result.
    private func hostBytes(_ shape: JobShape) -> Double {
        let job = JobPlan(costs, shape)
        let grains = (costs.grainCount + shape.ranks - 1) / shape.ranks
        let waiting = Int.bitWidth - 1 - max(grains, 1).leadingZeroBitCount
        let vectors = job.mostRootsOfRank + min(grains - 1, waiting + (shape.threads > 1 ? shape.threads : 0))
        let vector = 4 * Double(costs.vectorFloats)
        let ranks = Double(shape.mostRanksOfHost)
        // What comes from other hosts, before it is added.
        let incoming = shape.hosts > 1 ? vector * Double(job.partialSums) / Double(shape.hosts) : 0
        return ranks
            * (Double(costs.rankBytes) + Double(vectors) * vector
                + Double(min(shape.threads, grains)) * Double(costs.workerBytes))
            + (shape.ranks > 1 ? vector : 0) + incoming
    }
}

/// What a layout makes of the vector: buckets, and what each costs a host, by the program's own plans.
struct JobPlan {
    let buckets: [Range<Int>]
    let exchange: [ExchangeTimeline.Bucket]
    /// Partial sums of all ranks, or of all hosts where there are several.
    let partialSums: Int
    let mostRootsOfRank: Int
    /// Whether the vector travels as one, after the last grain (`WholeExchangeReduction`).
    let exchangesWhole: Bool

    init(_ costs: StepCosts, _ shape: JobShape) {
        let order = HostOrder(hostOfRank: (0..<shape.ranks).map { $0 / shape.ranksPerHost })
        let assignment = GrainAssignment(grainCount: costs.grainCount, order: order)
        let roots = (0..<shape.ranks).map { assignment.roots(ofRank: $0).count }
        mostRootsOfRank = roots.max() ?? 1
        guard shape.hosts > 1 else {
            partialSums = roots.reduce(0, +)
            exchangesWhole = false
            (buckets, exchange) = ([0..<costs.vectorFloats], [])
            return
        }
        let ofHosts = order.hosts.map { assignment.roots(ofRanks: $0).count }
        let most = ofHosts.max() ?? 1
        let all = ofHosts.reduce(0, +)
        partialSums = all
        exchangesWhole =
            costs.bytesPerGradient == 4 && WholeExchangeReduction.isFaster(assignment, count: costs.vectorFloats)
        if exchangesWhole {
            let others = shape.hosts - 1
            let bytes = Double(costs.vectorFloats * 4)
            buckets = [0..<costs.vectorFloats]
            exchange = [
                ExchangeTimeline.Bucket(
                    sumBytes: bytes * Double(most * others), resultBytes: 0, messageBytes: bytes,
                    sumMessages: most * others, resultMessages: 0,
                    additionSeconds: costs.additionSecondsPerFloat * Double(costs.vectorFloats * all))
            ]
            return
        }
        buckets = BucketPlan(count: costs.vectorFloats, ranks: shape.ranks).ranges
        let hosts = Double(shape.hosts)
        let lanes = Double(shape.mostRanksOfHost)
        exchange = buckets.map { bucket in
            let short = max(0, min(bucket.upperBound, costs.gradientFloats / 16 * 16) - bucket.lowerBound)
            let bytes = Double(short * costs.bytesPerGradient + (bucket.count - short) * 4)
            let pieces = MessagePieces.count(bucket.count / shape.hosts / shape.mostRanksOfHost)
            return ExchangeTimeline.Bucket(
                sumBytes: Double(most) * bytes * (hosts - 1) / hosts, resultBytes: bytes * (hosts - 1) / hosts,
                messageBytes: bytes / hosts / lanes / Double(pieces),
                sumMessages: most * (shape.hosts - 1) * pieces, resultMessages: (shape.hosts - 1) * pieces,
                additionSeconds: costs.additionSecondsPerFloat * Double(bucket.count) / hosts / lanes * Double(all))
        }
    }

    /// The buckets that hold some of these floats.
    func buckets(overlapping range: Range<Int>) -> Range<Int> {
        let first = buckets.firstIndex { $0.upperBound > range.lowerBound } ?? buckets.endIndex
        let end = buckets[first...].firstIndex { $0.lowerBound >= range.upperBound } ?? buckets.endIndex
        return first..<max(first, end)
    }
}
