import Autograd
import Kernels
import TensorCore

/// What a denoising autoencoder computes of a grain: clean values, corrupted ones, and what the model restores.
struct Restoration: Objective {
    /// Where clean values come from.
    enum Source: Sendable {
        /// The model's only input, which is the first of its nodes.
        case input(ModelInput)
        /// A layer, which the plan computes from all inputs.
        case layer(GraphPlan, node: Int)

        /// The node that takes the corrupted values.
        var node: Int { if case .layer(_, let node) = self { node } else { 0 } }
    }

    let model: Model
    let bindings: [(input: ModelInput, field: String)]
    let source: Source
    /// What is corrupted and restored.
    let clean: FieldDescription
    let corruption: Corruption
    let bound: BoundLoss
    /// What the loss compares, and the output itself, from corrupted values.
    let plan: GraphPlan
    let shown: GraphPlan
    let weightPerSample: Double

    private static let error = RootMeanSquareError()
    var sumCount: Int { 1 + Restoration.error.transform.slotCount }
    var fields: [String] { inputFields + (bound.weights.map { [$0] } ?? []) }
    var inputFields: [String] { bindings.map(\.field) }
    var targetRules: [TargetRule] { bound.rules }
    var notes: [String] { bound.note.map { [$0] } ?? [] }
    var models: [String] { [model.name] }
    var metrics: [MetricDefinition] {
        let first = MetricSums.lossSlot + 1
        return [
            .loss,
            MetricDefinition(
                Restoration.error.description, numerator: first, denominator: first + 1,
                transform: Restoration.error.transform),
        ]
    }

    func callAsFunction(_ context: GrainContext) -> GrainResult {
        let clean = cleanValues(context)
        let output = compute(plan, corrupted(clean, context), context, mode: context.mode)
        let (sum, input) = bound(
            bound.comparesLayer ? [output, context.tape.constant(clean)] : [output], context)
        let loss = weightedSum([(sum, bound.term.weight)])
        return GrainResult(
            loss: loss, weight: bound.loss.weight(input),
            sums: [Double(loss.value.pointer[0])]
                + Restoration.error.sums(bound.loss.estimate(output).value, input.target))
    }

    /// What is restored of a layer says nothing of a field.
    var predictions: [Prediction] { isOfInput ? bound.prediction.map { [$0] } ?? [] : [] }

    func predict(_ context: GrainContext) -> [Variable] {
        isOfInput ? [compute(shown, cleanValues(context), context, mode: .evaluation)] : []
    }

    /// Clean samples, below them what the model gets, and below that what it makes of it.
    func pictures(_ context: GrainContext) -> Pictures? {
        guard isOfInput, case .pixels = clean.meaning, clean.shape.rank == 3, context.count > 0 else { return nil }
        let columns = min(context.count, 16)
        let samples = cleanValues(context)
        let spoilt = corrupted(samples, context)
        let restored = bound.loss.estimate(compute(plan, spoilt, context, mode: .evaluation))
        let images = restored.shape.rank == 4 ? restored : unflatten(restored, into: clean.shape)
        let values = Tensor(clean.shape.batched(3 * columns), pool: context.tape.pool)
        let count = columns * clean.shape.count
        for (row, part) in [samples, spoilt, images.value].enumerated() {
            (values.pointer + row * count).update(from: part.pointer, count: count)
        }
        return Pictures(values: values, field: clean.name, columns: columns)
    }

    private var isOfInput: Bool { if case .input = source { true } else { false } }

    /// [n, shape of what is restored], of a layer as evaluation computes it: no gradient flows below.
    private func cleanValues(_ context: GrainContext) -> Tensor {
        guard case .layer(let plan, _) = source else { return context.batch.floats(clean.name) }
        let tape = context.tape.aside
        tape.begin(gradients: nil)
        let inputs = bindings.map { input, field in
            var value = tape.constant(context.batch.input(field, pool: tape.pool))
            value.lengths = context.lengths(of: field)
            return model.adapted(value, to: input)
        }
        return plan(inputs, mode: .evaluation)[0].value
    }

    private func corrupted(_ clean: Tensor, _ context: GrainContext) -> Tensor {
        corruption(clean, key: context.key.folding(name: "corruption"), pool: context.tape.pool)
    }

    private func compute(_ plan: GraphPlan, _ values: Tensor, _ context: GrainContext, mode: Mode) -> Variable {
        let value = context.tape.constant(values)
        if case .input(let input) = source { return plan([model.adapted(value, to: input)], mode: mode)[0] }
        return plan([value], mode: mode)[0]
    }
}
