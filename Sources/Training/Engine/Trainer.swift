import Checkpointing
import DataPipeline
import FaultInjection
import Foundation
import JobHealth
import Kernels
import NeuralNetwork
import Optimization
import System

/// Trains a model: the loop, from the first step to the final weights.
///
/// Every rank runs the same loop on the same numbers; rank 0 also decides, writes and reports.
package final class Trainer {
    let setup: RunSetup
    let observer: (any TrainingObserver)?
    let evaluator: Evaluator?
    private let replicaCheck: ReplicaCheck?
    private var meter: IntervalMeter
    /// Rank 0's, where the job has one.
    private let timeLimit: TimeLimit?
    private let startSeconds = Clock.seconds

    /// How a run ended.
    package enum Outcome: Equatable, Sendable {
        case finished(digest: String)
        /// A signal stopped it; the same command resumes.
        case stopped
    }

    /// Assembles a run. Collective; throws on all ranks when it fails on any.
    ///
    /// - Parameter makeObserver: makes rank 0's observer from the resolved configuration.
    package init(
        _ configuration: RunConfiguration, _ options: RunOptions, _ ranks: Ranks,
        observer makeObserver: (String) -> any TrainingObserver
    ) throws {
        setup = try RunSetup(configuration, options, ranks)
        observer = setup.keeper.map { WatchedObserver(makeObserver(configuration.resolvedYAML()), $0.lock) }
        evaluator = try setup.data.validation.map { [setup] validation in
            try Evaluator(
                ranks: ranks, replica: setup.replica, dataset: validation,
                fields: setup.phases.flatMap(\.objective.fields), preprocessing: setup.data.preprocessing,
                grain: configuration.grain, lanes: configuration.batch, key: setup.key)
        }
        replicaCheck = ReplicaCheck(everySteps: configuration.replicaCheckEverySteps, setup.state, setup.replica, ranks)
        meter = IntervalMeter(setup.phases.map(\.objective), workers: setup.replica.pool.count)
        timeLimit = try options.endSeconds.flatMap { [setup] in
            ranks.rank == 0
                ? try TimeLimit(
                    endSeconds: $0, checkpointBytes: setup.state.byteCount, request: StopSignal.requestForTimeLimit)
                : nil
        }
        let description = setup.description(threads: setup.replica.pool.count)
        let decisions = setup.decisions
        try ranks.together { [observer] in
            try observer?.began(description)
            for decision in decisions { try observer?.decided(decision) }
        }
    }

    /// Runs until the end of the configuration or a stop signal.
    package func run() throws -> Outcome {
        let configuration = setup.configuration
        let loader = try BatchLoader(
            try setup.data.trainingSource(
                plan: setup.plan, fields: setup.phases.flatMap(\.objective.fields),
                augment: configuration.data.augment, key: setup.key),
            grains: setup.grains,
            steps: setup.firstStep..<max(setup.firstStep, setup.totalSteps), depth: 2 * setup.replica.pool.count + 2,
            // A thread without a core of its own would cost the workers more than filling their grains themselves.
            threads: Placement.defaultThreads(ranksOnHost: setup.ranks.hostSize) > setup.replica.pool.count ? 1 : 0)
        defer {
            loader.stop()
            timeLimit?.stop()
        }
        var step = setup.firstStep
        var validation = Validation.none
        var stepSeconds = 0.0
        meter.begin()
        if setup.validationIsPending {
            validation = try validate(step: step, rate: setup.control.learningRates.rate(at: max(step - 1, 0)))
            if case .interrupted = validation { return try stop(step: step, validation) }
            try save(step: step, force: true)
        }
        while step < setup.totalSteps, !setup.control.isOver {
            Activity.enter(.training, step: step, pieces: setup.replica.grains.count)
            let began = Clock.seconds
            let rate = setup.control.learningRates.rate(at: step)
            let sums = try namingNonFinite { try compute(step, loader, stepSeconds) }
            try keepWithinInterval(step: step + 1)
            Activity.enter(.update, step: step)
            try update(sums, step: step, rate: rate)
            step += 1
            try replicaCheck?.updated(step: step)
            if replicaCheck?.isDue(step: step) ?? false { try compareReplicas(step: step) }
            validation = .none
            try report(sums, step: step, rate: rate)
            stepSeconds = Clock.seconds - began
            timeLimit?.stepTook(stepSeconds)
            var isStopping = sums.stopRequests > 0
            if isValidationDue(step) {
                validation = isStopping ? .interrupted : try validate(step: step, rate: rate)
                if case .interrupted = validation { isStopping = true }
                meter.resumed()
            }
            try save(step: step, force: isStopping || sums.saveRequests > 0, validation)
            if isStopping { return try stop(step: step, validation) }
        }
        return try finish(step: step, validation)
    }

    // MARK: - One step

    /// This rank's grains, and the sums over all.
    private func compute(_ step: Int, _ loader: BatchLoader, _ stepSeconds: Double) throws -> Replica.StepSums {
        let phase = setup.order.phase(ofStep: step)
        return try setup.replica.step(
            phase: phase, setup.phases[phase].objective, key: setup.stepKey(step), wantsStop: StopSignal.isRequested,
            wantsSave: setup.keeper?.isTimeDue(stepSeconds: stepSeconds) ?? false
        ) { [meter] grain, body in
            let asked = Clock.seconds
            try loader.withBatch(step: step, grain: grain) { batch in
                meter.waitedForData(seconds: Clock.seconds - asked)
                try TestFault.reach(.training, step: step)  // inside, so that an error ends the other workers' waiting
                poison(batch.fields, .training)
                try body(batch.fields)
            }
            Activity.finishPiece()
        }
    }

    /// Changes the weights by a step's sums, on all workers; a step that is not finite stops the run or changes
    /// nothing.
    private func update(_ sums: Replica.StepSums, step: Int, rate: Double) throws {
        let state = setup.state
        let phase = setup.order.phase(ofStep: step)
        let optimizer = setup.phases[phase].optimizer
        guard sums.metrics.loss.isFinite else { return try handleNonFinite(sums, step: step) }
        var norm: Double?
        if !setup.replica.defersUpdates {
            let all = try setup.replica.gradientNorm(sums, optimizer)
            guard all.isFinite else { return try handleNonFinite(sums, step: step) }
            if optimizer.clipping != .none { norm = all }
        }
        nonisolated(unsafe) let shared = state
        let weight = sums.metrics.weight
        let ownStep = setup.order.steps(ofPhase: phase, before: step)
        let hasher = replicaCheck?.hasher(forUpdateTo: step + 1)
        try setup.replica.update(phase: phase, sums, number: step, setup.phases[phase].optimizer) {
            [norm] range, gradients in
            let change = {
                shared.update(
                    phase: phase, $0, gradients: gradients, weight: weight, norm: norm, learningRate: rate,
                    ownStep: ownStep)
            }
            if let hasher { hasher.changing(range, change) } else { change(range) }
        }
        meter.updated(
            sums.metrics, phase: phase, waitSeconds: sums.waitSeconds, reduceSeconds: sums.reduceSeconds)
    }

    /// Ends the update before the weights are read outside of a step.
    func settle() throws {
        try namingNonFinite { try setup.replica.settle() }
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

    private func report(_ sums: Replica.StepSums, step: Int, rate: Double) throws {
        guard let observer else { return }
        let epoch = Double(step) / Double(setup.plan.stepsPerEpoch)
        observer.progress(
            step: step, of: setup.totalSteps, epoch: epoch,
            metrics: sums.metrics.values(of: setup.phase(ofStep: step - 1).objective.metrics),
            samplesPerSecond: meter.recentSamplesPerSecond)
        if step % setup.configuration.logEverySteps == 0 || step == setup.totalSteps {
            let epochs = step / setup.plan.stepsPerEpoch
            let inEpoch = min(step % setup.plan.stepsPerEpoch * setup.configuration.batch, setup.data.training.count)
            try observer.logged(
                meter.interval(
                    step: step, epoch: epoch, samples: epochs * setup.data.training.count + inEpoch, learningRate: rate)
            )
        }
    }

    // MARK: - Saving and ending

    /// Makes sure, before a step counts as finished, that a kill after it costs one interval of checkpoints at most.
    ///
    /// Rank 0 waits; the others do in the next step, because they can't end one without it.
    private func keepWithinInterval(step: Int) throws {
        guard let keeper = setup.keeper, keeper.mustWait(step: step) else { return }
        Activity.enter(.saving, step: step - 1)
        let start = Clock.seconds
        try writingWithinStep { try keeper.drain() }
        meter.waitedForSave(seconds: Clock.seconds - start)
    }

    func save(step: Int, force: Bool, _ validation: Validation = .none) throws {
        let isDue = force || setup.configuration.checkpoint.isDue(step: step, stepsPerEpoch: setup.plan.stepsPerEpoch)
        if isDue || setup.configuration.checkpoint.onFailure == .stop {
            try requireRunDirectory(step: step, validation)
        }
        try writing(step: step, validation) { try setup.keeper?.check() }
        guard isDue else { return }
        Activity.enter(.saving, step: step)
        try TestFault.reach(.checkpoint, step: step)
        TestFault.poison(setup.state.values.pointer, .checkpoint, step: step)
        try compareReplicas(step: step)
        try settle()
        // Skipped steps change nothing, but a rollback may still bring sound weights back.
        let mustBeFinite = setup.configuration.onNonFinite == .stop || !setup.state.keepsBest
        if mustBeFinite { try requireFinite(step: step) }
        guard let keeper = setup.keeper else { return }
        if !mustBeFinite, let tensor = setup.state.nonFiniteTensor {
            let reason =
                "the state after step \(step) was not saved, training goes on: \(tensor) "
                + "\(TrainingError.nonFinitePhrase)"
            try observer?.decided(DecisionRecord(step: step, kind: .saveFailed, reason: reason))
            return
        }
        Activity.enter(.saving, step: step)
        let start = Clock.seconds
        try writing(step: step, validation) { try keeper.save(setup.state, progress(step: step, validation)) }
        for record in try keeper.report(to: observer, step: step) { timeLimit?.saveTook(record.seconds) }
        meter.saved(seconds: Clock.seconds - start)
    }

    private func stop(step: Int, _ validation: Validation) throws -> Outcome {
        try settle()
        try requireFinite(step: step)
        Activity.enter(.stopping, step: step)
        try writing(step: step, validation) { try setup.keeper?.drain() }
        try requireRunDirectory(step: step, validation, looksNow: true)
        try setup.ranks.together { [setup, observer] in
            // A run that ends here goes on from what is on disk: this state must be.
            try setup.keeper?.report(to: observer, step: step)
            try setup.keeper?.requireNewest()
            let name = StopSignal.isRequested ? StopSignal.name : "a signal on another rank"
            try observer?.decided(
                DecisionRecord(
                    step: step, kind: .stopSignal,
                    reason: "stopped by \(name) after step \(step); the same command resumes"))
            try observer?.finished(
                setup.finalRecord(
                    step: step, validation: nil, digest: CheckpointKeeper.digest(setup.state),
                    seconds: Clock.seconds - startSeconds,
                    reason: .stopSignal))
        }
        return .stopped
    }

    private func finish(step: Int, _ validation: Validation) throws -> Outcome {
        var last: [MetricValue]?
        if case .done(let values) = validation { last = values }
        try save(step: step, force: true)
        if last == nil, let evaluator {
            guard let sums = try evaluate(evaluator, step: step) else { return try stop(step: step, .none) }
            last = values(of: sums, step: step)
        }
        Activity.enter(.finishing, step: step)
        try TestFault.reach(.finish, step: step)
        TestFault.poison(setup.state.values.pointer, .finish, step: step)
        try compareReplicas(step: step)
        try settle()
        try requireFinite(step: step)
        Activity.enter(.finishing, step: step)
        var digest = ""
        try setup.ranks.together { [setup, observer] in
            guard let keeper = setup.keeper else { return }
            try requireRunDirectory(step: step, validation, looksNow: true)
            digest = try writing(step: step, validation) { try keeper.finish(setup.state) }
            try keeper.report(to: observer, step: step)
            try observer?.finished(
                setup.finalRecord(
                    step: step, validation: last, digest: digest, seconds: Clock.seconds - startSeconds,
                    reason: setup.control.isOver ? .earlyStop : .finished))
            try requireRunDirectory(step: step, validation, looksNow: true)
        }
        return .finished(digest: digest)
    }
}
