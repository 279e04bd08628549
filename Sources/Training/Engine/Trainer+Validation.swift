import FaultInjection
import Foundation
import NeuralNetwork
import JobHealth
import Optimization

/// Validation, and what it means for the learning rate, the best weights and the state that a decay goes back to.
extension Trainer {
    func isValidationDue(_ step: Int) -> Bool {
        if step == setup.totalSteps { return true }
        switch setup.configuration.validation {
        case .epochs(let epochs): return step % (epochs * setup.plan.stepsPerEpoch) == 0
        case .steps(let steps): return step % steps == 0
        }
    }

    /// What is known of the present weights.
    enum Validation {
        /// They have not been validated.
        case none
        case done([MetricValue])
        /// A stop signal came first; the resumed run validates.
        case interrupted
    }

    /// Evaluates on the validation samples unless a stop signal comes; collective.
    ///
    /// - Returns: the sums of each phase that trains at this time; nil after a stop signal.
    func evaluate(_ evaluator: Evaluator, step: Int) throws -> [MetricSums]? {
        try settle()
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

    /// Validates; rank 0 decides what it means for the learning rate, and every rank follows.
    func validate(step: Int, rate: Double) throws -> Validation {
        guard let evaluator else { return .none }
        guard let all = try evaluate(evaluator, step: step) else { return .interrupted }
        try compareReplicas(step: step)  // what is remembered or written as the best is sound
        let values = values(of: all, step: step)
        let deciding = setup.control.learningRates.deciding(before: step)
        let monitor = setup.control.learningRates.phases[deciding].monitor
        let sums = all[setup.order.phasesInTurn(before: step).firstIndex(of: deciding) ?? 0]
        let metric = monitor.value(of: sums)
        // The best of an earlier phase is of another kind.
        let isBest = monitor.isBetter(
            metric, than: setup.control.best?.name == monitor.name ? setup.control.best?.value : nil)
        let decision = try setup.control.observe(metric, sums, step: step, setup.ranks)
        try observer?.validated(
            ValidationRecord(
                step: step, epoch: Double(step) / Double(setup.plan.stepsPerEpoch),
                metrics: values, learningRate: rate, isBest: isBest))
        try picture(evaluator, step: step)
        if isBest {
            setup.control.best = .init(name: monitor.name, value: metric, step: step)
            try writingWithinStep { try setup.keeper?.saveBest(setup.state, step: step) }
        }
        if let end = setup.control.endRule, end.isOver {
            try observer?.decided(
                DecisionRecord(step: step, kind: .earlyStop, reason: end.reason, numbers: end.numbers))
        }
        switch decision {
        case .improved:
            setup.state.rememberBest()
            // The state that a decay goes back to must outlive this process.
            if setup.state.keepsBest { try save(step: step, force: true) }
        case .decayed(let from, let to, let bestStep):
            try follow(decay: from, to, bestStep: bestStep, metric: metric, step: step)
            if bestStep != nil { return .none }  // the sums are no longer those of the weights
        default: break
        }
        // Where nothing goes back to sound weights, training on would be in vain.
        if let bad = all.firstIndex(where: { !$0.loss.isFinite }), setup.configuration.onNonFinite == .stop {
            Activity.enter(.validation, step: step)
            try setup.ranks.together { [setup] in
                let phase = setup.phases[setup.order.phasesInTurn(before: step)[bad]]
                let found = try setup.state.withAverages {
                    try evaluator.findNonFinite(phase.objective, phase.vector)
                }
                if let found {
                    throw TrainingError.nonFiniteValidation(
                        step: step, what: found.what, rank: setup.ranks.rank, samples: found.samples)
                }
            }
            try setup.ranks.together { [setup] in
                if setup.ranks.rank == 0 { throw TrainingError.nonFiniteSum(step: step, what: "the validation loss") }
            }
        }
        return .done(values)
    }

    /// What the sums of the phases that train at this time come to.
    func values(of sums: [MetricSums], step: Int) -> [MetricValue] {
        zip(setup.order.phasesInTurn(before: step), sums).flatMap { phase, sums in
            sums.values(of: setup.phases[phase].objective.metrics)
        }.filter(\.isCounted)
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

    private func follow(decay from: Double, _ to: Double, bestStep: Int?, metric: Double, step: Int) throws {
        let name = setup.control.learningRates.phases[setup.control.learningRates.deciding(before: step)].monitor.name
        let best =
            (setup.rollback(step: step) ?? setup.control.best).map {
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
        try save(step: step, force: true)
    }
}

/// A number with six significant digits.
func decimal(_ value: Double) -> String { String(format: "%.6g", value) }
