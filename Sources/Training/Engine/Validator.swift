import FaultInjection
import JobHealth
import NeuralNetwork
import Optimization
import System

/// What is known of the present weights.
enum Validation {
    /// They have not been validated.
    case none
    case done([MetricValue])
    /// A stop signal came first; the resumed run validates.
    case interrupted

    var isInterrupted: Bool { if case .interrupted = self { true } else { false } }

    /// What the metrics come to, where that is known.
    var values: [MetricValue]? { if case .done(let values) = self { values } else { nil } }
}

/// Validates every so often, and does what follows from it: the learning rate, the best weights, the state that a decay
/// goes back to, the end of training.
///
/// All ranks call it at the same time.
final class Validator {
    let setup: RunSetup
    private let control: TrainingControl
    /// Of each phase; nil where its data have no validation samples.
    private let evaluators: [Evaluator?]
    /// Of each phase that compares validation samples with training samples.
    private let comparers: [Evaluator?]
    private let descent: GradientDescent
    private let saver: RunSaver
    private let meter: IntervalMeter
    private let observer: (any TrainingObserver)?

    init(
        _ setup: RunSetup, _ descent: GradientDescent, _ saver: RunSaver, _ meter: IntervalMeter,
        _ observer: (any TrainingObserver)?
    ) throws {
        self.setup = setup
        control = setup.control
        evaluators = try setup.evaluators()
        comparers = try setup.comparers()
        self.descent = descent
        self.saver = saver
        self.meter = meter
        self.observer = observer
    }

    /// Validates after every so many steps.
    ///
    /// - Parameters:
    ///   - step: finished steps.
    ///   - rate: of the last of them.
    ///   - isStopping: whether the run is to stop here, so that the resumed run validates.
    func validateIfDue(step: Int, rate: Double, isStopping: Bool) throws -> Validation {
        guard isDue(step: step) else { return .none }
        defer { meter.resumed() }
        return isStopping ? .interrupted : try Timeline.span(.validation) { try validate(step: step, rate: rate) }
    }

    private func isDue(step: Int) -> Bool { step == setup.totalSteps || decides(step: step) }

    /// Whether a validation after so many steps is one that would be made in a longer run, too; only then it changes
    /// the course of training.
    private func decides(step: Int) -> Bool {
        if setup.hasOwnData, setup.order.endsPhase(step: step) { return true }
        switch setup.configuration.validation {
        case .epochs(let epochs): return step % (epochs * setup.plan.stepsPerEpoch) == 0
        case .steps(let steps): return step % steps == 0
        }
    }

    /// Validates; rank 0 decides what it means for the learning rate, and every rank follows.
    ///
    /// - Parameter rate: of the last step.
    func validate(step: Int, rate: Double) throws -> Validation {
        let phases = measured(before: step)
        if phases.isEmpty { return .none }
        guard let (all, worst) = try evaluate(phases, step: step) else { return .interrupted }
        try descent.compareReplicas(step: step)  // what is remembered or written as the best is sound
        let values = values(of: all, phases)
        let deciding = control.learningRates.deciding(before: step)
        let monitor = control.learningRates.phases[deciding].monitor
        let metric = monitor.value(of: all[phases.firstIndex(of: deciding) ?? 0])
        // The best of an earlier phase is of another kind.
        let isBest = monitor.isBetter(metric, than: control.best?.name == monitor.name ? control.best?.value : nil)
        let sums = Dictionary(uniqueKeysWithValues: zip(phases, all))
        let decision = decides(step: step) ? try control.observe(metric, sums, step: step, setup.ranks) : nil
        try observer?.validated(
            ValidationRecord(
                step: step, epoch: Double(step) / Double(setup.plan.stepsPerEpoch),
                metrics: values, learningRate: rate, isBest: isBest, confusions: confusions(of: all, phases),
                mistakes: mistakes(of: phases, worst, step: step), filters: filters(step: step)))
        try figureGradients(step: step)
        try picture(step: step)
        if isBest {
            control.best = .init(name: monitor.name, value: metric, step: step)
            try saver.saveBest(step: step)
        }
        if let end = control.endRule, end.hasStoppedEarly || end.hasComeNear, !end.hasReachedTarget {
            let kind = end.hasComeNear ? DecisionRecord.Kind.metricReached : .earlyStop
            try observer?.decided(
                DecisionRecord(step: step, kind: kind, reason: end.reason, numbers: end.numbers))
        }
        switch decision {
        case .improved:
            setup.state.rememberBest()
            // The state that a decay goes back to must outlive this process.
            if setup.state.keepsBest { try saver.save(step: step, force: true) }
        case .decayed(let from, let to, let bestStep):
            try follow(decay: from, to, bestStep: bestStep, metric: metric, step: step)
            if bestStep != nil { return .none }  // the sums are no longer those of the weights
        default: break
        }
        try requireFinite(all, phases, step: step)
        return .done(values)
    }

    /// The last validation again, or one of the final weights where they have none; it decides nothing any more.
    func final(_ last: Validation, step: Int) throws -> Validation {
        let phases = measured(before: step)
        guard last.values == nil, !phases.isEmpty else { return last }
        guard let (sums, _) = try evaluate(phases, step: step) else { return .interrupted }
        return .done(values(of: sums, phases))
    }

    /// The phases that are measured: those that train at this time, and before them the earlier ones that had data of
    /// their own, to see what is left of what they learned.
    private func measured(before step: Int) -> [Int] {
        let present = setup.order.phasesInTurn(before: step)
        guard present.contains(where: { evaluators[$0] != nil }) else { return [] }
        let earlier = setup.phases.indices.filter {
            setup.phaseData[$0] != nil && $0 < (present.first ?? 0) && setup.order.kind == .sequence
        }
        return (earlier + present).filter { evaluators[$0] != nil }
    }

    /// Evaluates phases on their validation samples unless a stop signal comes.
    ///
    /// - Returns: the sums of each phase, and by phase the worst mistakes; nil after a stop signal.
    private func evaluate(
        _ phases: [Int], step: Int
    ) throws -> (sums: [MetricSums], mistakes: [Int: WorstMistakes])? {
        try descent.settle()
        var parts: [(evaluator: Evaluator, phases: [Int])] = []
        for phase in phases {
            guard let evaluator = evaluators[phase] else { continue }
            if let index = parts.firstIndex(where: { $0.evaluator === evaluator }) {
                parts[index].phases.append(phase)
            } else {
                parts.append((evaluator, [phase]))
            }
        }
        Activity.enter(.validation, step: step, pieces: parts.reduce(0) { $0 + $1.evaluator.grains.count })
        try TestFault.reach(.validation, step: step)
        // A run that ends with its directory does so at once, as if it was asked to stop.
        let lock = setup.configuration.checkpoint.onFailure == .stop ? setup.keeper?.lock : nil
        var sums: [Int: MetricSums] = [:]
        var mistakes: [Int: WorstMistakes] = [:]
        for (evaluator, phases) in parts {
            let objectives = phases.map { setup.phases[$0].objective }
            let data = setup.phaseData[phases[0]] ?? setup.data
            let list = data.validation.map { MistakeList(objectives, of: $0) }
            let own = try setup.state.withAverages {
                try evaluator.evaluate(
                    objectives, mistakes: list,
                    unless: { StopSignal.isRequested || lock?.isLost ?? false }, onGrain: { Activity.finishPiece() })
            }
            guard let own else { return nil }
            for (phase, result) in zip(phases, own) { sums[phase] = result }
            if let list {
                for (phase, worst) in zip(phases, try list.gathered(setup.ranks)) { mistakes[phase] = worst }
            }
        }
        for phase in phases {
            let objective = setup.phases[phase].objective
            guard let comparison = objective.comparison, let comparer = comparers[phase] else { continue }
            let seen = try setup.state.withAverages {
                try comparer.evaluate([objective], unless: { StopSignal.isRequested || lock?.isLost ?? false })
            }
            guard let seen else { return nil }
            sums[phase]?.take(comparison, from: seen[0])
        }
        Activity.enter(.afterValidation, step: step)
        return (phases.compactMap { sums[$0] }, mistakes)
    }

    /// What the sums of phases come to.
    private func values(of sums: [MetricSums], _ phases: [Int]) -> [MetricValue] {
        zip(phases, sums).flatMap { phase, sums in
            sums.values(of: setup.phases[phase].objective.metrics)
        }.filter(\.isCounted)
    }

    /// What forecasts without a model come to on the validation samples; none where the data have no such. Collective.
    func baselines() throws -> [BaselineFigures] {
        guard let validation = setup.data.validation, let evaluator = evaluators.first ?? nil else { return [] }
        let objectives = setup.phases.map(\.objective)
        var figures: [BaselineFigures] = []
        if let own = setup.configuration.baseline {
            figures.append(try evaluator.judge(own, from: setup.data, objectives, setup.ranks))
        }
        if !validation.baselines.isEmpty {
            figures += try evaluator.judge(validation.baselines, of: validation, objectives)
        }
        return figures
    }

    /// Draws how strongly the loss depends on each step, where that was asked for. Collective.
    private func figureGradients(step: Int) throws {
        for index in setup.order.phasesInTurn(before: step) {
            let phase = setup.phases[index]
            guard let gradients = phase.stepGradients, let evaluator = evaluators[index] else { continue }
            let sums = try setup.state.withAverages { try evaluator.evaluate([gradients]) }
            guard let curves = sums.map({ gradients.curves(of: $0[0]) }) else { continue }
            try observer?.figured(
                FigureRecord(
                    step: step, title: "Gradient norm over steps" + (setup.phases.count > 1 ? ", \(phase.name)" : ""),
                    horizontal: "step of the sequence", isLogarithmic: true, showsFirst: true,
                    curves: curves.map { curve in
                        FigureRecord.Curve(
                            name: curve.name, x: curve.norms.indices.map { Double($0 + 1) }, y: curve.norms)
                    }))
        }
    }

    /// Rank 0 shows what has been learned, where an objective has something to see.
    private func picture(step: Int) throws {
        guard let observer else { return }
        for index in setup.order.phasesInTurn(before: step) {
            let phase = setup.phases[index]
            guard let evaluator = evaluators[index] else { continue }
            if let validation = (setup.phaseData[index] ?? setup.data).validation,
                let figure = try setup.state.withAverages({
                    try evaluator.forecasts(
                        phase.objective, of: validation, step: step, setup.data.preprocessing)
                })
            {
                try observer.figured(figure)
            }
            guard let pictures = try setup.state.withAverages({ try evaluator.pictures(phase.objective) }) else {
                continue
            }
            try observer.pictured(
                PictureRecord(
                    step: step, name: phase.name, pictures,
                    setup.data.preprocessing.first { $0.field == pictures.field }))
        }
    }

    /// Tells of a decay that the plateau rule has decided, goes back to the best state where it says so, and saves.
    private func follow(decay from: Double, _ to: Double, bestStep: Int?, metric: Double, step: Int) throws {
        let name = control.learningRates.phases[control.learningRates.deciding(before: step)].monitor.name
        let best =
            (setup.rollback(step: step) ?? control.best).map {
                "\(name) has not improved on \(decimal($0.value)) of step \($0.step)"
            }
            ?? "\(name) is not finite"
        try observer?.decided(
            DecisionRecord(
                step: step, kind: .decay,
                reason: "learning rate \(decimal(from)) → \(decimal(to)): \(best) (now \(decimal(metric)))",
                numbers: ["from": from, "to": to, name: metric]))
        if let bestStep {
            setup.state.goBackToBest()
            try observer?.decided(
                DecisionRecord(
                    step: step, kind: .rollback,
                    reason: "weights, statistics and optimizer state are again those of step \(bestStep)",
                    numbers: ["toStep": Double(bestStep)]))
        }
        // A run that resumes after this must not decide again.
        try saver.save(step: step, force: true)
    }

    /// Ends the run where a validation is no number and nothing goes back to sound weights: to train on would be in
    /// vain.
    private func requireFinite(_ all: [MetricSums], _ phases: [Int], step: Int) throws {
        guard let bad = all.firstIndex(where: { !$0.loss.isFinite }), setup.configuration.onNonFinite == .stop else {
            return
        }
        Activity.enter(.validation, step: step)
        try setup.ranks.together {
            let phase = setup.phases[phases[bad]]
            let found = try setup.state.withAverages {
                try evaluators[phases[bad]]?.findNonFinite(phase.objective, phase.vector)
            }
            if let found {
                throw TrainingError.nonFiniteValidation(
                    step: step, what: found.what, rank: setup.ranks.rank, samples: found.samples)
            }
        }
        try setup.ranks.together {
            if setup.ranks.rank == 0 { throw TrainingError.nonFiniteSum(step: step, what: "the validation loss") }
        }
    }
}
