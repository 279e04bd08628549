import TensorCore

/// A model that says of each step of a sequence what comes next, so that it can go on with one by itself: it has been
/// trained to predict a field of tokens, or of other choices, from a field of the same ones.
package struct GenerativeModel: Sendable {
    package let model: Model
    /// What a step reads, and what the model says comes next.
    package let stepped: FieldDescription
    /// The fields of the model's other inputs, in the order of the plan's conditions, with the shapes of those inputs.
    package let conditions: [(field: FieldDescription, shape: Shape)]
    /// Gives the scores of what comes next, of which softmax makes probabilities.
    package let plan: StepPlan

    /// - Returns: nil where the objective teaches no such thing.
    /// - Throws: `ModelError.refused` where a layer can't be computed step by step; `ConfigurationError`.
    package init?(_ objective: any Objective, _ setup: ObjectiveSetup) throws {
        for prediction in objective.predictions where prediction.target.meaning.choiceCount != nil {
            guard prediction.target.shape.rank > 0, objective.models.count == 1,
                let model = setup.network[objective.models[0]], let end = model.end(of: prediction.output)
            else { continue }
            let fields = try setup.bindings(of: model).map { input, name in
                (field: setup.fields.first { $0.name == name }, shape: input.shape)
            }
            let inputs = fields.compactMap { item in item.field.map { (field: $0, shape: item.shape) } }
            let isScored =
                switch end.link {
                case .softmax, .logSoftmax: true
                case nil: prediction.scores.areLogits
                default: false
                }
            guard isScored, inputs.count == fields.count,
                let stepped = inputs.firstIndex(where: { $0.field.continues(into: prediction.target) })
            else { continue }
            self.model = model
            self.stepped = inputs[stepped].field
            let plan = try StepPlan(model, stepped: stepped, wanted: end.scores)
            self.plan = plan
            conditions = plan.conditions.map { inputs[$0] }
            return
        }
        return nil
    }
}

extension FieldDescription {
    /// Whether another field can hold what follows each of this one's elements.
    fileprivate func continues(into next: FieldDescription) -> Bool {
        name != next.name && shape == next.shape && meaning == next.meaning
    }
}

extension ClassScores {
    fileprivate var areLogits: Bool {
        if case .logits = self { return true }
        return false
    }
}
