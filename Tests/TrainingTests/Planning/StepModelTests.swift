import Testing
import Training

/// Steps of a training whose grain takes 10 ms, 4 of them forward.
struct StepModelTests {
    /// - Parameters:
    ///   - stages: of the weights in the order of their use, with the floats of their gradients.
    private func costs(
        grains: Int, floats: Int = 65_536, stages: [GrainProfile.Stage]? = nil, update: Double = 0,
        constant: Double = 0, addition: Double = 0
    ) -> StepCosts {
        StepCosts(
            batch: grains * 32, grain: 32, grains: [.init(busyWorkers: 1, seconds: 0.010)],
            profile: GrainProfile(
                stages: stages ?? [.init(lower: 0, upper: floats, needed: 0, ready: 1)], forwardShare: 0.4),
            constantSeconds: constant, updateSeconds: update, additionSecondsPerFloat: addition,
            vectorFloats: floats, gradientFloats: floats, addedFloats: floats, bytesPerGradient: 4,
            defersUpdates: true, rankBytes: 1000, workerBytes: 100)
    }

    private func seconds(_ costs: StepCosts, _ shape: JobShape, _ link: LinkSpeed = .instant) -> Double {
        StepModel(costs, link: link).stepSeconds(shape)
    }

    private func isClose(_ a: Double, _ b: Double) -> Bool { abs(a - b) < 1e-9 }

    @Test func `one rank computes its grains one after the other, then updates`() {
        let costs = costs(grains: 8, update: 0.002, constant: 0.001)
        #expect(isClose(seconds(costs, JobShape(ranks: 1, ranksPerHost: 1, threads: 1)), 0.001 + 0.080 + 0.002))
        #expect(isClose(seconds(costs, JobShape(ranks: 1, ranksPerHost: 1, threads: 4)), 0.001 + 0.020 + 0.0005))
    }

    @Test func `the busiest worker has the grains that are left over`() {
        let model = StepModel(costs(grains: 9), link: .instant)
        #expect(model.rounds(JobShape(ranks: 2, ranksPerHost: 2, threads: 2)) == 3)
        #expect(model.rounds(JobShape(ranks: 9, ranksPerHost: 9, threads: 1)) == 1)
    }

    @Test func `busy neighbours slow a grain down on a straight line between what was measured`() {
        var costs = costs(grains: 4)
        costs.grains.append(.init(busyWorkers: 4, seconds: 0.016))
        #expect(isClose(costs.grainSeconds(busyWorkers: 1), 0.010))
        #expect(isClose(costs.grainSeconds(busyWorkers: 2), 0.012))
        #expect(isClose(costs.grainSeconds(busyWorkers: 64), 0.016))
    }

    @Test func `ranks of one host each add a slice of all partial sums`() {
        let costs = costs(grains: 2, floats: 1_000_000 / 16 * 16, addition: 1e-9)
        // Two partial sums, of which each of the two ranks adds half.
        #expect(isClose(seconds(costs, JobShape(ranks: 2, ranksPerHost: 2, threads: 1)), 0.010 + 0.001))
    }

    @Test func `a sole bucket takes both exchanges and two ways, and the update comes with the next forward pass`() {
        // A bucket of 524,288 bytes, of which half goes to the other host: 2 ms.
        let link = LinkSpeed(latencySeconds: 0.0005, bytesPerSecond: 131_072_000, messageSeconds: 0)
        let costs = costs(grains: 2, floats: 131_072, update: 0.002, constant: 0.001)
        let step = seconds(costs, JobShape(ranks: 2, ranksPerHost: 1, threads: 1), link)
        #expect(isClose(step, 0.010 + 2 * 0.002 + 2 * 0.0005 + 0.002 + 0.001))
    }

    @Test func `a small vector takes one exchange and one way, then the update`() {
        // 262,144 bytes go to the other host: 2 ms.
        let link = LinkSpeed(latencySeconds: 0.0005, bytesPerSecond: 131_072_000, messageSeconds: 0)
        let costs = costs(grains: 2, update: 0.002, constant: 0.001)
        let step = seconds(costs, JobShape(ranks: 2, ranksPerHost: 1, threads: 1), link)
        #expect(isClose(step, 0.010 + 0.002 + 0.0005 + 0.002 + 0.001))
    }

    /// Two buckets whose parts for the other host take a millisecond each.
    private let twoBuckets = 262_144
    private let fast = LinkSpeed(latencySeconds: 0, bytesPerSecond: 262_144_000, messageSeconds: 0)

    @Test func `what is ready early travels during backward`() {
        let costs = costs(
            grains: 2, floats: twoBuckets,
            stages: [
                .init(lower: 131_072, upper: twoBuckets, needed: 0, ready: 1),
                .init(lower: 0, upper: 131_072, needed: 0.5, ready: 0.5),
            ])
        // The first is ready at 7 ms and back at 9, the second at 10 and back at 12.
        #expect(isClose(seconds(costs, JobShape(ranks: 2, ranksPerHost: 1, threads: 1), fast), 0.012))
    }

    @Test func `what is needed late travels during the next forward pass`() {
        let floats = 6 * 131_072
        var costs = costs(
            grains: 2, floats: floats,
            stages: [
                .init(lower: 5 * 131_072, upper: floats, needed: 0, ready: 1),
                .init(lower: 0, upper: 5 * 131_072, needed: 1, ready: 1),
            ])
        let shape = JobShape(ranks: 2, ranksPerHost: 1, threads: 1)
        // All six are ready at 10 ms and take the link twice; the last goes first, and the step goes on with it.
        let deferred = seconds(costs, shape, fast)
        costs.defersUpdates = false
        #expect(isClose(seconds(costs, shape, fast), 0.022))
        #expect(deferred < 0.022 - 0.001)
    }

    @Test func `bfloat16 halves what gradients take on the link`() {
        var costs = costs(grains: 2)
        costs.bytesPerGradient = 2
        let link = LinkSpeed(latencySeconds: 0, bytesPerSecond: 131_072_000, messageSeconds: 0)
        #expect(isClose(seconds(costs, JobShape(ranks: 2, ranksPerHost: 1, threads: 1), link), 0.010 + 0.001))
    }

    @Test func `efficiency is against as many times one rank, and the network's share is what it adds`() throws {
        let link = LinkSpeed(latencySeconds: 0.001, bytesPerSecond: 131_072_000, messageSeconds: 0)
        let model = StepModel(costs(grains: 2), link: link)
        let prediction = try #require(model.prediction(JobShape(ranks: 2, ranksPerHost: 1, threads: 1)))
        #expect(isClose(prediction.stepSeconds, 0.013))
        #expect(isClose(prediction.samplesPerSecond, 64 / 0.013))
        #expect(isClose(prediction.efficiency, 0.020 / 0.013 / 2))
        #expect(isClose(prediction.networkShare, 3.0 / 13))
        #expect(model.prediction(JobShape(ranks: 3, ranksPerHost: 1, threads: 1)) == nil)
    }

    @Test func `a host holds its ranks, their vectors and one result`() throws {
        let model = StepModel(costs(grains: 2, floats: 16), link: .instant)
        let alone = try #require(model.prediction(JobShape(ranks: 1, ranksPerHost: 1, threads: 1)))
        #expect(alone.hostBytes == 1000 + 100 + 2 * 64)  // a root and a grain that waits for it
        let both = try #require(model.prediction(JobShape(ranks: 2, ranksPerHost: 2, threads: 1)))
        #expect(both.hostBytes == 2 * (1000 + 100 + 64) + 64)
    }

    // MARK: - Advice

    private func plan(_ costs: StepCosts, _ shapes: [JobShape], _ link: LinkSpeed) -> ScalingPlan {
        ScalingPlan(name: "test", model: StepModel(costs, link: link), shapes: shapes, link: .given)
    }

    @Test func `an inefficient layout is told the batch that suffices and what the wire saves`() throws {
        let shape = JobShape(ranks: 2, ranksPerHost: 1, threads: 1)
        let link = LinkSpeed(latencySeconds: 0.001, bytesPerSecond: 131_072_000, messageSeconds: 0)
        let advice = plan(costs(grains: 2, floats: 131_072), [shape], link).advice(shape)
        // 6 ms beside n · 10 ms of computation: 0.9 takes n = 5, and the next power of two is 8.
        let batch = try #require(advice.first { $0.change == "batch 512" })
        #expect(isClose(batch.efficiency, 80.0 / 86))
        let wire = try #require(advice.first { $0.change.contains("bfloat16") })
        #expect(isClose(wire.stepSeconds, 0.014))
    }

    @Test func `an efficient layout gets no advice`() {
        let shape = JobShape(ranks: 2, ranksPerHost: 2, threads: 1)
        #expect(plan(costs(grains: 2), [shape], .instant).advice(shape).isEmpty)
    }

    @Test func `more ranks than grains are told the batch that has one for each`() {
        let shape = JobShape(ranks: 64, ranksPerHost: 16, threads: 1)
        let plan = plan(costs(grains: 4), [shape], .instant)
        #expect(plan.leastBatch(shape) == 2048)
        #expect(plan.text.contains("64 ranks: more than the 4 grains of a batch of 128; a batch of 2,048 has one"))
    }

    @Test func `the best split keeps as many workers busy as it can`() throws {
        // Four grains on four cores: as ranks each updates all weights, as threads they share the update.
        let shape = JobShape(ranks: 4, ranksPerHost: 4, threads: 1)
        let plan = plan(costs(grains: 4, update: 0.004), [shape], .instant)
        let best = try #require(plan.bestSplit(shape))
        #expect(best.shape == JobShape(ranks: 1, ranksPerHost: 1, threads: 4))
        #expect(plan.splits(shape).count == 3)
    }
}
