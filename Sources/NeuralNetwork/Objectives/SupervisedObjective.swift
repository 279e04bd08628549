import Autograd
import ConfigurationReading
import TensorCore

/// Learning from what the data say outputs should be: a weighted sum of losses on outputs of one model.
///
/// A target may be any field: a class, numbers, the input itself (an autoencoder), the next tokens of a text; or
/// another layer of the model, whose value it is then, through which no gradient flows. The weight is what the first
/// loss counts: samples, or positions of sequences. Every loss is summed over what it counts itself, and the whole is
/// divided by that one weight. Where all losses weigh samples and classes alike, as a single one does, the weight is
/// the sum of those weights; where they differ there is no sum that fits all, and it is the number of what the first
/// one counts.
package struct SupervisedObjective: Objective {
    package let metrics: [MetricDefinition]
    package let sumCount: Int
    package let fields: [String]
    package let models: [String]
    package let weightPerSample: Double
    package let predictions: [Prediction]
    package let targetRules: [TargetRule]
    package let notes: [String]
    let model: Model
    private let bindings: [(input: ModelInput, field: String)]
    let terms: [Term]
    let measured: [Measured]
    private let tables: [Table]
    /// Whether what the losses count is summed with its weights.
    private let sumsWeights: Bool
    /// The nodes that evaluation needs; training needs some more behind them.
    private let evaluation: GraphPlan
    let evaluatedNodes: [Int]
    private let training: GraphPlan
    /// The outputs of ``predictions``.
    private let predicted: GraphPlan
    /// How these are averaged over dropout masks; nil for the mean of their values.
    private let predictedLosses: [(any Loss)?]
    /// Over which views of an image evaluation and predictions average.
    private let views: TestTimeViews
    /// The node and the field of pixels whose likeness it is trained to be; nil where there is none.
    let likeness: (place: Int, field: FieldDescription, loss: any Loss)?
    /// The fields that the model's inputs take.
    package var inputFields: [String] { bindings.map(\.field) }
    package var confusions: [ConfusionTable] { tables.map(\.table) }
    package var surrogate: String? {
        terms.contains { $0.bound.comparesLayer } ? "a loss compares two layers, and holds the second constant" : nil
    }

    struct Term: Sendable {
        let bound: BoundLoss
        /// Of the nodes that the loss reads, among those that are computed.
        let places: [Int]
        var isForTrainingOnly: Bool { bound.term.isForTrainingOnly }
    }

    struct Measured: Sendable {
        let metric: any Metric
        /// Of the node that it reads.
        let place: Int
        let target: String
        /// Of the layer that is the target; nil for a field.
        let targetPlace: Int?
        /// The loss that says what the node's numbers mean; nil where the metric takes them as they are.
        let loss: (any Loss)?
    }

    struct Table: Sendable {
        let table: ConfusionTable
        let place: Int
        let target: String
        /// What the numbers at that place say.
        let scores: ClassScores
    }

    package func callAsFunction(_ context: GrainContext) -> GrainResult {
        let isTraining = context.mode.isTraining
        return result(
            isTraining ? training(inputs(context), mode: context.mode) : evaluated(context), context)
    }

    /// The loss and the sums of what the nodes have come to.
    private func result(_ outputs: [Variable], _ context: GrainContext) -> GrainResult {
        let isTraining = context.mode.isTraining
        var losses: [(variable: Variable, weight: Float)] = []
        var own: [Double] = []
        var weight = 0.0
        for (index, term) in terms.enumerated() {
            guard isTraining || !term.isForTrainingOnly else {
                own += [0, 0]
                continue
            }
            let (loss, input) = term.bound(term.places.map { outputs[$0] }, context)
            losses.append((loss, term.bound.term.weight))
            let count = term.bound.loss.weight(input)
            if index == 0 {
                weight = sumsWeights ? count : Double(term.bound.loss.count(of: input.output.shape))
            }
            if terms.count > 1 { own += [Double(loss.value.pointer[0]), count] }
        }
        let total = weightedSum(losses)
        for item in measured {
            let rows = packed(outputs[item.place])
            let output = item.loss?.estimate(rows) ?? rows
            let layer = item.targetPlace.map { Target.values(packed(outputs[$0]).value) }
            own += item.metric.sums(output.value, layer ?? context.target(item.target, like: outputs[item.place]))
        }
        var mistakes: [Mistake] = []
        for (table, item) in tables.enumerated() where !isTraining {
            let output = packed(outputs[item.place]).value
            let target = context.target(item.target, like: outputs[item.place])
            own += ConfusionTable.sums(output, target, classes: item.table.classes.count)
            if target.rowCount(for: output) == context.count {
                mistakes += Mistake.among(output, target, table: table, scores: item.scores)
            }
        }
        return GrainResult(
            loss: total, weight: weight, sums: [Double(total.value.pointer[0])] + own, mistakes: mistakes)
    }

    package func predict(_ context: GrainContext) -> [Variable] {
        evaluated(predicted, context, losses: predictedLosses)
    }

    package var averagesDropout: Bool { true }
    package var readsNeighbours: Bool { true }

    private func evaluated(_ context: GrainContext) -> [Variable] {
        let losses = evaluation.outputs.indices.map { place in
            terms.first { $0.places[0] == place }?.bound.loss
        }
        return evaluated(evaluation, context, losses: losses)
    }

    /// Outputs in evaluation: those of the scaled network, or what so many networks with dropout say on average
    /// (Srivastava et al. 2014, section 7.5); averaged over all views.
    ///
    /// - Parameter losses: which loss says how an output is averaged; nil for the mean of its values.
    private func evaluated(_ plan: GraphPlan, _ context: GrainContext, losses: [(any Loss)?]) -> [Variable] {
        let inputs = inputs(context)
        let samples = (0..<views.count).flatMap { view in
            let inputs = views.inputs(inputs, view: view)
            guard context.dropoutSamples > 0 else { return [plan(inputs, mode: .evaluation)] }
            return (0..<context.dropoutSamples).map { sample in
                plan(inputs, mode: .dropoutSample(context.key.folding(.dropout).folding(sample)))
            }
        }
        if samples.count == 1 { return samples[0] }
        return losses.enumerated().map { output, loss in
            let all = samples.map { $0[output] }
            return loss?.average(all) ?? average(all)
        }
    }

    /// Samples above, and below them what the model makes of them.
    package func pictures(_ context: GrainContext) -> Pictures? {
        guard let likeness, context.count > 0 else { return nil }
        let columns = min(context.count, 16)
        let shape = likeness.field.shape
        let output = likeness.loss.estimate(evaluation(inputs(context), mode: .evaluation)[likeness.place])
        let images = output.shape.rank == 4 ? output : unflatten(output, into: shape)
        let values = Tensor(shape.batched(2 * columns), pool: context.tape.pool)
        let count = columns * shape.count
        values.pointer.update(from: context.batch.floats(likeness.field.name).pointer, count: count)
        (values.pointer + count).update(from: images.value.pointer, count: count)
        return Pictures(values: values, field: likeness.field.name, columns: columns)
    }

    package var probedModel: Model? { model }

    package func loss(
        _ context: GrainContext, probing nodes: [String], _ probe: @escaping (Int, Variable) -> Variable
    ) -> Variable? {
        let places = nodes.map { model.references[$0] }
        // The probed nodes are wanted, so that no other computes them on the way.
        let plan = model.plan(nodes: evaluatedNodes + places.compactMap(\.self))
        let outputs = plan(inputs(context), mode: .evaluation) { node, value in
            places.firstIndex(of: node).map { probe($0, value) } ?? value
        }
        return weightedSum(
            terms.filter { !$0.isForTrainingOnly }.map { term in
                (term.bound(term.places.map { outputs[$0] }, context).sum, term.bound.term.weight)
            })
    }

    package func judging(_ field: String, of target: String) -> (any Objective)? {
        let judged = terms.filter { !$0.isForTrainingOnly }.map(\.bound)
        let isAll =
            judged.allSatisfy { $0.target?.name == target && $0.nodes.count == 1 }
            && measured.allSatisfy { $0.target == target && $0.targetPlace == nil } && tables.isEmpty
        return isAll ? BaselineObjective(base: self, field: field) : nil
    }

    /// What evaluation would be with a field in the place of every output.
    func judge(_ field: String, _ context: GrainContext) -> GrainResult {
        let forecast = context.tape.constant(context.batch.floats(field))
        return result(Array(repeating: forecast, count: evaluatedNodes.count), context)
    }

    private func inputs(_ context: GrainContext) -> [Variable] {
        bindings.map { context.input($0.input, of: model, from: $0.field) }
    }

    /// - Parameters:
    ///   - nodes: what is computed; evaluation needs the first `evaluated` of them.
    ///   - terms: those of evaluation first.
    init(
        _ setup: ObjectiveSetup, _ model: Model, nodes: [Int], evaluated: Int, terms: [Term], measured: [Measured],
        tables: [Table], definitions: [MetricDefinition], sumCount: Int, views: [TestTimeView] = []
    ) throws {
        self.model = model
        self.views = TestTimeViews(views)
        bindings = try setup.bindings(of: model)
        training = model.plan(nodes: nodes)
        evaluatedNodes = Array(nodes[..<evaluated])
        evaluation = model.plan(nodes: evaluatedNodes)
        self.terms = terms
        self.measured = measured
        self.tables = tables
        metrics = definitions
        self.sumCount = sumCount
        models = [model.name]
        let bounds = terms.map(\.bound)
        let used =
            bindings.map(\.field)
            + bounds.flatMap { [$0.comparesLayer ? nil : $0.target?.name, $0.weights].compactMap(\.self) }
            + measured.filter { $0.targetPlace == nil }.map(\.target)
        fields = used.enumerated().filter { used.firstIndex(of: $1) == $0 }.map(\.element)
        targetRules = bounds.flatMap(\.rules)
        notes = bounds.compactMap(\.note)
        let predicting = bounds.filter { !$0.term.isForTrainingOnly && $0.target != nil }
        predictions = predicting.compactMap(\.prediction)
        predicted = model.plan(nodes: predicting.map(\.end.node))
        // Probabilities that the last layer makes are averaged as they are; their logarithms as scores are.
        predictedLosses = predicting.map { bound in
            bound.end.node == bound.nodes[0] || bound.end.link == .logSoftmax ? bound.loss : nil
        }
        sumsWeights = bounds.allSatisfy { $0.weighs(as: bounds[0]) }
        let first = bounds[0]
        let shape = model.nodes[first.nodes[0]].shape
        weightPerSample = Double(first.loss.count(of: shape.batched(1)))
        likeness =
            terms.lazy.compactMap { [model] term in
                guard !term.isForTrainingOnly, let target = term.bound.target, case .pixels = target.meaning,
                    target.shape.rank == 3, model.nodes[term.bound.nodes[0]].shape.count == target.shape.count
                else { return nil }
                return (term.places[0], target, term.bound.loss)
            }.first
    }
}

extension BoundLoss {
    /// Whether it gives samples and classes the same weights as another loss.
    fileprivate func weighs(as other: BoundLoss) -> Bool {
        weights == other.weights && weightOfClass == other.weightOfClass
            && (weightOfClass.isEmpty || target?.name == other.target?.name)
    }
}
