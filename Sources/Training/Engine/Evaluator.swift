import DataPipeline
import FaultInjection
import Foundation
import JobHealth
import Kernels

/// Evaluates a data set over all ranks and workers, every sample once.
///
/// The tally of each grain is a function of its samples alone, and the tallies are added in the order of the grains, so
/// the result has the same bits for every number of ranks and threads.
package final class Evaluator: Sendable {
    private let ranks: Ranks
    private let replica: Replica
    private let objective: any Objective
    private let plan: EvaluationPlan
    private let dataset: any Dataset
    private let preprocessing: ChannelTransform
    private let key: RandomKey

    package init(
        ranks: Ranks, replica: Replica, objective: any Objective, dataset: any Dataset, preprocessing: ChannelTransform,
        grain: Int, key: RandomKey
    ) {
        self.ranks = ranks
        self.replica = replica
        self.objective = objective
        self.dataset = dataset
        self.preprocessing = preprocessing
        self.key = key
        plan = EvaluationPlan(sampleCount: dataset.count, grainSize: grain)
    }

    /// The grains of the data set that this rank evaluates.
    package var grains: Range<Int> {
        let count = plan.grainsPerStep
        return ranks.rank * count / ranks.worldSize..<(ranks.rank + 1) * count / ranks.worldSize
    }

    /// The sums over all samples; nil on all ranks when any of them was asked to stop on the way. Collective.
    ///
    /// - Parameters:
    ///   - isStopRequested: asked before each grain.
    ///   - onGrain: called after each grain of this rank.
    package func evaluate(
        unless isStopRequested: @escaping @Sendable () -> Bool, onGrain: @escaping @Sendable () -> Void = {}
    ) throws -> Tally? {
        let mine = grains
        var tallies: [Tally] = []
        if !mine.isEmpty {
            let loader = try BatchLoader(
                dataset: dataset, plan: plan, preprocessing: preprocessing, key: key, grains: mine, steps: 0..<1,
                depth: 2 * replica.pool.count + 1, threads: 0)
            defer { loader.stop() }
            tallies = try replica.evaluate(objective, grains: mine) { grain, body in
                if isStopRequested() { return }
                try loader.withBatch(step: 0, grain: grain) { try body(Samples($0)) }
                onGrain()
            }
        }
        let all = try gather(tallies)
        // A grain that was left out has counted nothing; the plan has no empty ones.
        if all.contains(where: { $0.samples == 0 }) { return nil }
        return all.reduce(into: Tally()) { $0 += $1 }
    }

    /// Where the first number that is not finite comes up on this rank; nil when nowhere. Computes its samples again.
    func findNonFinite() throws -> NonFiniteSearch? {
        let mine = grains
        if mine.isEmpty { return nil }
        let loader = try BatchLoader(
            dataset: dataset, plan: plan, preprocessing: preprocessing, key: key, grains: mine, steps: 0..<1, depth: 1,
            threads: 0)
        defer { loader.stop() }
        var found: NonFiniteSearch?
        for grain in mine where found == nil {
            try loader.withBatch(step: 0, grain: grain) {
                found = NonFiniteSearch(
                    replica.model, values: replica.values, objective, Samples($0), mode: .evaluation)
            }
            Activity.beat()
        }
        return found
    }

    /// The sums over all samples; collective.
    package func evaluate() throws -> Tally { try evaluate(unless: { false }) ?? Tally() }

    /// All ranks' tallies in the order of the grains.
    private func gather(_ tallies: [Tally]) throws -> [Tally] {
        if ranks.worldSize == 1 { return tallies }
        let bytes = tallies.withUnsafeBytes(Array.init)
        return try ranks.gather(bytes).flatMap { bytes in
            bytes.withUnsafeBytes { raw in
                (0..<raw.count / MemoryLayout<Tally>.stride).map {
                    raw.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Tally>.stride, as: Tally.self)
                }
            }
        }
    }
}

extension Samples {
    /// A batch as a grain's samples; valid as long as the batch is.
    init(_ batch: Batch) {
        let targets = batch.targets
        if batch.count > 0 {
            TestFault.poison(
                batch.inputs.storage.pointer, Activity.phase == .validation ? .validation : .training,
                step: Activity.step)
        }
        self.init(
            inputs: batch.inputs, labels: targets.count > 0 ? [] : batch.labels,
            targets: targets.count > 0 ? targets : nil,
            identities: batch.sampleIDs)
    }
}
