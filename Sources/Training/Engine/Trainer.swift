import DataPipeline
import JobHealth
import NeuralNetwork
import System

/// Trains a model: the loop, from the first step to the final weights.
///
/// Every rank runs the same loop on the same numbers; rank 0 also decides, writes and reports.
package final class Trainer {
    private let setup: RunSetup
    private let observer: (any TrainingObserver)?
    private let meter: IntervalMeter
    /// Rank 0's, where the job has one.
    private let timeLimit: TimeLimit?
    private let descent: GradientDescent
    private let validator: Validator
    private let saver: RunSaver
    private let damage: DamageReport
    /// Nil where no step is traced.
    private let tracer: Tracer?

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
        let startSeconds = Clock.seconds
        let setup = try RunSetup(configuration, options, ranks)
        let observer = setup.keeper.map { WatchedObserver(makeObserver(configuration.resolvedYAML()), $0.lock) }
        meter = IntervalMeter(setup.phases.map(\.objective), workers: setup.replica.pool.count)
        descent = GradientDescent(setup, meter, observer)
        timeLimit = try options.endSeconds.flatMap {
            ranks.rank == 0
                ? try TimeLimit(
                    endSeconds: $0, checkpointBytes: setup.state.byteCount, request: StopSignal.requestForTimeLimit)
                : nil
        }
        saver = RunSaver(setup, descent, meter, observer, timeLimit, startSeconds: startSeconds)
        validator = try Validator(setup, descent, saver, meter, observer)
        let baselines = try validator.baselines()
        damage = DamageReport(setup, observer)
        tracer = options.trace.map { [descent] in Tracer($0, setup, descent, observer) }
        self.setup = setup
        self.observer = observer
        try ranks.together {
            try observer?.began(setup.description(threads: setup.replica.pool.count, baselines: baselines))
            for decision in setup.decisions { try observer?.decided(decision) }
        }
        try damage.tell(step: setup.firstStep)
    }

    /// Runs until the end of the configuration or a stop signal.
    package func run() throws -> Outcome {
        let batches = try batches()
        defer {
            batches.stop()
            timeLimit?.stop()
        }
        let control = setup.control
        var step = setup.firstStep
        var validation = Validation.none
        meter.begin()
        if setup.validationIsPending {
            validation = try validator.validate(step: step, rate: control.learningRates.rate(at: max(step - 1, 0)))
            if validation.isInterrupted { return try stop(step: step, validation) }
            try saver.save(step: step, force: true)
        }
        while step < setup.totalSteps, !control.isOver {
            try tracer?.willTrain(step: step + 1, loaders: batches.threadCount)
            let start = Clock.seconds
            let rate = control.learningRates.rate(at: step)
            // A batch, forward and backward; its gradients are summed over the ranks.
            let sums = try descent.gradients(of: batches, step: step, wantsSave: saver.isTimeDue)
            try saver.waitForOverdueCheckpoint(step: step + 1)
            try Timeline.span(.update) { try descent.update(sums, step: step, rate: rate) }
            step += 1
            try descent.checkReplicas(step: step)
            try endIfReached(sums, step: step)
            try report(sums, step: step, rate: rate)
            saver.stepTook(seconds: Clock.seconds - start)

            // Every so often a validation, which decides the learning rate of the steps that follow.
            validation = try validator.validateIfDue(step: step, rate: rate, isStopping: sums.stopRequests > 0)
            if step % setup.plan.stepsPerEpoch == 0 { try damage.tell(step: step) }
            let isStopping = sums.stopRequests > 0 || validation.isInterrupted
            try saver.save(step: step, force: isStopping || sums.saveRequests > 0, validation)
            if isStopping { return try stop(step: step, validation) }
            try tracer?.hasTrained(step: step)
        }
        return try finish(step: step, validation)
    }

    /// The batches of all steps of the run, filled ahead of the workers.
    private func batches() throws -> BatchLoader {
        let source = try setup.data.joined(with: setup.phaseData).trainingSource(
            plan: setup.plan, fields: setup.phases.flatMap(\.objective.fields),
            augment: setup.configuration.data.augment, key: setup.key)
        let size = setup.configuration.data.loader.size(
            workers: setup.replica.pool.count, grainsAtOnce: setup.replica.grainsAtOnce,
            cores: Placement.defaultThreads(ranksOnHost: setup.ranks.hostSize), isSlow: source.dataset.source.isSlow)
        return try BatchLoader(
            source, grains: setup.grains, steps: setup.firstStep..<max(setup.firstStep, setup.totalSteps),
            depth: size.depth, threads: size.threads)
    }

    /// Ends training where the loss is small enough, and says so.
    private func endIfReached(_ sums: Replica.StepSums, step: Int) throws {
        if let end = setup.control.trained(sums.metrics, step: step, stepsPerEpoch: setup.plan.stepsPerEpoch) {
            try observer?.decided(end)
        }
    }

    /// Tells of a finished step, and of the interval that it completes.
    private func report(_ sums: Replica.StepSums, step: Int, rate: Double) throws {
        guard let observer else { return }
        let epoch = Double(step) / Double(setup.plan.stepsPerEpoch)
        observer.progress(
            step: step, of: setup.totalSteps, epoch: epoch,
            metrics: sums.metrics.values(of: setup.phase(ofStep: step - 1).objective.metrics).filter(\.isCounted),
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

    private func stop(step: Int, _ validation: Validation) throws -> Outcome {
        try tracer?.runEnds(step: step)
        try damage.tell(step: step)
        try saver.stop(step: step, validation)
        return .stopped
    }

    private func finish(step: Int, _ validation: Validation) throws -> Outcome {
        try saver.save(step: step, force: true)
        let final = try validator.final(validation, step: step)
        if final.isInterrupted { return try stop(step: step, .none) }
        try tracer?.runEnds(step: step)
        try damage.tell(step: step)
        return .finished(digest: try saver.finish(step: step, final))
    }
}
