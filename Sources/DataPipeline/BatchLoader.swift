import System

/// Prepares the grains of one rank ahead of its workers.
///
/// Any number of workers ask for the grains of `grains` in every step of `steps`, each worker in increasing (step,
/// grain) order, and together for every one of them, empty ones too, or skip it. Background threads keep up to `depth`
/// grains filled; a worker that comes first fills its grain itself. Workers must run at the same time, a thread each:
/// one that is `depth` grains ahead waits for the slowest. In the steady state nothing is allocated.
package final class BatchLoader: Sendable {
    private let grains: Range<Int>
    private let steps: Range<Int>
    private let ring: BatchRing
    private let threads: [JoinableThread]

    /// - Parameters:
    ///   - grains: the grains of each step that this rank computes.
    ///   - depth: how many grains are held at once, those in use included; at least the number of workers.
    ///   - threads: how many threads prefetch; with 0 the workers fill their grains themselves.
    package init(
        _ source: BatchSource, grains: Range<Int>, steps: Range<Int>, depth: Int, threads: Int
    ) throws(DataError) {
        precondition(depth > 0 && threads >= 0, "BatchLoader: depth \(depth), \(threads) threads")
        precondition(
            grains.lowerBound >= 0 && grains.upperBound <= source.plan.grainsPerStep,
            "BatchLoader: grains \(grains) of \(source.plan.grainsPerStep)")
        let filler = BatchFiller(source)
        let (product, overflow) = steps.count.multipliedReportingOverflow(by: grains.count)
        let ring = BatchRing(
            batches: (0..<depth).map { _ in source.makeBatch() },
            requestCount: overflow ? Int.max : product
        ) { batch, request in
            let (step, grain) = request.quotientAndRemainder(dividingBy: grains.count)
            try Timeline.span(.load, number: grains.lowerBound + grain) {
                try filler.fill(batch, step: steps.lowerBound + step, grain: grains.lowerBound + grain)
            }
        }
        var started: [JoinableThread] = []
        do throws(DataError) {
            for number in 0..<threads {
                started.append(
                    try DataError.wrapping { () throws(SystemError) in
                        try JoinableThread(name: "loader-\(number)") { ring.prefetch() }
                    })
            }
        } catch {
            ring.stop()
            for thread in started { thread.join() }
            throw error
        }
        self.grains = grains
        self.steps = steps
        self.ring = ring
        self.threads = started
    }

    deinit { stop() }

    /// How many threads prefetch.
    package var threadCount: Int { threads.count }

    /// Calls `body` with the batch of (`step`, `grain`), which belongs to it until it returns.
    ///
    /// Throws what reading the samples or `body` threw, or `loaderStopped`. An error of one worker is thrown to all
    /// others as soon as they ask for this grain or a later one: a worker that fails does not come for its other
    /// grains, for which the others would wait.
    package func withBatch<Result>(step: Int, grain: Int, _ body: (Batch) throws -> Result) throws -> Result {
        let request = request(step, grain)
        let batch = try Timeline.span(.data, number: grain) { try ring.take(request) }
        defer { ring.giveBack(request) }
        do {
            return try body(batch)
        } catch {
            ring.fail(request, error)
            throw error
        }
    }

    /// What a worker calls that leaves the grain out, because the run stops: the other workers go on.
    ///
    /// Throws as ``withBatch(step:grain:_:)`` does.
    package func skip(step: Int, grain: Int) throws { try ring.skip(request(step, grain)) }

    private func request(_ step: Int, _ grain: Int) -> Int {
        precondition(
            steps.contains(step) && grains.contains(grain),
            "BatchLoader: (\(step), \(grain)) is not in \(steps) × \(grains)")
        return (step - steps.lowerBound) * grains.count + grain - grains.lowerBound
    }

    /// Ends prefetching and waits for its threads; workers that wait get `loaderStopped`. May be called again.
    package func stop() {
        ring.stop()
        for thread in threads { thread.join() }
    }
}
