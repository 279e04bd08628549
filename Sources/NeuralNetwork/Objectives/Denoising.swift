import Autograd
import ConfigurationReading
import Kernels
import TensorCore

/// A denoising autoencoder (Vincent et al. 2008): from a corrupted sample the model computes what the clean one was.
///
/// x̃ = corrupt(x), loss = L(model(x̃), x). The corruption is a function of the grain's key. In training that changes
/// from step to step; in evaluation it does not, so that the figures of two validations compare.
package struct Denoising: ObjectiveSpecification {
    /// The model; nil for the only one.
    package let model: PlacedName?
    package let corruption: Corruption
    /// Without a target, which is the clean input.
    package let loss: LossTerm
    /// Where the objective stands, for errors.
    private let place: PlacedName

    package init(
        model: PlacedName? = nil, corruption: Corruption, loss: LossTerm = LossTerm(MeanSquaredErrorLoss()),
        place: PlacedName = PlacedName("denoising")
    ) {
        self.model = model
        self.corruption = corruption
        self.loss = loss
        self.place = place
    }

    static let entry = ObjectiveEntry(
        "denoising",
        "A denoising autoencoder: the model's input is corrupted, and its output compared with the clean input. "
            + "Validation and test corrupt too, each time alike, so that their figures compare; `predict` takes "
            + "samples as they are."
    ) { reader in
        Denoising(
            model: reader.optional("model", .placedName, "Which of several models it trains."),
            corruption: reader.required("corruption", .section(), "What is done to the input."),
            loss: reader.value(
                "loss", .section(), default: "mse", "Compares the output with the clean input; it takes no `target`."),
            place: reader.placed)
    }

    package func make(_ setup: ObjectiveSetup) throws -> any Objective {
        let model = try setup.model(model, from: place)
        let bindings = try setup.bindings(of: model)
        guard bindings.count == 1 else {
            throw place.refused(
                because: "\(model.name) has \(bindings.count) inputs, and denoising restores one; give it one `input`.")
        }
        let (input, name) = bindings[0]
        let field = try setup.field(PlacedName(name))
        guard field.elementType == .float32, field.variableAxis == nil else {
            throw (input.place ?? place).refused(
                because: "'\(name)' can't be corrupted, for which it has to hold real numbers or pixels, as many in "
                    + "every sample; take another field.")
        }
        if let target = loss.target {
            throw target.refused(because: "denoising compares with the clean input; take `target` away.")
        }
        if loss.isForTrainingOnly {
            throw loss.place.refused(because: "nothing would be left to validate; take `only` away.")
        }
        guard loss.loss.needsTarget else {
            throw loss.place.refused(because: "\(loss.loss.name) compares with no clean input; use mse.")
        }
        let bound = try BoundLoss(loss, setup, model, target: field)
        let shape = model.nodes[bound.nodes[0]].shape
        return Restoration(
            model: model, input: input, field: field, corruption: corruption, bound: bound,
            plan: model.plan(nodes: bound.nodes), shown: model.plan(nodes: [bound.end.node]),
            weightPerSample: Double(bound.loss.count(of: shape.batched(1))))
    }
}

private struct Restoration: Objective {
    let model: Model
    let input: ModelInput
    /// What is corrupted and restored.
    let field: FieldDescription
    let corruption: Corruption
    let bound: BoundLoss
    /// What the loss compares, and the output itself.
    let plan: GraphPlan
    let shown: GraphPlan
    let weightPerSample: Double

    private static let error = RootMeanSquareError()
    var sumCount: Int { 1 + Restoration.error.transform.slotCount }
    var fields: [String] { [field.name] + (bound.weights.map { [$0] } ?? []) }
    var inputFields: [String] { [field.name] }
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
        let output = compute(plan, corrupted(context), context, mode: context.mode)
        let (sum, input) = bound([output], context)
        let loss = weightedSum([(sum, bound.term.weight)])
        return GrainResult(
            loss: loss, weight: bound.loss.weight(input),
            sums: [Double(loss.value.pointer[0])]
                + Restoration.error.sums(bound.loss.estimate(output).value, input.target))
    }

    var predictions: [Prediction] { bound.prediction.map { [$0] } ?? [] }

    func predict(_ context: GrainContext) -> [Variable] {
        [compute(shown, context.batch.floats(field.name), context, mode: .evaluation)]
    }

    /// Clean samples, below them what the model gets, and below that what it makes of it.
    func pictures(_ context: GrainContext) -> Pictures? {
        guard case .pixels = field.meaning, field.shape.rank == 3, context.count > 0 else { return nil }
        let columns = min(context.count, 16)
        let spoilt = corrupted(context)
        let restored = bound.loss.estimate(compute(plan, spoilt, context, mode: .evaluation))
        let images = restored.shape.rank == 4 ? restored : unflatten(restored, into: field.shape)
        let values = Tensor(field.shape.batched(3 * columns), pool: context.tape.pool)
        let count = columns * field.shape.count
        for (row, part) in [context.batch.floats(field.name), spoilt, images.value].enumerated() {
            (values.pointer + row * count).update(from: part.pointer, count: count)
        }
        return Pictures(values: values, field: field.name, columns: columns)
    }

    /// The samples as the model gets them, [n, shape of the field].
    private func corrupted(_ context: GrainContext) -> Tensor {
        corruption(
            context.batch.floats(field.name), key: context.key.folding(name: "corruption"), pool: context.tape.pool)
    }

    private func compute(_ plan: GraphPlan, _ samples: Tensor, _ context: GrainContext, mode: Mode) -> Variable {
        plan([model.adapted(context.tape.constant(samples), to: input)], mode: mode)[0]
    }
}
