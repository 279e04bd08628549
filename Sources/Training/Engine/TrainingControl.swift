import Checkpointing
import NeuralNetwork
import Optimization

/// What validations change in the course of a run: the learning rates, the best result, and when training ends.
///
/// All parts of the loop share one. Rank 0 decides, and every rank has the same after each validation.
final class TrainingControl {
    private(set) var learningRates: LearningRates
    /// When the run ends before its last step; nil where it does not.
    private(set) var endRule: EndRule?
    /// The best validation so far.
    var best: Checkpoint.BestMetric?

    init(_ learningRates: LearningRates, _ endRule: EndRule?, best: Checkpoint.BestMetric?) {
        self.learningRates = learningRates
        self.endRule = endRule
        self.best = best
    }

    /// Whether a rule has ended training.
    var isOver: Bool { endRule?.isOver ?? false }

    /// Why a run that is not stopped from outside ends.
    var exitReason: FinalRecord.ExitReason {
        guard let endRule, endRule.isOver else { return .finished }
        if endRule.hasReachedTarget { return .lossReached }
        return endRule.hasComeNear ? .metricReached : .earlyStop
    }

    /// Takes in a step of training; every rank has the same sums.
    ///
    /// - Returns: why training ends with it, where it does.
    func trained(_ sums: MetricSums, step: Int, stepsPerEpoch: Int) -> DecisionRecord? {
        endRule?.trained(sums, endsEpoch: step % stepsPerEpoch == 0)
        guard let endRule, endRule.hasReachedTarget else { return nil }
        return DecisionRecord(step: step, kind: .lossReached, reason: endRule.reason, numbers: endRule.numbers)
    }

    /// Takes in a validation after `step` finished steps; collective.
    ///
    /// - Parameters:
    ///   - metric: what the plateau rule goes by.
    ///   - sums: what the rule that ends the run goes by, of each phase that was measured.
    /// - Returns: what the plateau rule decides about the learning rate, as far as the loop acts on it.
    func observe(_ metric: Double, _ sums: [Int: MetricSums], step: Int, _ ranks: Ranks) throws -> PlateauRule.Decision?
    {
        guard learningRates.phases.contains(where: { $0.plateau != nil }) || endRule != nil else { return nil }
        var decision: PlateauRule.Decision?
        if ranks.rank == 0 {
            decision = learningRates.observe(metric, step: step)
            endRule?.observe(sums, step: step)
        }
        if ranks.worldSize == 1 { return decision }
        let message = try ranks.broadcast {
            PlateauMessage(decision, state: learningRates.state, endState: endRule?.state ?? [:])
        }
        try learningRates.restore(message.state)
        try endRule?.restore(message.endState)
        return message.decision
    }
}
