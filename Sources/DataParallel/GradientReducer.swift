import Autograd
import Collectives
import Foundation
import Kernels
import Synchronization

/// Adds the flat vectors of all grains of a step, over threads and ranks, in the tree's order.
///
/// Workers take grains one after another; as backward passes a bucket, that bucket's part of the tree is added as far as
/// this rank can. What remains across ranks is added by a ``BucketReduction``. The result's bits depend on the grains alone.
///
/// `@unchecked Sendable`: all bookkeeping is in the mutex; a range of a buffer is written by the worker whose turn the
/// tree gives, which the mutex orders.
public final class GradientReducer: @unchecked Sendable {
    public let assignment: GrainAssignment
    public let count: Int
    private let rank: Int
    private let buckets: [Range<Int>]
    private let roots: [Int]
    private let isRoot: [Bool]
    private let reduction: any BucketReduction
    private let state: Mutex<State>

    private struct State: @unchecked Sendable {
        var nextGrain = 0
        var buffers: [UnsafeMutablePointer<Float>?]
        var free: [FlatBuffer] = []
        var owners: [FlatBuffer?]
        var isDone: [[Bool]]
        var rootsDone: [Int]
        var bucketsLeft: [Int]
        var allocated = 0
        var failure: (any Error)?
    }

    /// - Parameter count: floats of the flat vector, a multiple of 16.
    public init(assignment: GrainAssignment, rank: Int, count: Int, buckets: BucketPlan? = nil, reduction: any BucketReduction) {
        self.assignment = assignment
        self.rank = rank
        self.count = count
        self.reduction = reduction
        let ranges = assignment.worldSize == 1 ? [0..<count] : (buckets ?? BucketPlan(count: count)).ranges
        self.buckets = ranges
        let roots = assignment.roots(ofRank: rank)
        self.roots = roots
        isRoot = assignment.tree.nodes.indices.map(roots.contains)
        state = Mutex(
            State(
                buffers: Array(repeating: nil, count: assignment.grainCount), owners: Array(repeating: nil, count: assignment.grainCount),
                isDone: Array(repeating: Array(repeating: false, count: assignment.tree.nodes.count), count: ranges.count),
                rootsDone: Array(repeating: 0, count: ranges.count), bucketsLeft: Array(repeating: 0, count: assignment.grainCount)))
    }

    /// How many flat buffers exist; constant in the steady state.
    public var allocatedBuffers: Int { state.withLock { $0.allocated } }

    /// Prepares a step; the previous one's result is no longer valid.
    public func begin() {
        let grains = assignment.grains(ofRank: rank)
        state.withLock { s in
            s.nextGrain = grains.lowerBound
            s.failure = nil
            for grain in grains {
                if let owner = s.owners[grain] { s.free.append(owner) }
                s.owners[grain] = nil
                s.buffers[grain] = nil
                s.bucketsLeft[grain] = buckets.count
            }
            for bucket in buckets.indices {
                s.rootsDone[bucket] = 0
                for node in s.isDone[bucket].indices { s.isDone[bucket][node] = false }
            }
        }
        reduction.begin(roots.map { assignment.tree.nodes[$0].lower }.enumerated().map { index, grain in rootMemory(index, grain) }, buckets)
    }

    /// Computes grains until none of this rank's is left; every worker calls it once a step.
    ///
    /// - Parameter compute: writes all of a grain's flat vector and reports through its last argument how many floats at the front are final.
    public func computeGrains(
        _ compute: (_ grain: Int, _ vector: UnsafeMutablePointer<Float>, _ onProgress: @escaping (Int) -> Void) throws -> Void
    ) throws {
        while let (grain, vector) = take() {
            var passed = 0
            let progress: (Int) -> Void = { [self] floats in
                while passed < buckets.count, buckets[passed].upperBound <= floats {
                    arrive(grain, bucket: passed)
                    passed += 1
                }
            }
            do {
                try withoutActuallyEscaping(progress) { try compute(grain, vector, $0) }
                progress(count)
            } catch {
                state.withLock { if $0.failure == nil { $0.failure = error } }
                throw error
            }
        }
    }

    /// The sum over all grains of all ranks, once every worker has returned from ``computeGrains(_:)``.
    public func finish() throws -> UnsafePointer<Float> { try reduction.finish() }

    // MARK: - Grains and buffers

    private func take() -> (Int, UnsafeMutablePointer<Float>)? {
        state.withLock { s in
            if s.failure != nil || s.nextGrain >= assignment.grains(ofRank: rank).upperBound { return nil }
            let grain = s.nextGrain
            s.nextGrain += 1
            if let memory = s.buffers[grain] { return (grain, memory) }
            let buffer = s.free.popLast() ?? makeBuffer(&s)
            s.owners[grain] = buffer
            s.buffers[grain] = buffer.pointer
            return (grain, buffer.pointer)
        }
    }

    private func makeBuffer(_ s: inout State) -> FlatBuffer {
        s.allocated += 1
        return FlatBuffer(count: count)
    }

    /// The memory in which a local root's sum ends up: the buffer of its first grain.
    private func rootMemory(_ index: Int, _ grain: Int) -> UnsafeMutablePointer<Float> {
        if let given = reduction.memory(forRoot: index) {
            state.withLock { $0.buffers[grain] = given }
            return given
        }
        return state.withLock { s in
            let buffer = s.free.popLast() ?? makeBuffer(&s)
            s.owners[grain] = buffer
            s.buffers[grain] = buffer.pointer
            return buffer.pointer
        }
    }

    // MARK: - The tree

    private enum Action {
        case nothing
        case reduce
        case merge(parent: Int, left: Int, right: Int, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>)
    }

    /// A grain has passed a bucket: adds upwards as far as siblings are there.
    private func arrive(_ grain: Int, bucket: Int) {
        var node = grain
        while true {
            switch next(node, bucket) {
            case .nothing: return
            case .reduce: return reduction.localSumIsReady(bucket: bucket)
            case .merge(let parent, _, let right, let target, let source):
                let range = buckets[bucket]
                accumulate(source + range.lowerBound, into: target + range.lowerBound, count: range.count)
                release(assignment.tree.nodes[right].lower)
                node = parent
            }
        }
    }

    private func next(_ node: Int, _ bucket: Int) -> Action {
        let tree = assignment.tree
        return state.withLock { s in
            s.isDone[bucket][node] = true
            if isRoot[node] {
                s.rootsDone[bucket] += 1
                return s.rootsDone[bucket] == roots.count ? .reduce : .nothing
            }
            guard let (parent, left, right) = tree.family(of: node), s.isDone[bucket][left], s.isDone[bucket][right],
                let target = s.buffers[tree.nodes[left].lower], let source = s.buffers[tree.nodes[right].lower]
            else { return .nothing }
            return .merge(parent: parent, left: left, right: right, target, source)
        }
    }

    /// One more bucket of this grain's buffer has been added elsewhere; after the last the buffer is free.
    private func release(_ grain: Int) {
        state.withLock { s in
            s.bucketsLeft[grain] -= 1
            if s.bucketsLeft[grain] == 0, let owner = s.owners[grain] {
                s.free.append(owner)
                s.owners[grain] = nil
                s.buffers[grain] = nil
            }
        }
    }
}
