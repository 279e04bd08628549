import Autograd
import ConfigurationReading
import TensorCore

/// A loss term with what it reads: nodes of a model and fields of the data, checked against each other.
struct BoundLoss: Sendable {
    let term: LossTerm
    /// As it compares what it reads.
    let loss: any Loss
    /// The output's name.
    let output: String
    let end: OutputEnd
    /// The nodes that it reads: the output or its scores, then the loss's other outputs, then the layer that is the
    /// target, where one is.
    let nodes: [Int]
    /// The field, or what a layer's values are as one; nil where the loss needs none.
    let target: FieldDescription?
    /// Whether the target is a layer of the model, through which no gradient flows.
    let comparesLayer: Bool
    /// The field of samples' weights.
    let weights: String?
    /// A number for each class, where they count differently.
    let weightOfClass: [Float]

    /// - Parameter given: what the output is compared with, where that is not for the term to say.
    /// - Throws: `ConfigurationError` with the place and what would fit.
    init(_ term: LossTerm, _ setup: ObjectiveSetup, _ model: Model, target given: ComparedValue? = nil) throws {
        let output = term.output?.name ?? model.outputName
        let place = term.output ?? term.place
        guard let end = model.end(of: output), let shape = model.shape(of: output) else {
            throw place.unknown("layer", known: model.names)
        }
        func refusal(_ reason: String) -> ConfigurationError {
            place.refused(because: "\(term.loss.name) of \(output): \(reason).")
        }
        let compared = try BoundLoss.target(of: term, given, setup, model)
        let target = compared?.field
        if let problem = target.flatMap({ term.loss.problem(output: shape, target: $0) }) { throw refusal(problem) }
        if setup.mixesSamples, let problem = BoundLoss.mixingProblem(term, target) { throw refusal(problem) }
        let varies = model.varies(output)
        if let problem = compared?.problem(output: output, shape, varies: varies) { throw refusal(problem) }
        let readsScores: Bool
        switch term.loss.reading(end) {
        case .output: readsScores = false
        case .scores: readsScores = true
        case .refused(let reason): throw refusal(reason)
        }
        let others = try term.loss.others.map { other in
            guard let end = model.end(of: other.name), let shape = model.shape(of: other.name) else {
                throw other.unknown("layer", known: model.names)
            }
            return (node: end.node, shape: shape)
        }
        if let problem = term.loss.problem(output: shape, others: others.map(\.shape)) { throw refusal(problem) }
        let weightOfClass = term.loss.classWeights.map { weights in
            weights.numbers(
                BoundLoss.classes(target, columns: shape), counts: target.flatMap { setup.classCounts[$0.name] })
        }
        let comparing = readsScores ? term.loss.ofScores : term.loss
        self.term = term
        self.output = output
        self.end = end
        self.target = target
        nodes =
            [readsScores ? end.scores : end.node] + others.map(\.node) + [compared?.node].compactMap(\.self)
        comparesLayer = compared?.node != nil
        weights = try term.sampleWeights.map { try BoundLoss.weights($0, setup) }
        self.weightOfClass = weightOfClass ?? []
        loss = weightOfClass.map { comparing.weighing($0) } ?? comparing
    }

    /// What the output is compared with; nil where the loss takes nothing.
    private static func target(
        of term: LossTerm, _ given: ComparedValue?, _ setup: ObjectiveSetup, _ model: Model
    ) throws -> ComparedValue? {
        if term.loss.needsTarget { return try given ?? ComparedValue(term.target, from: term.place, setup, model) }
        if let target = term.target {
            throw target.refused(because: "\(term.loss.name) compares its output with no field; take `target` away.")
        }
        return nil
    }

    /// Why the loss can't compare an output with what mixed samples should be; nil where it can.
    private static func mixingProblem(_ term: LossTerm, _ target: FieldDescription?) -> String? {
        if term.sampleWeights != nil {
            return "samples that mixup or cutmix have mixed have no weight of their own; take `sampleWeights` away, or "
                + "mixup and cutmix"
        }
        guard let target else { return nil }
        let takesBoth =
            target.meaning.choiceCount == nil
            ? term.loss.rule(for: target) != .signs : term.loss.takesSharesOfClasses
        return takesBoth
            ? nil
            : "mixup and cutmix make shares of two classes of \(target.name), and it takes one; use crossEntropy, or "
                + "take them away"
    }

    /// The names of the classes, or of the columns that hold their probabilities.
    private static func classes(_ target: FieldDescription?, columns shape: Shape) -> [String] {
        if let names = target?.meaning.choiceNames, !names.isEmpty { return names }
        let count = shape.rank > 0 ? shape[-1] : 1
        if case .real(let names)? = target?.meaning, names.count == count { return names }
        return (0..<count).map(String.init)
    }

    private static func weights(_ name: PlacedName, _ setup: ObjectiveSetup) throws -> String {
        let field = try setup.field(name)
        guard field.elementType == .float32, field.shape.count == 1, field.variableAxis == nil else {
            throw name.refused(
                because: "'\(name.name)' does not have one number for each sample; name a field that has.")
        }
        return field.name
    }

    /// Whether the loss reads the scores before the output's last layer.
    var readsScores: Bool { nodes[0] != end.node }

    /// What a reader of the run must know; nil where the loss does what it seems to.
    var note: String? {
        readsScores
            ? "\(loss.name) of \(output) is computed from the \(loss.scores.words) before its \(end.layer)" : nil
    }

    var rules: [TargetRule] {
        let reader = "\(loss.name) of \(output)"
        var rules: [TargetRule] = []
        if let target, !comparesLayer, let numbers = loss.rule(for: target) {
            rules.append(
                TargetRule(field: target.name, numbers: numbers, reader: reader, place: term.target ?? term.place))
        }
        if let weights {
            rules.append(
                TargetRule(
                    field: weights, numbers: .weights, reader: reader, place: term.sampleWeights ?? term.place))
        }
        return rules
    }

    /// What its output says of its target, for `predict`; nil where it has none.
    var prediction: Prediction? {
        guard let target else { return nil }
        let scores: ClassScores =
            switch end.link {
            case .softmax, .sigmoid: .probabilities
            case .logSoftmax: .logProbabilities
            case nil: loss.scores
            }
        let isValue = target.meaning.choiceCount == nil
        return Prediction(
            output: output, target: target, loss: isValue && !readsScores ? loss : nil, scores: scores)
    }

    /// The loss of one grain and what it counts.
    ///
    /// - Parameter values: of the model's nodes by their places in ``nodes``.
    func callAsFunction(_ values: [Variable], _ context: GrainContext) -> (sum: Variable, input: LossInput) {
        let others = values.dropFirst().dropLast(comparesLayer ? 1 : 0).map(packed)
        let target: Target =
            comparesLayer
            ? .values(packed(values[values.count - 1]).value)
            : target.map { context.target($0.name, like: values[0]) } ?? .nothing
        let weights = context.weights(weights).map { weights in
            values[0].lengths.map { LossInput.weights(weights, of: $0, context.tape) } ?? weights
        }
        let input = LossInput(packed(values[0]), target, others: others, weights: weights)
        return (loss(input), input)
    }
}

extension ClassScores {
    fileprivate var words: String {
        switch self {
        case .logits, .separateLogits: "logits"
        case .probabilities, .logProbabilities, .scores: "scores"
        }
    }
}
