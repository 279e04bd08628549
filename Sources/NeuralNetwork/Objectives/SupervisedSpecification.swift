import ConfigurationReading
import TensorCore

/// Losses and metrics on outputs of one model, as a configuration lists them.
package struct SupervisedSpecification: ObjectiveSpecification {
    /// The model; nil for the only one.
    package let model: PlacedName?
    /// At least one.
    package let losses: [LossTerm]
    /// Nil for those that usually go with the first loss's target.
    package let metrics: [MetricTerm]?

    package init(model: PlacedName? = nil, losses: [LossTerm], metrics: [MetricTerm]? = nil) {
        self.model = model
        self.losses = losses
        self.metrics = metrics
    }

    package func make(_ setup: ObjectiveSetup) throws -> any Objective {
        let model = try setup.model(model, from: losses[0].place, key: "of")
        if losses.allSatisfy(\.isForTrainingOnly) {
            throw losses[0].place.refused(
                because: "every loss is for training only, so that nothing can be validated; "
                    + "take `only` from one of them.")
        }
        // Inputs first: what is wrong with them may be all that is wrong with the outputs.
        _ = try setup.bindings(of: model)
        var assembly = Assembly(setup: setup, model: model)
        let evaluated = losses.filter { !$0.isForTrainingOnly }
        for term in evaluated + losses.filter(\.isForTrainingOnly) { try assembly.add(term) }
        for head in model.auxiliaryHeads where !assembly.compares(head.name) {
            for term in evaluated where (term.output?.name ?? model.outputName) == model.outputName {
                try assembly.add(term.on(head))
            }
        }
        for metric in try metrics ?? usual(for: evaluated[0], setup) {
            try assembly.add(metric, usual: evaluated[0])
        }
        return try assembly.objective()
    }

    private func usual(for term: LossTerm, _ setup: ObjectiveSetup) throws -> [MetricTerm] {
        let target = try setup.target(term.target, from: term.place)
        return usualMetrics(for: MetricTargets(target)).map { MetricTerm($0) }
    }
}

/// The parts of a supervised objective as they are found in the model and the data.
private struct Assembly {
    let setup: ObjectiveSetup
    let model: Model
    private var evaluated: [String] = []
    private var trainedOnly: [String] = []
    private var found: [(term: LossTerm, output: String, target: FieldDescription)] = []
    private var measured: [(metric: any Metric, output: String, target: String)] = []

    init(setup: ObjectiveSetup, model: Model) {
        self.setup = setup
        self.model = model
    }

    /// Whether a loss is on that output: one that the configuration names itself.
    func compares(_ output: String) -> Bool { found.contains { $0.output == output } }

    mutating func add(_ term: LossTerm) throws {
        let output = try node(term.output)
        let target = try setup.target(term.target, from: term.place)
        if let problem = term.loss.problem(output: model.shape(of: output) ?? [], target: target) {
            throw (term.output ?? term.place).refused(because: "\(term.loss.name) of \(output): \(problem).")
        }
        let isFound = found.contains {
            $0.output == output && $0.target.name == target.name && $0.term.loss.name == term.loss.name
        }
        if isFound {
            throw term.place.refused(
                because: "\(term.loss.name) of \(output) against '\(target.name)' is named twice; add the weights.")
        }
        found.append((term, output, target))
        if term.isForTrainingOnly {
            if !evaluated.contains(output), !trainedOnly.contains(output) { trainedOnly.append(output) }
        } else if !evaluated.contains(output) {
            evaluated.append(output)
        }
    }

    mutating func add(_ term: MetricTerm, usual: LossTerm) throws {
        let output = try node(term.output ?? usual.output)
        let sameOutput = found.first { $0.output == output }
        let target = try term.target.map(setup.field) ?? sameOutput?.target ?? setup.target(nil, from: term.place)
        let metric = term.metric
        let name = metric.description.name
        let kind = MetricTargets(target)
        guard metric.targets == kind else {
            let known = metricCatalogue.filter { $0.usual.targets == kind }.map(\.name)
            throw term.place.refused(
                because: "\(name) does not measure \(kind.words), as '\(target.name)' is; "
                    + "these do: \(known.joined(separator: ", ")).")
        }
        if let problem = metric.problem(output: model.shape(of: output) ?? [], target: target) {
            throw (term.output ?? term.place).refused(because: "\(name) of \(output): \(problem).")
        }
        let isMeasured = measured.contains {
            $0.output == output && $0.target == target.name && $0.metric.isEqual(to: metric)
        }
        if isMeasured {
            throw term.place.refused(
                because: "\(name) of \(output) against '\(target.name)' is named twice; name it once.")
        }
        measured.append((metric, output, target.name))
        if !evaluated.contains(output) { evaluated.append(output) }
    }

    /// The node that a name stands for, the list's last one without a name.
    private func node(_ name: PlacedName?) throws -> String {
        guard let name else { return model.outputName }
        guard model.shape(of: name.name) != nil else { throw name.unknown("layer", known: model.names) }
        return name.name
    }

    func objective() throws -> any Objective {
        let outputs = evaluated + trainedOnly.filter { !evaluated.contains($0) }
        func place(_ name: String) -> Int { outputs.firstIndex(of: name) ?? 0 }
        let terms = found.map { item in
            SupervisedObjective.Term(
                loss: item.term.loss, output: place(item.output), target: item.target.name, weight: item.term.weight,
                isForTrainingOnly: item.term.isForTrainingOnly)
        }
        var definitions = [MetricDefinition.loss]
        var slot = MetricSums.lossSlot + 1
        for item in found where found.count > 1 {
            let alike = found.count { $0.output == item.output && $0.term.loss.name == item.term.loss.name }
            let description = MetricDescription(item.term.loss.name).named(
                of: metricPrefix(item.output, alike > 1 ? item.target.name : nil))
            definitions.append(MetricDefinition(description, numerator: slot, denominator: slot + 1))
            slot += 2
        }
        for item in measured {
            var description = item.metric.description
            let sameMetric = measured.filter { $0.metric.description.name == description.name }
            if sameMetric.count > 1 {
                let alike = sameMetric.count { $0.output == item.output }
                description = description.named(of: metricPrefix(item.output, alike > 1 ? item.target : nil))
            }
            definitions.append(
                MetricDefinition(
                    description, numerator: slot, denominator: slot + 1, transform: item.metric.transform))
            slot += item.metric.transform.slotCount
        }
        return try SupervisedObjective(
            setup, model, outputs: outputs, evaluated: evaluated.count, terms: terms,
            measured: measured.map { item in
                // Numbers are compared with what the loss takes the output for, classes with the logits themselves.
                let loss = item.metric.targets == .values ? found.first { $0.output == item.output }?.term.loss : nil
                return .init(metric: item.metric, output: place(item.output), target: item.target, loss: loss)
            },
            definitions: definitions, sumCount: slot - MetricSums.lossSlot)
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
