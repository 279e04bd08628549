import Autograd

/// An objective that is another one with something changed: whatever it does not say itself is the other's.
///
/// A new requirement of ``Objective`` gets its line here, so that no wrapper forgets to hand it on.
package protocol WrappingObjective: Objective {
    var base: any Objective { get }
}

extension WrappingObjective {
    package var metrics: [MetricDefinition] { base.metrics }
    package var sumCount: Int { base.sumCount }
    package var evaluationSumCount: Int { base.evaluationSumCount }
    package var fields: [String] { base.fields }
    package var inputFields: [String] { base.inputFields }
    package var models: [String] { base.models }
    package var parameters: [String]? { base.parameters }
    package var weightPerSample: Double { base.weightPerSample }
    package func callAsFunction(_ context: GrainContext) -> GrainResult { base(context) }
    package func keepState(_ context: GrainContext) { base.keepState(context) }
    package var comparison: TrainingComparison? { base.comparison }
    package var targetRules: [TargetRule] { base.targetRules }
    package var notes: [String] { base.notes }
    package var confusions: [ConfusionTable] { base.confusions }
    package var predictions: [Prediction] { base.predictions }
    package var averagesDropout: Bool { base.averagesDropout }
    package var readsNeighbours: Bool { base.readsNeighbours }
    package func predict(_ context: GrainContext) -> [Variable] { base.predict(context) }
    package var probedModel: Model? { base.probedModel }
    package func loss(
        _ context: GrainContext, probing nodes: [String], _ probe: @escaping (Int, Variable) -> Variable
    ) -> Variable? { base.loss(context, probing: nodes, probe) }
    package func judging(_ field: String, of target: String) -> (any Objective)? { base.judging(field, of: target) }
    package func judging(
        reconstructionOf field: String, by reconstruct: @escaping Reconstruction
    ) -> (any Objective)? { base.judging(reconstructionOf: field, by: reconstruct) }
    package func pictures(_ context: GrainContext) -> Pictures? { base.pictures(context) }
    package var sampleMaker: (any SampleMaker)? { base.sampleMaker }
    package var surrogate: String? { base.surrogate }
}
