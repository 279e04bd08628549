import DataPipeline
import Foundation
import Kernels
import Synchronization
import Testing

/// A worker that fails or leaves its grain out must not let another one wait for ever. Each test gives up after a time
/// in which the right code is done a thousand times over.
struct BatchLoaderFailureTests {
    struct ReadFailure: Error, Equatable { let index: Int }

    /// Runs `body` on threads of their own and says whether all returned in time.
    private func allReturn(_ workers: Int, _ body: @escaping @Sendable (Int) -> Void) -> Bool {
        let group = DispatchGroup()
        for worker in 0..<workers {
            group.enter()
            Thread.detachNewThread {
                body(worker)
                group.leave()
            }
        }
        return group.wait(timeout: .now() + 20) == .success
    }

    private func loader(_ dataset: ComputedDataset, grain: Int, depth: Int, threads: Int) throws -> BatchLoader {
        let plan = EvaluationPlan(sampleCount: dataset.count, grainSize: grain)
        return try BatchLoader(
            try BatchSource(dataset: dataset, plan: plan, key: RandomKey(seed: 1)), grains: 0..<plan.grainsPerStep,
            steps: 0..<1, depth: depth, threads: threads)
    }

    @Test("a sample that cannot be read ends the wait of every worker with its error", arguments: [0, 2])
    func readingFails(threads: Int) throws {
        var dataset = ComputedDataset(count: 40)
        dataset.onRead = { index in
            // The other worker has time to wait for the slot of this grain.
            if index == 4 {
                usleep(50_000)
                throw ReadFailure(index: 4)
            }
        }
        let loader = try loader(dataset, grain: 1, depth: 3, threads: threads)
        let failures = Mutex<[ReadFailure]>([])
        let isDone = allReturn(2) { worker in
            do {
                for grain in stride(from: worker, to: 40, by: 2) {
                    try loader.withBatch(step: 0, grain: grain) { _ in }
                }
            } catch {
                if let failure = error as? ReadFailure { failures.withLock { $0.append(failure) } }
            }
        }
        #expect(isDone)
        #expect(failures.withLock { $0 } == [ReadFailure(index: 4), ReadFailure(index: 4)])
    }

    @Test("an error in the use of a batch ends the other workers too")
    func useFails() throws {
        let loader = try loader(ComputedDataset(count: 40), grain: 1, depth: 4, threads: 0)
        let failures = Mutex(0)
        let isDone = allReturn(3) { worker in
            do {
                for grain in stride(from: worker, to: 40, by: 3) {
                    try loader.withBatch(step: 0, grain: grain) { _ in if grain == 7 { throw ReadFailure(index: 7) } }
                }
            } catch { failures.withLock { $0 += error as? ReadFailure == ReadFailure(index: 7) ? 1 : 0 } }
        }
        #expect(isDone)
        #expect(failures.withLock { $0 } == 3)
    }

    @Test("grains before the one that failed are still served")
    func servesEarlier() throws {
        var dataset = ComputedDataset(count: 10)
        dataset.onRead = { if $0 == 3 { throw ReadFailure(index: 3) } }
        let loader = try loader(dataset, grain: 1, depth: 4, threads: 1)
        usleep(50_000)  // the prefetching thread has met the error
        for grain in 0..<3 { try loader.withBatch(step: 0, grain: grain) { #expect($0.sampleIDs == [grain]) } }
        #expect(throws: ReadFailure(index: 3)) { try loader.withBatch(step: 0, grain: 3) { _ in } }
    }

    @Test("a grain that its worker skips keeps nobody waiting", arguments: [0, 1])
    func skips(threads: Int) throws {
        let loader = try loader(ComputedDataset(count: 60), grain: 1, depth: 3, threads: threads)
        let used = Mutex<Set<Int>>([])
        let isDone = allReturn(2) { worker in
            do {
                for grain in stride(from: worker, to: 60, by: 2) {
                    if worker == 0, grain > 10 {
                        try loader.skip(step: 0, grain: grain)
                    } else {
                        try loader.withBatch(step: 0, grain: grain) { batch in
                            used.withLock { _ = $0.insert(batch.sampleIDs[0]) }
                        }
                    }
                }
            } catch { Issue.record(error) }
        }
        #expect(isDone)
        #expect(used.withLock { $0 } == Set((0..<60).filter { $0 % 2 == 1 || $0 <= 10 }))
    }
}
