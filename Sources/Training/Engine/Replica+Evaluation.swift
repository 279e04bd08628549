import Autograd
import JobHealth
import Kernels
import NeuralNetwork
import Synchronization
import System
import TensorCore

/// Computing without learning.
extension Replica {
    /// One grain of an evaluation: the batches of its parts, in order, given to `body`; nothing where it is to end.
    package typealias GrainSource = @Sendable (_ grain: Int, _ body: (FieldBatch) throws -> Void) throws -> Void

    /// Gets what an objective makes of a batch of a grain, with the data set's numbers of the batch's samples.
    package typealias GrainResults =
        @Sendable (_ objective: Int, _ grain: Int, _ part: Int, _ sampleIDs: [Int], _ result: GrainResult) -> Void

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
        onResult: @escaping GrainResults = { _, _, _, _, _ in },
        samples: @escaping GrainSource
    ) throws -> [[MetricSums]?] {
        try results(of: grains) { [self] worker, grain in
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
                    onResult(index, grain, parts, batch.sampleIDs, result)
                }
                parts += 1
            }
            return parts > 0 ? sums : nil
        }
    }

    /// What `body` makes of each grain in `grains`, as contexts of evaluation; nothing of one without samples.
    ///
    /// - Parameters:
    ///   - key: a grain's random numbers are functions of it and the grain's number.
    ///   - samples: gives a grain's samples.
    func map(
        grains: Range<Int>, key: RandomKey, samples: @escaping GrainSource,
        _ body: @escaping @Sendable (GrainContext) throws -> [Double]
    ) throws -> [[Double]] {
        try results(of: grains) { [self] worker, grain in
            var numbers: [Double] = []
            let state = CarriedRows()
            try samples(grain) { batch in
                guard batch.count > 0 else { return }
                let tape = begin(batch, worker, state)
                numbers += try body(GrainContext(batch, on: tape, mode: .evaluation, key: key.folding(grain)))
            }
            return numbers
        }.map { $0 ?? [] }
    }

    /// What `compute` gives for each grain, which workers take one after the other.
    private func results<Result: Sendable>(
        of grains: Range<Int>, _ compute: @escaping @Sendable (_ worker: Int, _ grain: Int) throws -> Result?
    ) throws -> [Result?] {
        let next = Atomic(grains.lowerBound)
        let results = Mutex([Result?](repeating: nil, count: grains.count))
        try onWorkers(of: pool) { worker in
            while true {
                let grain = next.add(1, ordering: .relaxed).oldValue
                if grain >= grains.upperBound { return }
                let result = try Timeline.span(.evaluation, number: grain) { try compute(worker, grain) }
                results.withLock { $0[grain - grains.lowerBound] = result }
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
        return try precision.use {
            try body(GrainContext(batch, on: tapes[0], mode: .evaluation, key: key, dropoutSamples: dropoutSamples))
        }
    }

    /// Calls `body` with the first worker's tape, for passes of its own.
    package func withTape<Result>(_ body: (Tape) throws -> Result) rethrows -> Result {
        Activity.beat()
        return try precision.use { try body(tapes[0]) }
    }
}
