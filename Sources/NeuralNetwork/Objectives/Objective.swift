import Autograd
import TensorCore

/// What a grain computes: a pure function of models, samples, mode and random key.
///
/// The loop knows nothing of classification; a new kind of training is a new objective.
package protocol Objective: Sendable {
    /// What is measured; the first is ``MetricDefinition/loss``.
    var metrics: [MetricDefinition] { get }
    /// How many sums of its own a grain gives.
    var sumCount: Int { get }
    /// How many more a grain of an evaluation gives behind them, which training does not measure.
    var evaluationSumCount: Int { get }
    /// The fields of a sample that it reads; no others are loaded.
    var fields: [String] { get }
    /// Those of ``fields`` that are inputs of a model, without what it is compared with.
    var inputFields: [String] { get }
    /// The names of the models whose parameters its loss can depend on.
    var models: [String] { get }
    /// The names of those parameters, where they are not all of ``models``.
    var parameters: [String]? { get }
    /// The most that one sample can add to the weight.
    var weightPerSample: Double { get }

    /// The loss and the sums of a grain with at least one sample.
    func callAsFunction(_ context: GrainContext) -> GrainResult

    /// Hands on the state that a grain without samples owns, which would be lost otherwise.
    func keepState(_ context: GrainContext)

    /// Which sums a validation also takes from as many training samples; nil for none.
    var comparison: TrainingComparison? { get }

    /// What the numbers of some fields must be, which is checked before training.
    var targetRules: [TargetRule] { get }
    /// What somebody who looks at the run must know of how it computes.
    var notes: [String] { get }
    /// Tables that an evaluation fills beside the sums; their counts follow those.
    var confusions: [ConfusionTable] { get }

    /// What it teaches models to say of a sample, from the fields ``fields`` that are inputs; none where that is not
    /// the aim.
    var predictions: [Prediction] { get }

    /// Whether evaluation and ``predict(_:)`` average over networks where ``GrainContext/dropoutSamples`` asks for it.
    var averagesDropout: Bool { get }

    /// The outputs of ``predictions``, in their order, [n, …].
    func predict(_ context: GrainContext) -> [Variable]

    /// The model whose nodes ``loss(_:probing:_:)`` can look at; nil where its loss can't be followed.
    var probedModel: Model? { get }

    /// The loss of a grain in evaluation's arithmetic, with the values of some nodes of ``probedModel`` passed through
    /// `probe` on the way; nil where it has none.
    func loss(
        _ context: GrainContext, probing nodes: [String], _ probe: @escaping (Int, Variable) -> Variable
    ) -> Variable?

    /// What judges a field of forecasts by this objective's losses and metrics, as if a model had given it; nil where
    /// anything but `target` is compared.
    func judging(_ field: String, of target: String) -> (any Objective)?

    /// What judges other reconstructions of a field than a model's by this objective's metrics of that field; nil where
    /// it has none.
    func judging(reconstructionOf field: String, by reconstruct: @escaping Reconstruction) -> (any Objective)?

    /// Pictures that show what has been learned, from a grain of validation samples; nil where there is nothing to see.
    func pictures(_ context: GrainContext) -> Pictures?

    /// Whether it computes models as a whole from their inputs, so that layers may read neighbours of the samples in a
    /// graph.
    var readsNeighbours: Bool { get }

    /// What makes samples as the data's with what is learned; nil where that is not the aim.
    var sampleMaker: (any SampleMaker)? { get }

    /// Why the gradient that a grain gives is not the derivative of the loss that it reports; nil where it is.
    var surrogate: String? { get }
}

/// An output that says what a field of the sample should be.
package struct Prediction: Sendable {
    /// The node of the model.
    package var output: String
    /// What it predicts.
    package var target: FieldDescription
    /// The loss that says what the output's numbers mean; nil where they are what they are to be, and of classes.
    package var loss: (any Loss)?
    /// What the output's numbers say of classes.
    package var scores: ClassScores = .scores
}

/// Pictures of one size, to be shown side by side.
package struct Pictures {
    /// [count, height, width, channels], in the units of the field's inputs.
    package var values: Tensor
    /// The field of pixels whose preprocessing says what the values mean.
    package var field: String
    /// Pictures in a row.
    package var columns: Int

    package init(values: Tensor, field: String, columns: Int) {
        self.values = values
        self.field = field
        self.columns = columns
    }
}

extension Objective {
    /// The sums of a grain without samples.
    package var zeroSums: MetricSums { MetricSums(ownCount: sumCount) }
    /// The same of an evaluation, whose sums end with those of the tables.
    package var zeroEvaluationSums: MetricSums {
        MetricSums(ownCount: sumCount + evaluationSumCount + confusions.reduce(0) { $0 + $1.count })
    }

    package var parameters: [String]? { nil }
    package func keepState(_ context: GrainContext) {}
    package var comparison: TrainingComparison? { nil }
    package var evaluationSumCount: Int { 0 }
    package var inputFields: [String] { fields }
    package var targetRules: [TargetRule] { [] }
    package var notes: [String] { [] }
    package var confusions: [ConfusionTable] { [] }
    package var predictions: [Prediction] { [] }
    package func predict(_ context: GrainContext) -> [Variable] { [] }
    package var averagesDropout: Bool { false }
    package var readsNeighbours: Bool { false }
    package func pictures(_ context: GrainContext) -> Pictures? { nil }
    package var sampleMaker: (any SampleMaker)? { nil }
    package var surrogate: String? { nil }
    package var probedModel: Model? { nil }
    package func loss(
        _ context: GrainContext, probing nodes: [String], _ probe: @escaping (Int, Variable) -> Variable
    ) -> Variable? { nil }
    package func judging(_ field: String, of target: String) -> (any Objective)? { nil }
    package func judging(
        reconstructionOf field: String, by reconstruct: @escaping Reconstruction
    ) -> (any Objective)? { nil }
}

/// What an objective makes of one grain.
package struct GrainResult {
    /// The sum of the weighted losses, a scalar; nil where the grain has nothing to learn from.
    package var loss: Variable?
    /// How much the grain counts: the gradients of all grains are divided by the sum of their weights.
    package var weight: Double
    /// The objective's own sums; the first is that of the losses. An evaluation's end with those of the tables.
    package var sums: [Double]
    /// Of an evaluation, the samples that each of the tables counts beside its diagonal, where a sample has one class.
    package var mistakes: [Mistake]

    package init(loss: Variable?, weight: Double, sums: [Double], mistakes: [Mistake] = []) {
        self.loss = loss
        self.weight = weight
        self.sums = sums
        self.mistakes = mistakes
    }
}
