import DataParallel
import JobHealth
import Kernels
import Optimization
import Synchronization

extension Replica {
    /// Updates the weights by a step's sums: at once on all workers, or when the next forward pass needs them; where
    /// ranks share the update, each its own, and the others' when they have come. Collective then.
    ///
    /// - Parameter number: the step's, counted from 0.
    func update(phase: Int, _ step: StepSums, number: Int, _ update: WeightUpdate) throws {
        let sums = sums[phase]
        sums.layout.updateStatistics(values, sums: step.vector)
        sums.layout.assignCarried(values, sums: step.vector)
        if let owned = sums.reducer.owned { return try share(update, sums, step, number: number, owned) }
        let optimizer = update.optimizer
        if let deferred = sums.deferred, let arrivals = step.arrivals {
            return deferred.begin(step: number, arrivals) { range, gradients in
                update.measure?(optimizer.pieces(in: range), gradients)
                update.change(range, gradients)
            }
        }
        nonisolated(unsafe) let gradients = step.vector
        if let measure = update.measure {
            try pool.run { [pool] worker in measure(optimizer.pieces(part: worker, of: pool.count), gradients) }
        }
        try pool.run { [pool] worker in update.change(optimizer.range(part: worker, of: pool.count), gradients) }
    }

    /// Updates what this rank owns, sends it round, and takes what the others own.
    private func share(
        _ update: WeightUpdate, _ sums: PhaseSums, _ step: StepSums, number: Int, _ owned: OwnedGradients
    ) throws {
        let own = owned.ranges[rank]
        nonisolated(unsafe) let gradients = step.vector
        if let measure = update.measure {
            let optimizer = update.optimizer
            let pieces = owned.ranges.map { $0.map(optimizer.pieces(in:)) }
            try pool.run { [pool, rank] worker in
                for range in pieces[rank] {
                    measure(BucketPlan.share(of: range, part: worker, of: pool.count), gradients)
                }
            }
            try complete(update.measured(), owned: pieces)
        }
        // All ranks know the norm, so that nobody reads gradients but their owner.
        nonisolated(unsafe) let vector = UnsafeMutablePointer(mutating: step.vector)
        guard let shares = sums.shares else { preconditionFailure("Replica: gradients with owners without shares") }
        try pool.run { [pool] worker in
            for range in own {
                let part = shares.part(worker, of: pool.count, in: range)
                update.change(part, gradients)
                update.publish(part, vector)
            }
        }
        let arrivals = try Activity.waitingForRanks { try sums.reducer.shareWeights() }
        if let deferred = sums.deferred, let arrivals {
            return deferred.begin(step: number, arrivals, areGradients: false) { [rank] range, weights in
                for part in owned.others(than: rank, in: range) { update.adopt(part, weights) }
            }
        }
        let others = owned.others(than: rank, in: sums.layout.gradients)
        try pool.run { [pool] worker in
            for range in others { update.adopt(shares.part(worker, of: pool.count, in: range), gradients) }
        }
    }

    /// Ends updates that wait; whoever reads the weights outside of a step calls it first.
    ///
    /// - Throws: `DeferredUpdate.NonFiniteGradient`, or why sums did not come.
    func settle() throws { for sums in sums { try sums.deferred?.settle() } }

    /// Whether updates begin before all gradients are known, so that ``gradientNorm(phase:_:_:)`` can't be asked for.
    var defersUpdates: Bool { sums.contains(where: \.defersWhole) }

    /// The Euclidean norm of the mean gradient, in an order that depends on the layout alone; not finite if any element
    /// is not. Collective where ranks share the update.
    package func gradientNorm(phase: Int, _ step: StepSums, _ optimizer: Optimizer) throws -> Double {
        try norm(of: step.vector, optimizer.pieces, sums[phase], weight: step.metrics.weight)
    }

    func norm(of vector: UnsafePointer<Float>, _ pieces: ParameterPieces, _ sums: PhaseSums, weight: Double) throws
        -> Double
    {
        let norm = GradientNorm(pieces)
        let squares = UnsafeMutableBufferPointer<Double>.allocate(capacity: norm.count)
        squares.initialize(repeating: 0)
        defer { squares.deallocate() }
        nonisolated(unsafe) let (gradients, memory) = (vector, squares)
        let owned = sums.reducer.owned.map { $0.ranges.map { $0.map(pieces.indices(in:)) } }
        try pool.run { [pool, rank] worker in
            guard let places = memory.baseAddress else { return }
            for range in owned?[rank] ?? [0..<norm.count] {
                norm.sumSquares(
                    of: gradients, into: places, pieces: BucketPlan.share(of: range, part: worker, of: pool.count))
            }
        }
        if let owned { try complete(squares, owned: owned) }
        guard let places = squares.baseAddress else { return 0 }
        return norm.norm(sums: places, gradientScale: gradientScale(weight: weight))
    }

    /// Gives all ranks the numbers of which each has its own.
    ///
    /// - Parameter owned: the indices of each rank.
    private func complete<Number: BitwiseCopyable>(
        _ numbers: UnsafeMutableBufferPointer<Number>, owned: [[Range<Int>]]
    ) throws {
        let own = owned[rank].flatMap { UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: numbers[$0])) }
        for (other, bytes) in try ranks.gather(own).enumerated() where other != rank {
            bytes.withUnsafeBytes { bytes in
                var offset = 0
                for index in owned[other].joined() {
                    numbers[index] = bytes.loadUnaligned(fromByteOffset: offset, as: Number.self)
                    offset += MemoryLayout<Number>.stride
                }
            }
        }
    }
}
