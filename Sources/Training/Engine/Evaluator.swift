import Autograd
import DataPipeline
import FaultInjection
import Foundation
import JobHealth
import Kernels
import NeuralNetwork
import Synchronization
import TensorCore

/// Evaluates a data set over all ranks and workers, every sample once, by one or several objectives.
///
/// The sums of each grain are a function of its samples alone, and they are added in the order of the grains, so the
/// result has the same bits for every number of ranks and threads.
package final class Evaluator: Sendable {
    private let ranks: Ranks
    private let replica: Replica
    private let plan: any GrainPlan
    private let source: BatchSource
    private let key: RandomKey

    /// - Parameters:
    ///   - fields: of a sample, that any objective reads.
    ///   - lanes: of a sequence, at most; other data sets have none.
    /// - Throws: `DataError`.
    package init(
        ranks: Ranks, replica: Replica, dataset: any Dataset, fields: [String], preprocessing: [FieldPreprocessing],
        grain: Int, lanes: Int, key: RandomKey
    ) throws {
        self.ranks = ranks
        self.replica = replica
        self.key = key.folding(.step).folding(-1)
        plan =
            dataset.isSequence
            ? LanePlan(windowCount: dataset.count, lanes: min(lanes, dataset.count), grainSize: grain)
            : EvaluationPlan(sampleCount: dataset.count, grainSize: grain)
        source = try BatchSource(
            dataset: dataset, plan: plan, fields: fields, preprocessing: preprocessing, key: key)
    }

    /// The grains of the data set that this rank evaluates.
    package var grains: Range<Int> {
        let count = plan.grainsPerStep
        return ranks.rank * count / ranks.worldSize..<(ranks.rank + 1) * count / ranks.worldSize
    }

    /// The sums over all samples by objective; nil on all ranks when any of them was asked to stop on the way.
    /// Collective.
    ///
    /// - Parameters:
    ///   - dropoutSamples: over how many networks with dropout to average; 0 for the scaled one.
    ///   - mistakes: takes the mistakes on this rank in; nil where nobody wants them.
    ///   - isStopRequested: asked before each grain.
    ///   - onGrain: called after each grain of this rank.
    package func evaluate(
        _ objectives: [any Objective], dropoutSamples: Int = 0, mistakes: MistakeList? = nil,
        unless isStopRequested: @escaping @Sendable () -> Bool = { false },
        onGrain: @escaping @Sendable () -> Void = {}
    ) throws -> [MetricSums]? {
        let readers = Readers(source)
        let own = try replica.evaluate(
            objectives, grains: grains, key: key, dropoutSamples: dropoutSamples,
            onResult: { [plan] objective, grain, part, sampleIDs, result in
                mistakes?.add(
                    result.mistakes, objective: objective, of: sampleIDs, among: plan.samples(step: part, grain: grain))
            }
        ) { [plan] grain, body in
            if isStopRequested() { return }
            try readers.withReader { reader in
                for part in 0..<plan.partsPerGrain {
                    let batch = try reader.read(step: part, grain: grain).fields
                    poison(batch, .validation)
                    try body(batch)
                }
            }
            onGrain()
        }
        var total = objectives.map(\.zeroEvaluationSums)
        for grain in try gather(own, zeros: total) {
            guard let grain else { return nil }  // it was left out
            for index in total.indices { total[index] += grain[index] }
        }
        return total
    }

    /// Where the first number that is not finite comes up on this rank; nil when nowhere. Computes its samples again.
    ///
    /// - Parameter layout: of the objective's phase.
    func findNonFinite(_ objective: any Objective, _ layout: GrainVectorLayout) throws -> NonFiniteSearch? {
        let reader = BatchReader(source)
        var found: NonFiniteSearch?
        for grain in grains where found == nil {
            for part in 0..<plan.partsPerGrain where found == nil {
                let batch = try reader.read(step: part, grain: grain).fields
                poison(batch, .validation)
                found = replica.precision.use {
                    NonFiniteSearch(
                        layout: layout, values: replica.values, objective, batch, mode: .evaluation,
                        key: key.folding(grain))
                }
            }
            Activity.beat()
        }
        return found
    }

    /// Calls `body` with the first samples on this rank, at least so many where there are, in order, as contexts of
    /// evaluation.
    package func forEachOfFirst(_ count: Int, _ body: (GrainContext) throws -> Void) throws {
        let reader = BatchReader(source)
        var (grain, found) = (0, 0)
        while grain < plan.grainsPerStep, found < count {
            let batch = try reader.read(step: 0, grain: grain)
            if batch.count > 0 { try replica.withContext(batch.fields, key: key.folding(grain), body) }
            found += batch.count
            grain += 1
        }
    }

    /// Calls `body` with the last samples on this rank, in order, as contexts of evaluation.
    func forEachOfLast(_ count: Int, _ body: (GrainContext) -> Void) throws {
        let reader = BatchReader(source)
        let grains = 0..<plan.grainsPerStep
        var (first, found) = (grains.upperBound, 0)
        while first > grains.lowerBound, found < count {
            first -= 1
            found += plan.samples(step: 0, grain: first).count
        }
        for grain in first..<grains.upperBound {
            let batch = try reader.read(step: 0, grain: grain)
            if batch.count > 0 { replica.withContext(batch.fields, key: key.folding(grain), body) }
        }
    }

    /// What an objective shows of the first samples; nil where it shows nothing.
    func pictures(_ objective: any Objective) throws -> Pictures? {
        let batch = try BatchReader(source).read(step: 0, grain: 0)
        return replica.withContext(batch.fields, key: key.folding(.pictures)) { objective.pictures($0) }
    }

    /// What `body` makes of each grain, of all ranks and in the order of the grains, so that it has the same bits for
    /// every number of ranks and threads; nothing of a grain without samples. Collective.
    package func map(_ body: @escaping @Sendable (GrainContext) throws -> [Double]) throws -> [[Double]] {
        let readers = Readers(source)
        let samples: Replica.GrainSource = { [plan] grain, compute in
            try readers.withReader { reader in
                for part in 0..<plan.partsPerGrain { try compute(try reader.read(step: part, grain: grain).fields) }
            }
        }
        return try gather(try replica.map(grains: grains, key: key, samples: samples, body)).map { $0 ?? [] }
    }

    /// All ranks' sums in the order of the grains.
    private func gather(_ sums: [[MetricSums]?], zeros: [MetricSums]) throws -> [[MetricSums]?] {
        if ranks.worldSize == 1 { return sums }
        return try gather(sums.map { $0?.flatMap(\.values) }).map { numbers in
            guard let numbers else { return nil }
            var next = 0
            return zeros.map { zero in
                defer { next += zero.values.count }
                return MetricSums(values: Array(numbers[next..<next + zero.values.count]))
            }
        }
    }

    /// All ranks' numbers in the order of the grains.
    private func gather(_ grains: [[Double]?]) throws -> [[Double]?] {
        if ranks.worldSize == 1 { return grains }
        // Before a grain's numbers stands how many there are, −1 where it was not computed.
        let own = grains.flatMap { [Double($0?.count ?? -1)] + ($0 ?? []) }
        var all: [[Double]?] = []
        for bytes in try ranks.gather(own.withUnsafeBytes(Array.init)) {
            let numbers = bytes.withUnsafeBytes { raw in
                stride(from: 0, to: raw.count, by: 8).map { raw.loadUnaligned(fromByteOffset: $0, as: Double.self) }
            }
            var next = 0
            while next < numbers.count {
                let count = Int(numbers[next])
                all.append(count < 0 ? nil : Array(numbers[next + 1..<next + 1 + count]))
                next += 1 + max(count, 0)
            }
        }
        return all
    }
}

extension RunSetup {
    /// Whether some phase is trained on data of its own.
    var hasOwnData: Bool { phaseData.contains { $0 != nil } }

    /// What evaluates each phase, the same where the data are; nil where nothing is set aside.
    func evaluators() throws -> [Evaluator?] {
        func make(_ data: RunData) throws -> Evaluator? {
            try data.validation.map { try evaluator(of: $0, data, baselines: $0.baselines.map(\.field)) }
        }
        let main = try make(data)
        return try phaseData.map { try $0.map(make) ?? main }
    }

    /// What evaluates as many training samples as are set aside, for each phase that compares them.
    func comparers() throws -> [Evaluator?] {
        try zip(phases, phaseData).map { phase, own in
            let data = own ?? data
            guard phase.objective.comparison != nil, let validation = data.validation else { return nil }
            return try evaluator(of: Subset(drawing: validation.count, of: data.training), data)
        }
    }

    private func evaluator(of dataset: any Dataset, _ data: RunData, baselines: [String] = []) throws -> Evaluator {
        try Evaluator(
            ranks: ranks, replica: replica, dataset: dataset, fields: phases.flatMap(\.objective.fields) + baselines,
            preprocessing: data.preprocessing, grain: configuration.grain, lanes: configuration.batch, key: key)
    }
}

/// A reader for each thread that asks; they are made as needed and used again.
///
/// `@unchecked Sendable`: a reader is in the list or with the one thread that took it.
private final class Readers: @unchecked Sendable {
    private let source: BatchSource
    private let lock = NSLock()
    private var free: [BatchReader] = []

    init(_ source: BatchSource) { self.source = source }

    func withReader(_ body: (BatchReader) throws -> Void) rethrows {
        let reader = lock.withLock { free.popLast() } ?? BatchReader(source)
        defer { lock.withLock { free.append(reader) } }
        try body(reader)
    }
}

/// Makes the first number of a batch NaN where a test asks for it.
func poison(_ batch: FieldBatch, _ place: TestFault.Place) {
    guard batch.count > 0, let field = batch.fields.first(where: { $0.elementType == .float32 }) else { return }
    TestFault.poison(batch.floats(field.name).pointer, place, step: Activity.step)
}
