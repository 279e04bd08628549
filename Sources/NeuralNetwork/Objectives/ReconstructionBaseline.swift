import Autograd
import TensorCore

/// What something without a network makes of a field's values, judged by an objective's metrics of that field.
struct ReconstructionBaseline: Objective {
    let field: String
    let measured: [any Metric]
    let metrics: [MetricDefinition]
    let sumCount: Int
    let models: [String]
    /// From a field's values, [n, …], as a model gets them, to as many.
    let reconstruct: Reconstruction

    var fields: [String] { [field] }
    var weightPerSample: Double { 1 }

    func callAsFunction(_ context: GrainContext) -> GrainResult {
        let values = context.batch.floats(field)
        let made = reconstruct(values, context.tape.pool)
        return GrainResult(
            loss: nil, weight: Double(context.count),
            sums: [0] + measured.flatMap { $0.sums(made, .values(values)) })
    }
}

/// Makes values again, [n, …] → [n, …].
package typealias Reconstruction = @Sendable (Tensor, StoragePool) -> Tensor

extension SupervisedObjective {
    package func judging(
        reconstructionOf field: String, by reconstruct: @escaping Reconstruction
    ) -> (any Objective)? {
        // The metrics stand behind the losses.
        let own = zip(measured, metrics.suffix(measured.count)).filter { item, _ in
            item.target == field && item.targetPlace == nil && item.metric.targets == .values
        }
        if own.isEmpty { return nil }
        var slot = MetricSums.lossSlot + 1
        let definitions = own.map { _, definition in
            defer { slot += definition.transform.slotCount }
            return MetricDefinition(
                definition.description, numerator: slot, denominator: slot + 1, transform: definition.transform)
        }
        return ReconstructionBaseline(
            field: field, measured: own.map(\.0.metric), metrics: definitions, sumCount: slot - MetricSums.lossSlot,
            models: models, reconstruct: reconstruct)
    }
}
