import Autograd
import TensorCore

/// A forecast without a model judged by an objective's own losses and metrics: as if a model's outputs were a field of
/// the samples.
struct BaselineObjective: Objective {
    let base: SupervisedObjective
    /// The field of forecasts, of the target's shape and preprocessing.
    let field: String

    var metrics: [MetricDefinition] { base.metrics }
    var sumCount: Int { base.sumCount }
    var fields: [String] { base.fields + [field] }
    var inputFields: [String] { [] }
    var models: [String] { base.models }
    var weightPerSample: Double { base.weightPerSample }

    func callAsFunction(_ context: GrainContext) -> GrainResult { base.judge(field, context) }
}
