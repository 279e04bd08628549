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
    /// Changes of an image over whose outputs evaluation averages.
    package let views: [TestTimeView]

    package init(
        model: PlacedName? = nil, losses: [LossTerm], metrics: [MetricTerm]? = nil, views: [TestTimeView] = []
    ) {
        self.views = views
        self.model = model
        self.losses = losses
        self.metrics = metrics
    }

    package var balancedTargets: [String?] {
        losses.filter { $0.loss.classWeights == .balanced }.map { $0.target?.name }
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
        var assembly = SupervisedAssembly(setup: setup, model: model)
        let evaluated = losses.filter { !$0.isForTrainingOnly }
        for term in evaluated + losses.filter(\.isForTrainingOnly) { try assembly.add(term) }
        for head in model.auxiliaryHeads where !assembly.compares(head.name) {
            for term in evaluated where (term.output?.name ?? model.outputName) == model.outputName {
                try assembly.add(term.on(head))
            }
        }
        for metric in metrics ?? assembly.usualMetrics { try assembly.add(metric) }
        if !views.isEmpty { try assembly.requireViews(for: evaluated) }
        return try assembly.objective(views: views)
    }
}
