import DataPipeline
import FaultInjection
import JobHealth
import Kernels
import NeuralNetwork
import Optimization
import System

/// The two halves of a step of training: the gradients of its batch, summed over all ranks, and the update of the
/// weights by them.
///
/// A step that is not finite ends the run or changes nothing, as the configuration says. Where gradients travel in
/// messages, an update ends in the next forward pass; whoever reads the weights before that calls ``settle()``.
final class GradientDescent {
    private let setup: RunSetup
    private let meter: IntervalMeter
    private let observer: (any TrainingObserver)?
    private let replicaCheck: ReplicaCheck?

    init(_ setup: RunSetup, _ meter: IntervalMeter, _ observer: (any TrainingObserver)?) {
        self.setup = setup
        self.meter = meter
        self.observer = observer
        replicaCheck = ReplicaCheck(
            everySteps: setup.configuration.replicaCheckEverySteps, setup.state, setup.replica, setup.ranks)
    }

    /// Computes this rank's grains of a step, forward and backward, and adds all ranks' up; collective.
    ///
    /// - Parameters:
    ///   - step: counted from 0.
    ///   - wantsSave: whether a checkpoint is due by this rank's clock.
    func gradients(of batches: BatchLoader, step: Int, wantsSave: Bool) throws -> Replica.StepSums {
        Activity.enter(.training, step: step, pieces: setup.replica.grains.count)
        let phase = setup.order.phase(ofStep: step)
        // A grain that others expect at a meeting over the whole batch must have a sample that can be read.
        let expecting =
            setup.network.meetsOverBatch(setup.phases[phase].vector)
            ? ExpectedSamples(plan: setup.plan, name: setup.data.training.name) : nil
        return try namingNonFinite {
            try setup.replica.step(
                phase: phase, setup.phases[phase].objective, key: setup.stepKey(step),
                wantsStop: StopSignal.isRequested, wantsSave: wantsSave,
                hasSamples: { setup.plan.samples(step: step, grain: $0).count > 0 }
            ) { [meter, expecting] grain, body in
                let asked = Clock.seconds
                try batches.withBatch(step: step, grain: grain) { batch in
                    meter.waitedForData(seconds: Clock.seconds - asked)
                    // Inside, so that an error ends the other workers' waiting.
                    try TestFault.reach(.training, step: step)
                    if let expecting, batch.count == 0 { try expecting.requireNone(of: batch) }
                    poison(batch.fields, .training)
                    try body(batch.fields)
                }
                Activity.finishPiece()
            }
        }
    }

    /// Changes the weights by a step's sums, on all workers.
    ///
    /// - Parameter step: counted from 0.
    func update(_ sums: Replica.StepSums, step: Int, rate: Double) throws {
        Activity.enter(.update, step: step)
        let phase = setup.order.phase(ofStep: step)
        let optimizer = setup.phases[phase].optimizer
        let ownStep = setup.order.steps(ofPhase: phase, before: step)
        if ownStep == 0, optimizer.remembersWeights {
            try settle()
            setup.state.begin(phase: phase)
        }
        guard sums.metrics.loss.isFinite else { return try handleNonFinite(sums, step: step) }
        var norm: Double?
        if !setup.replica.defersUpdates {
            let all = try setup.replica.gradientNorm(phase: phase, sums, optimizer)
            guard all.isFinite else { return try handleNonFinite(sums, step: step) }
            if optimizer.clipping != .none { norm = all }
        }
        setup.state.forgetOthers()
        let update = setup.state.weightUpdate(
            phase: phase, weight: sums.metrics.weight, norm: norm, learningRate: rate, ownStep: ownStep,
            hasher: replicaCheck?.hasher(forUpdateTo: step + 1))
        try setup.replica.update(phase: phase, sums, number: step, update)
        meter.updated(sums.metrics, phase: phase, waitSeconds: sums.waitSeconds, reduceSeconds: sums.reduceSeconds)
    }

    /// Ends the update before the weights are read outside of a step.
    func settle() throws {
        try namingNonFinite { try setup.replica.settle() }
    }

    // MARK: - The same state on all ranks

    /// Compares the ranks' states after every so many steps; collective.
    ///
    /// - Parameter step: finished steps.
    func checkReplicas(step: Int) throws {
        guard let replicaCheck else { return }
        try replicaCheck.updated(step: step)
        if replicaCheck.isDue(step: step) { try compareReplicas(step: step) }
    }

    /// Makes sure that all ranks have the same state; collective, and before anything is written.
    func compareReplicas(step: Int) throws {
        guard let replicaCheck else { return }
        try settle()
        let phase = Activity.phase
        Activity.enter(.comparison, step: step)
        try replicaCheck.compare(step: step)
        Activity.enter(phase)
    }

    // MARK: - Numbers that are none

    /// Finds out which rank's samples made a gradient that turned out not to be finite while weights were updated.
    private func namingNonFinite<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as DeferredUpdate.NonFiniteGradient {
            throw try setup.nonFiniteCause(
                step: error.step, seen: "the summed gradient of \(error.parameter)", weightsHaveMoved: true)
        }
    }

    private func handleNonFinite(_ sums: Replica.StepSums, step: Int) throws {
        if setup.configuration.onNonFinite == .skip {
            try observer?.decided(
                DecisionRecord(
                    step: step + 1, kind: .skipNonFinite,
                    reason: "step \(step + 1) was skipped: its loss or gradient is not a finite number",
                    numbers: ["loss": sums.metrics.loss]))
            return
        }
        throw try setup.nonFiniteCause(
            step: step, seen: sums.metrics.loss.isFinite ? "the sum of the gradients" : "the sum of the losses")
    }
}

/// Tells a grain that has no samples from one of which none can be read.
private struct ExpectedSamples: Sendable {
    let plan: any GrainPlan
    /// Of the data set.
    let name: String

    func requireNone(of batch: Batch) throws(DataError) {
        let count = plan.samples(step: batch.step, grain: batch.grain).count
        if count > 0 { throw .pictures(path: name, problem: .grainOfDamaged(count: count)) }
    }
}

/// What a sum of gradients is multiplied by to be their mean; 0 where nothing was counted, whose gradients are 0.
func gradientScale(weight: Double) -> Double { weight > 0 ? 1 / weight : 0 }
