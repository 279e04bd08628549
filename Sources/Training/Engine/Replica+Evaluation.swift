import Autograd
import JobHealth
import Kernels
import NeuralNetwork
import Synchronization
import TensorCore

/// Computing without learning.
extension Replica {
    /// One grain of an evaluation: the batches of its parts, in order, given to `body`; nothing where it is to end.
    package typealias GrainSource = @Sendable (_ grain: Int, _ body: (FieldBatch) throws -> Void) throws -> Void

    /// Gets what an objective makes of a batch of a grain.
    package typealias GrainResults =
        @Sendable (_ objective: Int, _ grain: Int, _ part: Int, _ result: GrainResult) -> Void

    /// The sums of each objective over each grain in `grains`, with evaluation's arithmetic; nil for a grain that was
    /// left out.
    ///
    /// - Parameters:
    ///   - key: a grain's random numbers are functions of it and the grain's number.
    ///   - dropoutSamples: as ``GrainContext/dropoutSamples``.
    ///   - onResult: gets what each objective makes of each batch; called by several threads.
    ///   - samples: gives a grain's samples, or returns without, where the evaluation is to end.
    package func evaluate(
        _ objectives: [any Objective], grains: Range<Int>, key: RandomKey, dropoutSamples: Int = 0,
        onResult: @escaping GrainResults = { _, _, _, _ in },
        samples: @escaping GrainSource
    ) throws -> [[MetricSums]?] {
        let next = Atomic(grains.lowerBound)
        let results = Mutex([[MetricSums]?](repeating: nil, count: grains.count))
        try pool.run { [self] worker in
            while true {
                let grain = next.add(1, ordering: .relaxed).oldValue
                if grain >= grains.upperBound { return }
                var sums = objectives.map(\.zeroEvaluationSums)
                let states = objectives.map { _ in CarriedRows() }
                var parts = 0
                try samples(grain) { batch in
                    for (index, objective) in objectives.enumerated() where batch.count > 0 {
                        let tape = begin(batch, worker, states[index])
                        let result = objective(
                            GrainContext(
                                batch, on: tape, mode: .evaluation, key: key.folding(grain),
                                dropoutSamples: dropoutSamples))
                        sums[index] += MetricSums(samples: batch.count, weight: result.weight, own: result.sums)
                        onResult(index, grain, parts, result)
                    }
                    parts += 1
                }
                if parts > 0 { results.withLock { $0[grain - grains.lowerBound] = sums } }
                Activity.beat()
            }
        }
        return results.withLock { $0 }
    }

    /// A worker's tape at the beginning of a batch.
    private func begin(_ batch: FieldBatch, _ worker: Int, _ state: CarriedRows) -> Tape {
        let tape = tapes[worker]
        tape.begin(
            gradients: nil,
            carried: batch.lanes.map {
                CarriedLanes(lanes: $0, isStartOfSequence: batch.isStartOfSequence, rows: state)
            })
        return tape
    }

    /// Calls `body` with a context of evaluation on the first worker's tape.
    package func withContext<Result>(
        _ batch: FieldBatch, key: RandomKey, dropoutSamples: Int = 0, _ body: (GrainContext) throws -> Result
    ) rethrows -> Result {
        Activity.beat()
        tapes[0].begin(gradients: nil)
        return try body(
            GrainContext(batch, on: tapes[0], mode: .evaluation, key: key, dropoutSamples: dropoutSamples))
    }
}
