import Autograd
import ConfigurationReading
import TensorCore

/// A denoising autoencoder (Vincent et al. 2008): from a corrupted value the model computes what the clean one was.
///
/// x̃ = corrupt(x), loss = L(restored(x̃), x), where x is the model's input or the value of one of its layers for a
/// clean input. With layers it stacks such autoencoders, each trained on what the frozen ones below it make of clean
/// samples (Vincent et al., "Stacked denoising autoencoders", JMLR 11, 2010, section 3.5). The corruption is a function
/// of the grain's key. In training that changes from step to step; in evaluation it does not, so that the figures of
/// two validations compare.
package struct Denoising: ObjectiveSpecification {
    /// The model; nil for the only one.
    package let model: PlacedName?
    package let corruption: Corruption
    /// The layer whose value is corrupted and restored; nil for the model's input.
    package let subject: PlacedName?
    /// What restores it; nil for what the loss names, or the model's output.
    package let output: PlacedName?
    /// Without a target, which is the clean value.
    package let loss: LossTerm
    /// Where the objective stands, for errors.
    private let place: PlacedName

    package init(
        model: PlacedName? = nil, corruption: Corruption, of subject: PlacedName? = nil, output: PlacedName? = nil,
        loss: LossTerm = LossTerm(MeanSquaredErrorLoss()), place: PlacedName = PlacedName("denoising")
    ) {
        self.model = model
        self.corruption = corruption
        self.subject = subject
        self.output = output
        self.loss = loss
        self.place = place
    }

    static let entry = ObjectiveEntry(
        "denoising",
        "A denoising autoencoder: the model's input, or the value of a layer, is corrupted, and what the model "
            + "restores is compared with the clean value. Validation and test corrupt too, each time alike, so that "
            + "their figures compare; `predict` takes samples as they are."
    ) { reader in
        Denoising(
            model: reader.optional("model", .placedName, "Which of several models it trains."),
            corruption: reader.required("corruption", .section(), "What is done to the clean value."),
            of: reader.optional(
                "of", .placedName,
                "The layer whose value, computed from clean samples as evaluation does, is corrupted and restored; no "
                    + "gradient flows below it. The model's input if absent."),
            output: reader.optional("output", .placedName, "The layer that restores it; the last one if absent."),
            loss: reader.value(
                "loss", .section(), default: "mse",
                "Compares what is restored with the clean value; it takes no `target`."
            ),
            place: reader.placed)
    }

    package func make(_ setup: ObjectiveSetup) throws -> any Objective {
        let model = try setup.model(model, from: place)
        let bindings = try setup.bindings(of: model)
        let loss = try checkedLoss()
        let (source, clean) = try source(model, bindings, setup)
        let bound = try BoundLoss(loss, setup, model, target: clean)
        let start = source.node
        try checkPath(from: start, to: bound, model)
        let shape = model.nodes[bound.nodes[0]].shape
        return Restoration(
            model: model, bindings: bindings, source: source, clean: clean.field, corruption: corruption, bound: bound,
            plan: GraphPlan(model.nodes, wanted: [bound.nodes[0]], given: [start]),
            shown: GraphPlan(model.nodes, wanted: [bound.end.node], given: [start]),
            weightPerSample: Double(bound.loss.count(of: shape.batched(1))))
    }

    /// The loss on the output that the objective names.
    private func checkedLoss() throws -> LossTerm {
        if let target = loss.target {
            throw target.refused(because: "denoising compares with what was clean; take `target` away.")
        }
        if loss.isForTrainingOnly {
            throw loss.place.refused(because: "nothing would be left to validate; take `only` away.")
        }
        guard loss.loss.needsTarget else {
            throw loss.place.refused(because: "\(loss.loss.name) compares with nothing that was clean; use mse.")
        }
        guard let output else { return loss }
        if let other = loss.output, other != output {
            throw other.refused(because: "`output` names another layer; name it once.")
        }
        return loss.of(output)
    }

    /// Where clean values come from, and what they are.
    private func source(
        _ model: Model, _ bindings: [(input: ModelInput, field: String)], _ setup: ObjectiveSetup
    ) throws -> (Restoration.Source, ComparedValue) {
        if let subject {
            guard let value = ComparedValue(layer: subject.name, of: model), let node = value.node else {
                throw subject.unknown("layer", known: model.names)
            }
            if node >= model.inputs.count {
                try checkLayer(subject, model)
                return (.layer(GraphPlan(model.nodes, wanted: [node]), node: node), value)
            }
        }
        guard bindings.count == 1 else {
            throw place.refused(
                because: "\(model.name) has \(bindings.count) inputs, and denoising restores one; give it one `input`, "
                    + "or name a layer in `of`.")
        }
        let (input, name) = bindings[0]
        let field = try setup.field(PlacedName(name))
        guard field.elementType == .float32, field.variableAxis == nil else {
            throw (input.place ?? place).refused(
                because: "'\(name)' can't be corrupted, for which it has to hold real numbers or pixels, as many in "
                    + "every sample; take another field.")
        }
        return (.input(input), ComparedValue(field: field, node: nil))
    }

    private func checkLayer(_ subject: PlacedName, _ model: Model) throws {
        if model.varies(subject.name) {
            throw subject.refused(
                because:
                    "its sequences have several lengths, and it can't be corrupted; name a layer of as many values "
                    + "in every sample.")
        }
        if model.parameters.contains(where: { $0.role == .carried }) {
            throw subject.refused(
                because: "\(model.name) carries state from window to window, which what is clean would have to have "
                    + "twice; corrupt the input of such a model, or take samples that begin anew.")
        }
    }

    /// Refuses an output that does not restore the value from the corrupted one alone.
    private func checkPath(from start: Int, to bound: BoundLoss, _ model: Model) throws {
        let isNeeded = GraphNode.needed(model.nodes, for: [bound.nodes[0]], given: [start])
        let (name, place) = (model.nodes[start].name, output ?? loss.output ?? loss.place)
        guard isNeeded[start] else {
            throw place.refused(
                because: "\(bound.output) does not depend on \(name), which it is to restore; name a layer behind it.")
        }
        let around = model.nodes.indices.first { $0 != start && isNeeded[$0] && model.nodes[$0].layer == nil }
        if let around {
            throw place.refused(
                because: "\(bound.output) depends on \(model.nodes[around].name) around \(name), where nothing is "
                    + "corrupted; let it read \(name) alone.")
        }
    }
}
