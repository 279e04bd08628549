import ConfigurationReading
import TensorCore

/// The parts of a supervised objective as they are found in the model and the data.
struct SupervisedAssembly {
    let setup: ObjectiveSetup
    let model: Model
    /// Those that evaluation has too first.
    private(set) var losses: [BoundLoss] = []
    private(set) var measured: [Measured] = []

    /// A metric with what it reads.
    struct Measured {
        let metric: any Metric
        /// The output's name.
        let output: String
        /// The node that it reads.
        let node: Int
        let target: String
        /// The node of the layer that is the target; nil for a field.
        let targetNode: Int?
        /// The loss that says what the node's numbers mean; nil where the metric takes them as they are.
        let loss: (any Loss)?
    }

    init(setup: ObjectiveSetup, model: Model) {
        self.setup = setup
        self.model = model
    }

    /// Whether a loss is on that output: one that the configuration names itself.
    func compares(_ output: String) -> Bool { losses.contains { $0.output == output } }

    mutating func add(_ term: LossTerm) throws {
        let bound = try BoundLoss(term, setup, model)
        let isFound = losses.contains {
            $0.output == bound.output && $0.target?.name == bound.target?.name && $0.loss.name == bound.loss.name
        }
        if isFound {
            let against = bound.target.map { " against '\($0.name)'" } ?? ""
            throw term.place.refused(
                because: "\(term.loss.name) of \(bound.output)\(against) is named twice; add the weights.")
        }
        losses.append(bound)
    }

    /// What is measured when the configuration does not say: what goes with the first loss that has a target.
    var usualMetrics: [MetricTerm] {
        guard let loss = losses.first(where: { !$0.term.isForTrainingOnly && $0.target != nil }) else { return [] }
        return NeuralNetwork.usualMetrics(for: kinds(loss.target, loss)[0]).map {
            MetricTerm($0, output: loss.term.output?.name, target: loss.term.target?.name)
        }
    }

    /// What a field can be measured as beside a loss, the usual one first.
    private func kinds(_ target: FieldDescription?, _ loss: BoundLoss?) -> [MetricTargets] {
        let own = target.map { MetricTargets($0) } ?? .values
        let isDistribution = own == .values && (loss?.loss.takesDistributions ?? false)
        return isDistribution ? [.classes, .values] : [own]
    }

    mutating func add(_ term: MetricTerm) throws {
        let output = try term.output.map(node) ?? (losses.first { $0.target != nil } ?? losses[0]).output
        guard let end = model.end(of: output) else { return }
        let sameOutput = losses.first { $0.output == output && $0.target != nil }
        let compared = try compared(term, sameOutput)
        let target = compared.field
        let loss = losses.first { $0.output == output && $0.target?.name == target.name }
        let name = term.metric.description.name
        let kinds = kinds(target, loss)
        guard kinds.contains(term.metric.targets) else {
            let known = metricCatalogue.filter { kinds.contains($0.usual.targets) }.map(\.name)
            throw term.place.refused(
                because: "\(name) does not measure \(kinds[0].words), as '\(target.name)' is; "
                    + "these do: \(known.joined(separator: ", ")).")
        }
        if let problem = term.metric.problem(output: model.shape(of: output) ?? [], target: target) {
            throw (term.output ?? term.place).refused(because: "\(name) of \(output): \(problem).")
        }
        if let problem = compared.problem(
            output: output, model.shape(of: output) ?? [], varies: model.varies(output))
        {
            throw (term.output ?? term.place).refused(because: "\(name) of \(output): \(problem).")
        }
        let isMeasured = measured.contains {
            $0.output == output && $0.target == target.name && $0.metric.description == term.metric.description
        }
        if isMeasured {
            throw term.place.refused(
                because: "\(name) of \(output) against '\(target.name)' is named twice; name it once.")
        }
        // Classes are compared by the scores, which a last layer only turns into shares; numbers with what the loss
        // takes the output for.
        let ofClasses = term.metric.targets == .classes
        measured.append(
            Measured(
                metric: term.metric.measuring(target), output: output,
                node: ofClasses ? end.scores : sameOutput?.nodes[0] ?? end.node, target: target.name,
                targetNode: compared.node, loss: ofClasses ? nil : sameOutput?.loss))
    }

    /// What a metric compares its output with: what it names, else what the loss on the same output does.
    private func compared(_ term: MetricTerm, _ sameOutput: BoundLoss?) throws -> ComparedValue {
        if term.target == nil, let sameOutput, let target = sameOutput.target {
            return ComparedValue(field: target, node: sameOutput.comparesLayer ? sameOutput.nodes.last : nil)
        }
        return try ComparedValue(term.target, from: term.place, setup, model)
    }

    /// The node that a name stands for. Throws `ConfigurationError`.
    private func node(_ name: PlacedName) throws -> String {
        guard model.shape(of: name.name) != nil else { throw name.unknown("layer", known: model.names) }
        return name.name
    }

    // MARK: - The objective

    /// Refuses views of an image where there is none, or where an output has places that would have to move with it.
    func requireViews(for terms: [LossTerm]) throws {
        guard model.inputs.contains(where: { $0.shape.rank == 3 && !$0.varies }) else {
            throw terms[0].place.refused(
                because: "testTimeAugmentation changes images, and \(model.name) has no input of images; remove it.")
        }
        for term in terms {
            let output = term.output?.name ?? model.outputName
            guard let shape = model.shape(of: output), shape.rank > 1 else { continue }
            throw term.place.refused(
                because: "testTimeAugmentation averages over changes of the image, and \(output) \(shape) has places "
                    + "that would move with it; remove it.")
        }
    }

    func objective(views: [TestTimeView] = []) throws -> any Objective {
        let evaluated = losses.filter { !$0.term.isForTrainingOnly }
        var nodes: [Int] = []
        func place(_ node: Int) -> Int {
            if let place = nodes.firstIndex(of: node) { return place }
            nodes.append(node)
            return nodes.count - 1
        }
        var definitions = [MetricDefinition.loss]
        var slot = MetricSums.lossSlot + 1
        for bound in losses where losses.count > 1 {
            definitions.append(MetricDefinition(description(of: bound), numerator: slot, denominator: slot + 1))
            slot += 2
        }
        let terms = evaluated.map { SupervisedObjective.Term(bound: $0, places: $0.nodes.map(place)) }
        let measures = measured.map { item in
            definitions.append(
                MetricDefinition(
                    description(of: item), numerator: slot, denominator: slot + 1, transform: item.metric.transform))
            slot += item.metric.transform.slotCount
            return SupervisedObjective.Measured(
                metric: item.metric, place: place(item.node), target: item.target,
                targetPlace: item.targetNode.map(place), loss: item.loss)
        }
        var tables: [SupervisedObjective.Table] = []
        var end = slot
        for bound in evaluated {
            guard case .classes(let names)? = bound.target?.meaning, names.count <= ConfusionTable.mostClasses else {
                continue
            }
            let isTabled = tables.contains { $0.table.output == bound.output && $0.target == bound.target?.name }
            if isTabled { continue }
            let table = ConfusionTable(output: bound.output, classes: names, first: end)
            tables.append(
                .init(
                    table: table, place: place(bound.end.scores), target: bound.target?.name ?? "",
                    scores: bound.end.link.map(\.read) ?? bound.loss.scores))
            end += table.count
        }
        let evaluatedCount = nodes.count
        let further = losses.filter(\.term.isForTrainingOnly).map {
            SupervisedObjective.Term(bound: $0, places: $0.nodes.map(place))
        }
        return try SupervisedObjective(
            setup, model, nodes: nodes, evaluated: evaluatedCount, terms: terms + further, measured: measures,
            tables: tables, definitions: definitions, sumCount: slot - MetricSums.lossSlot, views: views)
    }

    private func description(of bound: BoundLoss) -> MetricDescription {
        let alike = losses.count { $0.output == bound.output && $0.loss.name == bound.loss.name }
        return MetricDescription(bound.loss.name).named(
            of: metricPrefix(bound.output, alike > 1 ? bound.target?.name : nil))
    }

    private func description(of item: Measured) -> MetricDescription {
        let description = item.metric.description
        let sameMetric = measured.filter { $0.metric.description.name == description.name }
        if sameMetric.count == 1 { return description }
        let alike = sameMetric.count { $0.output == item.output }
        return description.named(of: metricPrefix(item.output, alike > 1 ? item.target : nil))
    }
}

/// `digit`, or `digitSlant` where an output is compared with several fields.
private func metricPrefix(_ output: String, _ target: String?) -> String {
    output.asMetricName + (target?.asMetricName.capitalisedFirst ?? "")
}

extension String {
    /// `blockFc` of the node `block.fc`, so that the name of a metric has no dots.
    fileprivate var asMetricName: String {
        let parts = split { !$0.isLetter && !$0.isNumber }.map(String.init)
        return (parts.first ?? "output") + parts.dropFirst().map(\.capitalisedFirst).joined()
    }
}
