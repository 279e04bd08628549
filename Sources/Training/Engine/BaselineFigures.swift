import DataPipeline
import NeuralNetwork
import TensorCore

/// What a forecast without a model comes to, by the run's own losses and metrics.
package struct BaselineFigures: Equatable, Sendable {
    /// `last value`.
    package var name: String
    package var metrics: [MetricValue]

    package init(name: String, metrics: [MetricValue]) {
        self.name = name
        self.metrics = metrics
    }
}

extension Evaluator {
    /// What the data set's baselines come to, as the first objective that can judge them says; none where no objective
    /// can. Collective.
    ///
    /// - Parameter dataset: what is evaluated; its baselines must be among the fields that are read.
    func judge(_ baselines: [Baseline], of dataset: any Dataset, _ objectives: [any Objective]) throws
        -> [BaselineFigures]
    {
        guard let target = dataset.defaultTarget else { return [] }
        for objective in objectives {
            let judges = baselines.compactMap { objective.judging($0.field, of: target) }
            guard judges.count == baselines.count, let sums = try evaluate(judges) else { continue }
            return zip(baselines, zip(judges, sums)).map { baseline, measured in
                BaselineFigures(
                    name: baseline.name, metrics: measured.1.values(of: measured.0.metrics).filter(\.isCounted))
            }
        }
        return []
    }

    /// What a baseline of the run comes to, as the first objective says that has a metric of the usual input.
    /// Collective.
    ///
    /// - Parameter data: the run's; the baseline is made from its training samples.
    /// - Throws: `ConfigurationError` where no objective can judge it, or where it can't be computed.
    func judge(
        _ baseline: BaselineConfiguration, from data: RunData, _ objectives: [any Objective], _ ranks: Ranks
    ) throws -> BaselineFigures {
        let field = data.training.defaultInput
        let judge = try ranks.together {
            let judge = objectives.first { $0.judging(reconstructionOf: field, by: { values, _ in values }) != nil }
            guard let judge else {
                throw baseline.place.refused(
                    because: "no metric compares an output with '\(field)'; add `metrics: [squaredError]` where a loss "
                        + "has it as its target, or remove the key.")
            }
            return judge
        }
        let components = try data.components(of: baseline, ranks)
        let judging = judge.judging(reconstructionOf: field) { components.reconstruction(of: $0, pool: $1) }
        let metrics = try judging.flatMap { judging in
            try evaluate([judging])?[0].values(of: judging.metrics)
        }
        return BaselineFigures(name: baseline.name, metrics: metrics ?? [])
    }

    /// What an objective and the baselines say of the last samples, and what came true, in the data's units; nil where
    /// the objective says nothing of the usual target. It is drawn over the place of each sample in the series.
    ///
    /// Of a horizon of several steps it is the first step, and beside it what was said of each place so many steps
    /// before.
    func forecasts(
        _ objective: any Objective, of dataset: any Dataset, step: Int, _ preprocessing: [FieldPreprocessing]
    ) throws -> FigureRecord? {
        guard let target = dataset.targetField, !dataset.baselines.isEmpty,
            let output = objective.predictions.firstIndex(where: { $0.target.name == target.name })
        else { return nil }
        let horizon = target.shape[0]
        var curves = [FigureRecord.Curve(name: "what came", x: [], y: []), .init(name: "forecast", x: [], y: [])]
        if horizon > 1 { curves.append(.init(name: "forecast \(horizon) steps before", x: [], y: [])) }
        curves += dataset.baselines.map { .init(name: $0.name, x: [], y: []) }
        let factors = preprocessing.first { $0.field == target.name }
        func raw(_ value: Float) -> Double {
            Double(factors.map { (value - $0.shift[0]) / $0.scale[0] } ?? value)
        }
        try forEachOfLast(Evaluator.drawnForecasts) { context in
            let said = objective.predict(context)[output].value
            let size = target.shape.count
            let fields = [target.name] + dataset.baselines.map(\.field)
            let values = fields.map { context.batch.floats($0) }
            for (row, id) in context.batch.sampleIDs.enumerated() {
                var next = 0
                func add(_ tensor: Tensor, step: Int = 0) {
                    curves[next].x.append(Double(id + step))
                    curves[next].y.append(raw(tensor.pointer[row * size + step * (size / horizon)]))
                    next += 1
                }
                add(values[0])
                add(said)
                if horizon > 1 { add(said, step: horizon - 1) }
                for value in values.dropFirst() { add(value) }
            }
        }
        let name = if case .real(let names) = target.meaning { names.first ?? target.name } else { target.name }
        return FigureRecord(
            step: step, title: "Forecasts of \(name) in validation", horizontal: "row of the series", curves: curves)
    }

    /// Of a long series so many of the last samples are drawn.
    private static var drawnForecasts: Int { 250 }
}
