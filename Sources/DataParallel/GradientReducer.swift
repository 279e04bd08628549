import Autograd
import Foundation
import Kernels
import System

/// Adds the flat vectors of all grains of a step, over threads and ranks, in the tree's order.
///
/// Workers take grains one after another; as backward passes a bucket, that bucket's part of the tree is added as far
/// as this rank can. What remains across ranks is added by a ``BucketReduction``. The result's bits depend on the
/// grains alone.
///
/// Of factored weights a grain leaves factors. When all of a rank's grains have, their sum is computed in blocks, which
/// workers take when no grain is left, or at once where buckets wait to be sent.
///
/// A step is ``begin()``, ``computeGrains(_:)`` on every worker, and ``finish()``. When a grain fails, other workers
/// stop after theirs, and `finish` throws the grain's error. A job of one rank may begin another step then. With
/// several ranks the others wait for this one's part: the failure stays, and whoever sees it ends the job by the
/// communicator's `abort`.
///
/// `@unchecked Sendable`: all bookkeeping is under the condition's lock. A range of a buffer belongs to the worker that
/// computes it, then to the one that the tree's progress tells to add it; each hand-over passes through the lock.
package final class GradientReducer: @unchecked Sendable {
    /// Which rank computes which grains.
    package let assignment: GrainAssignment
    /// Floats of the flat vector.
    package let count: Int
    private let rank: Int
    private let buckets: [Range<Int>]
    private let reduction: any BucketReduction
    private let factored: FactoredSums

    private let condition = NSCondition()
    private var nextGrain = 0
    private var workers = 0
    private var failure: (any Error)?
    private var buffers: GrainBuffers
    private var progress: TreeProgress
    private var blocks: BlockQueue
    private var scratch: [FlatBuffer] = []

    /// - Parameters:
    ///   - count: floats of the flat vector, a multiple of 16.
    ///   - buckets: how the vector is cut, by default ``BucketPlan``'s way; one rank has nothing to send and takes it
    ///     whole.
    ///   - factored: weights of whose gradients grains leave factors (``factors(ofGrain:)``).
    ///   - reduction: adds this rank's partial sums and those of the others.
    package init(
        assignment: GrainAssignment, rank: Int, count: Int, buckets: BucketPlan? = nil,
        factored: FactoredWeights = .none, reduction: any BucketReduction
    ) {
        precondition(count > 0 && count % 16 == 0, "GradientReducer: \(count) floats are not whole 64-byte lines")
        precondition(
            rank >= 0 && rank < assignment.worldSize,
            "GradientReducer: rank \(rank) outside 0..<\(assignment.worldSize)")
        self.assignment = assignment
        self.rank = rank
        self.count = count
        self.reduction = reduction
        self.buckets =
            assignment.worldSize == 1
            ? [0..<count] : (buckets ?? BucketPlan(count: count, ranks: assignment.worldSize)).ranges
        precondition(
            self.buckets.last?.upperBound == count,
            "GradientReducer: buckets for \(self.buckets.last?.upperBound ?? 0) of \(count) floats")
        let tree = assignment.tree
        let roots = assignment.roots(ofRank: rank)
        buffers = GrainBuffers(
            grains: assignment.grains(ofRank: rank), roots: roots.map(tree.grains(of:)),
            count: count, memoryForRoot: reduction.memory(forRoot:))
        let sums = FactoredSums(factored, assignment, rank: rank)
        self.factored = sums
        blocks = BlockQueue(sums, grains: assignment.grains(ofRank: rank).count)
        progress = TreeProgress(
            tree: tree, roots: roots,
            furtherParts: self.buckets.map { bucket in
                sums.blocks.count { $0.extent.overlaps(bucket) }
            })
    }

    /// How many flat buffers exist; constant after the first step.
    package var allocatedBuffers: Int { locked { buffers.allocated } }

    /// Prepares a step; the previous one's result is no longer valid.
    package func begin() {
        let rootMemory: [UnsafeMutablePointer<Float>]? = locked {
            if assignment.worldSize == 1 { failure = nil }
            nextGrain = assignment.grains(ofRank: rank).lowerBound
            workers = 0
            buffers.reset()
            progress.reset()
            blocks.reset()
            return failure == nil ? buffers.rootMemory : nil
        }
        if let rootMemory { reduction.begin(rootMemory, buckets) }
    }

    /// Where a grain of this rank leaves the factors of its gradients; nil where no weight is factored.
    package func factors(ofGrain grain: Int) -> GradientFactors? { factored.factors(ofGrain: grain) }

    /// Computes grains until none of this rank's is left; every worker calls it once a step.
    ///
    /// - Parameters:
    ///   - addsFactors: whether the worker stays for the sums of factored weights; some worker does.
    ///   - compute: writes all of a grain's flat vector, factored weights excepted, and reports through its last
    ///     argument how many floats at the front are final. It doesn't touch them afterwards: they may be another
    ///     grain's already.
    package func computeGrains(
        addsFactors: Bool = true,
        _ compute: (_ grain: Int, _ vector: UnsafeMutablePointer<Float>, _ onProgress: @escaping (Int) -> Void) throws
            -> Void
    ) throws {
        locked {
            workers += 1
            buffers.reserve(workers: workers)
            condition.broadcast()
        }
        while let piece = take(addsFactors) {
            guard case .grain(let grain, let vector) = piece else {
                if case .block(let block) = piece { computeBlock(block) }
                continue
            }
            var (passed, left) = (0, 0)
            let report: (Int) -> Void = { [self] floats in
                while passed < buckets.count, buckets[passed].upperBound <= floats {
                    arrive(grain, bucket: passed)
                    passed += 1
                }
                leaveFactors(&left, upTo: floats)
            }
            do {
                try Timeline.span(.grain, number: grain) { try compute(grain, vector, report) }
            } catch {
                fail(error)
                throw error
            }
            report(count)
        }
    }

    /// The sum over all grains of all ranks, once every worker has returned from ``computeGrains(_:)``.
    ///
    /// Throws the first error of a grain, and what the reduction throws. The memory is valid until the next
    /// ``begin()``.
    package func finish() throws -> UnsafePointer<Float> {
        let (error, isComplete) = locked { (failure, progress.isComplete) }
        if let error { throw error }
        precondition(isComplete, "GradientReducer: finish before all grains of rank \(rank) were computed")
        return try reduction.finish()
    }

    /// See ``BucketReduction/sendsBuckets``.
    package var sendsBuckets: Bool { reduction.sendsBuckets }

    /// The sums of the step as they come, instead of ``finish()``, once every worker has returned; nil where they come
    /// all at once.
    ///
    /// The next step may ``begin()`` while they travel; a worker writes no float of a grain's vector before its sum has
    /// arrived. Throws the first error of a grain.
    package func arrivals() throws -> SumArrivals? {
        if let error = locked({ failure }) { throw error }
        return reduction.arrivals
    }

    /// Which gradients each rank owns, of which ``finish()`` gives the sums to it alone; nil where all ranks have all.
    package var owned: OwnedGradients? { reduction.owned }

    /// See ``BucketReduction/shareWeights()``.
    package func shareWeights() throws -> SumArrivals? { try reduction.shareWeights() }

    /// Seconds that the last ``finish()`` waited for slower ranks, where that is known.
    package var waitSeconds: Double { reduction.waitSeconds }

    /// Gives the step up, from any thread: workers stop after their grains, and nothing waits for the rest of this
    /// rank's buckets.
    package func cancel() { fail(DataParallelError.stepCancelled(rank: rank)) }

    private func fail(_ error: any Error) {
        locked {
            if failure == nil { failure = error }
            condition.broadcast()
        }
        reduction.cancel()
    }

    private enum Piece {
        case grain(Int, UnsafeMutablePointer<Float>)
        case block(FactoredSums.Block)
    }

    /// The next grain and its memory, or a block when there is none; waits while all spare buffers hold sums that wait
    /// for slower workers, and for the last grains' factors.
    private func take(_ addsFactors: Bool) -> Piece? {
        locked {
            while failure == nil {
                let isGrainLeft = nextGrain < assignment.grains(ofRank: rank).upperBound
                if isGrainLeft, let vector = buffers.acquire(nextGrain) {
                    nextGrain += 1
                    return .grain(nextGrain - 1, vector)
                }
                if addsFactors, let block = blocks.take() { return .block(block) }
                if !isGrainLeft && (blocks.isEmpty || !addsFactors) { return nil }
                condition.wait()
            }
            return nil
        }
    }

    // MARK: - Factored weights

    /// A grain has left the factors of all weights that end at `floats`, of which `left` had been told.
    private func leaveFactors(_ left: inout Int, upTo floats: Int) {
        let weights = factored.weights.weights
        var hasOpened = false
        while left < weights.count, weights[left].range.upperBound <= floats {
            hasOpened = locked { blocks.leave(weight: left) } || hasOpened
            left += 1
        }
        guard hasOpened else { return }
        if sendsBuckets {
            while let block = locked({ failure == nil ? blocks.take() : nil }) { computeBlock(block) }
        }
        locked { condition.broadcast() }
    }

    private func computeBlock(_ block: FactoredSums.Block) {
        let (memory, roots) = locked { (scratch.popLast() ?? factored.makeScratch(), buffers.rootMemory) }
        Timeline.span(.factors) { factored.compute(block, into: roots, scratch: memory) }
        let first = buckets.firstIndex { $0.upperBound > block.extent.lowerBound } ?? buckets.endIndex
        for bucket in first..<buckets.count where buckets[bucket].lowerBound < block.extent.upperBound {
            if locked({ progress.completePart(bucket: bucket) }) { tellReady(bucket) }
        }
        locked { scratch.append(memory) }
    }

    // MARK: - The tree

    /// A grain has passed a bucket: adds upwards as far as siblings are there.
    private func arrive(_ grain: Int, bucket: Int) {
        var node = grain
        while true {
            switch locked({ progress.complete(node, bucket: bucket) }) {
            case .wait: return
            case .bucketIsReady: return tellReady(bucket)
            case .add(let source, let target, let parent):
                Timeline.span(.add, number: bucket) { add(source, to: target, buckets[bucket]) }
                node = parent
            }
        }
    }

    private func tellReady(_ bucket: Int) {
        Timeline.note(.ready, number: bucket)
        reduction.localSumIsReady(bucket: bucket)
    }

    /// Adds a range of one grain's buffer to another's, and frees the buffer after the last range.
    private func add(_ source: Int, to target: Int, _ range: Range<Int>) {
        let (addend, sum) = locked { (buffers[source], buffers[target]) }
        factored.weights.forEachOther(in: range) { part in
            accumulate(addend + part.lowerBound, into: sum + part.lowerBound, count: part.count)
        }
        locked {
            guard progress.hasBeenAdded(source) else { return }
            buffers.release(source)
            condition.broadcast()
        }
    }

    private func locked<Result>(_ body: () throws -> Result) rethrows -> Result {
        condition.lock()
        defer { condition.unlock() }
        return try body()
    }
}
