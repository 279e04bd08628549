import FaultInjection
import Foundation
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
        case done(Tally)
        /// A stop signal came first; the resumed run validates.
        case interrupted
    }

    /// Evaluates on the validation samples unless a stop signal comes; collective.
    func evaluate(_ evaluator: Evaluator, step: Int) throws -> Tally? {
        try settle()
        Activity.enter(.validation, step: step, pieces: evaluator.grains.count)
        try TestFault.reach(.validation, step: step)
        // A run that ends with its directory does so at once, as if it was asked to stop.
        let lock = setup.configuration.checkpoint.onFailure == .stop ? setup.keeper?.lock : nil
        let tally = try evaluator.evaluate(
            unless: { StopSignal.isRequested || lock?.isLost ?? false }, onGrain: { Activity.finishPiece() })
        Activity.enter(.afterValidation, step: step)
        return tally
    }

    /// Validates; rank 0 decides what it means for the learning rate, and every rank follows.
    func validate(step: Int, rate: Double) throws -> Validation {
        guard let evaluator else { return .none }
        guard let tally = try evaluate(evaluator, step: step) else { return .interrupted }
        try compareReplicas(step: step)  // what is remembered or written as the best is sound
        let metric = setup.monitored(tally)
        let isBest = metric.isFinite && metric < setup.best?.value ?? .infinity
        let decision = try decide(metric, step: step)
        try observer?.validated(
            ValidationRecord(
                step: step, epoch: Double(step) / Double(setup.plan.stepsPerEpoch), valLoss: tally.meanLoss,
                valAccuracy: setup.objective.hasAccuracy ? tally.accuracy : nil, learningRate: rate, isBest: isBest))
        if isBest {
            setup.best = .init(name: setup.learningRate.monitor.rawValue, value: metric, step: step)
            try writingWithinStep { try setup.keeper?.saveBest(setup.state, step: step) }
        }
        switch decision {
        case .improved:
            setup.state.rememberBest()
            // The state that a decay goes back to must outlive this process.
            if setup.state.keepsBest { try save(step: step, force: true) }
        case .decayed(let from, let to, let bestStep):
            try follow(decay: from, to, bestStep: bestStep, metric: metric, step: step)
            if bestStep != nil { return .none }  // the tally is no longer that of the weights
        default: break
        }
        // Where nothing goes back to sound weights, training on would be in vain.
        if !tally.meanLoss.isFinite, setup.configuration.onNonFinite == .stop {
            Activity.enter(.validation, step: step)
            try setup.ranks.together { [setup] in
                if let found = try evaluator.findNonFinite() {
                    throw TrainingError.nonFiniteValidation(
                        step: step, what: found.what, rank: setup.ranks.rank, samples: found.samples)
                }
            }
            try setup.ranks.together { [setup] in
                if setup.ranks.rank == 0 { throw TrainingError.nonFiniteSum(step: step, what: "the validation loss") }
            }
        }
        return .done(tally)
    }

    private func decide(_ metric: Double, step: Int) throws -> PlateauRule.Decision? {
        guard setup.learningRate.plateau != nil else { return nil }
        let ranks = setup.ranks
        var decision: PlateauRule.Decision?
        if ranks.rank == 0 { decision = setup.learningRate.observe(metric, step: step) }
        if ranks.worldSize == 1 { return decision }
        let message = try ranks.broadcast { [setup] in PlateauMessage(decision, state: setup.learningRate.state) }
        try setup.learningRate.restore(message.state)
        return message.decision
    }

    private func follow(decay from: Double, _ to: Double, bestStep: Int?, metric: Double, step: Int) throws {
        let name = setup.learningRate.monitor.rawValue
        let best =
            (setup.rollback ?? setup.best).map { "\(name) has not improved on \(decimal($0.value)) of step \($0.step)" }
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
private func decimal(_ value: Double) -> String { String(format: "%.6g", value) }
