import FaultInjection
import JobHealth
import NeuralNetwork
import Optimization

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
    private let setup: RunSetup
    private let control: TrainingControl
    /// Nil where the run has no validation samples.
    private let evaluator: Evaluator?
    private let descent: GradientDescent
    private let saver: RunSaver
    private let meter: IntervalMeter
    private let observer: (any TrainingObserver)?

    init(
        _ setup: RunSetup, _ evaluator: Evaluator?, _ descent: GradientDescent, _ saver: RunSaver,
        _ meter: IntervalMeter, _ observer: (any TrainingObserver)?
    ) {
        self.setup = setup
        control = setup.control
        self.evaluator = evaluator
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
        return isStopping ? .interrupted : try validate(step: step, rate: rate)
    }

    private func isDue(step: Int) -> Bool {
        if step == setup.totalSteps { return true }
        switch setup.configuration.validation {
        case .epochs(let epochs): return step % (epochs * setup.plan.stepsPerEpoch) == 0
        case .steps(let steps): return step % steps == 0
        }
    }

    /// Validates; rank 0 decides what it means for the learning rate, and every rank follows.
    ///
    /// - Parameter rate: of the last step.
    func validate(step: Int, rate: Double) throws -> Validation {
        guard let evaluator else { return .none }
        guard let all = try evaluate(evaluator, step: step) else { return .interrupted }
        try descent.compareReplicas(step: step)  // what is remembered or written as the best is sound
        let values = values(of: all, step: step)
        let deciding = control.learningRates.deciding(before: step)
        let monitor = control.learningRates.phases[deciding].monitor
        let sums = all[setup.order.phasesInTurn(before: step).firstIndex(of: deciding) ?? 0]
        let metric = monitor.value(of: sums)
        // The best of an earlier phase is of another kind.
        let isBest = monitor.isBetter(metric, than: control.best?.name == monitor.name ? control.best?.value : nil)
        let decision = try control.observe(metric, sums, step: step, setup.ranks)
        try observer?.validated(
            ValidationRecord(
                step: step, epoch: Double(step) / Double(setup.plan.stepsPerEpoch),
                metrics: values, learningRate: rate, isBest: isBest, confusions: confusions(of: all, step: step)))
        try picture(evaluator, step: step)
        if isBest {
            control.best = .init(name: monitor.name, value: metric, step: step)
            try saver.saveBest(step: step)
        }
        if let end = control.endRule, end.isOver {
            try observer?.decided(
                DecisionRecord(step: step, kind: .earlyStop, reason: end.reason, numbers: end.numbers))
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
        try requireFinite(all, evaluator, step: step)
        return .done(values)
    }

    /// The last validation again, or one of the final weights where they have none; it decides nothing any more.
    func final(_ last: Validation, step: Int) throws -> Validation {
        guard last.values == nil, let evaluator else { return last }
        guard let sums = try evaluate(evaluator, step: step) else { return .interrupted }
        return .done(values(of: sums, step: step))
    }

    /// Evaluates on the validation samples unless a stop signal comes.
    ///
    /// - Returns: the sums of each phase that trains at this time; nil after a stop signal.
    private func evaluate(_ evaluator: Evaluator, step: Int) throws -> [MetricSums]? {
        try descent.settle()
        Activity.enter(.validation, step: step, pieces: evaluator.grains.count)
        try TestFault.reach(.validation, step: step)
        // A run that ends with its directory does so at once, as if it was asked to stop.
        let lock = setup.configuration.checkpoint.onFailure == .stop ? setup.keeper?.lock : nil
        let sums = try setup.state.withAverages {
            try evaluator.evaluate(
                setup.order.phasesInTurn(before: step).map { setup.phases[$0].objective },
                unless: { StopSignal.isRequested || lock?.isLost ?? false }, onGrain: { Activity.finishPiece() })
        }
        Activity.enter(.afterValidation, step: step)
        return sums
    }

    /// What the sums of the phases that train at this time come to.
    private func values(of sums: [MetricSums], step: Int) -> [MetricValue] {
        zip(setup.order.phasesInTurn(before: step), sums).flatMap { phase, sums in
            sums.values(of: setup.phases[phase].objective.metrics)
        }.filter(\.isCounted)
    }

    /// The tables of the phases that train at this time.
    private func confusions(of sums: [MetricSums], step: Int) -> [ConfusionMatrix] {
        zip(setup.order.phasesInTurn(before: step), sums).flatMap { phase, sums in
            setup.phases[phase].objective.confusions.map { $0.matrix(of: sums) }
        }
    }

    /// Rank 0 shows what has been learned, where an objective has something to see.
    private func picture(_ evaluator: Evaluator, step: Int) throws {
        guard let observer else { return }
        for index in setup.order.phasesInTurn(before: step) {
            let phase = setup.phases[index]
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
    private func requireFinite(_ all: [MetricSums], _ evaluator: Evaluator, step: Int) throws {
        guard let bad = all.firstIndex(where: { !$0.loss.isFinite }), setup.configuration.onNonFinite == .stop else {
            return
        }
        Activity.enter(.validation, step: step)
        try setup.ranks.together {
            let phase = setup.phases[setup.order.phasesInTurn(before: step)[bad]]
            let found = try setup.state.withAverages { try evaluator.findNonFinite(phase.objective, phase.vector) }
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
