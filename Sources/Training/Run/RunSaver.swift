import FaultInjection
import JobHealth
import NeuralNetwork
import System

/// What a run leaves on disk: checkpoints when they are due, the best weights, and a last record when it stops or
/// finishes.
///
/// All ranks call it at the same time, because they agree before anything is written that the state is the same
/// everywhere and has no NaN or infinity. Rank 0 alone writes, through its ``CheckpointKeeper``.
final class RunSaver {
    private let setup: RunSetup
    private let descent: GradientDescent
    private let meter: IntervalMeter
    private let observer: (any TrainingObserver)?
    private let directory: RunDirectoryGuard
    /// Rank 0's, where the job has one.
    private let timeLimit: TimeLimit?
    /// When the run began, by `Clock`.
    private let startSeconds: Double
    /// Of the latest step.
    private var stepSeconds = 0.0

    init(
        _ setup: RunSetup, _ descent: GradientDescent, _ meter: IntervalMeter, _ observer: (any TrainingObserver)?,
        _ timeLimit: TimeLimit?, startSeconds: Double
    ) {
        self.setup = setup
        self.descent = descent
        self.meter = meter
        self.observer = observer
        self.timeLimit = timeLimit
        self.startSeconds = startSeconds
        directory = RunDirectoryGuard(setup: setup, descent: descent, observer: observer)
    }

    // MARK: - When

    /// A step took so long, which says how early a checkpoint is due and how late the run must stop.
    func stepTook(seconds: Double) {
        stepSeconds = seconds
        timeLimit?.stepTook(seconds)
    }

    /// Whether a checkpoint becomes due in the next step by this rank's clock.
    ///
    /// Where no rank has the whole state, a lost run directory asks all of them for theirs in this way.
    var isTimeDue: Bool {
        guard let keeper = setup.keeper else { return false }
        return keeper.isTimeDue(stepSeconds: stepSeconds) || setup.state.isShared && keeper.lock.isLost
    }

    /// Waits, before a step counts as finished, until a kill after it costs one interval of checkpoints at most.
    ///
    /// Rank 0 waits; the others do in the next step, because they can't end one without it.
    func waitForOverdueCheckpoint(step: Int) throws {
        guard let keeper = setup.keeper, keeper.mustWait(step: step) else { return }
        Activity.enter(.saving, step: step - 1)
        let start = Clock.seconds
        try Timeline.span(.saving) { try directory.writingWithinStep { try keeper.drain() } }
        meter.waitedForSave(seconds: Clock.seconds - start)
    }

    // MARK: - What

    /// Writes a checkpoint where one is due or `force` says so.
    ///
    /// - Parameter validation: what is known of the present weights; a resumed run makes up for one that was
    ///   interrupted.
    func save(step: Int, force: Bool, _ validation: Validation = .none) throws {
        let isDue = force || setup.configuration.checkpoint.isDue(step: step, stepsPerEpoch: setup.plan.stepsPerEpoch)
        if setup.state.isShared {
            guard isDue else { return }
            try gather(step: step)
        }
        if isDue || setup.configuration.checkpoint.onFailure == .stop {
            try directory.require(step: step, validation)
        }
        try directory.writing(step: step, validation) { try setup.keeper?.check() }
        guard isDue else { return }
        Activity.enter(.saving, step: step)
        try TestFault.reach(.checkpoint, step: step)
        TestFault.poison(setup.state.values.pointer, .checkpoint, step: step)
        try descent.compareReplicas(step: step)
        try descent.settle()
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
        try Timeline.span(.saving) {
            try directory.writing(step: step, validation) {
                try keeper.save(setup.state, setup.progress(step: step, validation))
            }
        }
        for record in try keeper.report(to: observer, step: step) { timeLimit?.saveTook(record.seconds) }
        meter.saved(seconds: Clock.seconds - start)
    }

    /// Gives rank 0 the whole state, and the best one where the run directory must be made again.
    private func gather(step: Int) throws {
        Activity.enter(.saving, step: step)
        try descent.settle()
        let isLost = try setup.ranks.broadcast { setup.keeper?.lock.isLostNow ?? false }
        try setup.state.gather(setup.ranks, withBest: isLost)
    }

    /// Writes the weights of the best validation so far.
    func saveBest(step: Int) throws {
        try Timeline.span(.saving) {
            try directory.writingWithinStep { try setup.keeper?.saveBest(setup.state, step: step) }
        }
    }

    /// Ends the run, collectively, where its state is one that must not be saved: it would be the newest and is of no
    /// use.
    private func requireFinite(step: Int) throws {
        try setup.ranks.together {
            guard setup.ranks.rank == 0, let tensor = setup.state.nonFiniteTensor else { return }
            throw TrainingError.nonFiniteState(step: step, tensor: tensor)
        }
    }

    // MARK: - The end

    /// Ends the run after a stop signal; its state has been saved, and the same command goes on from there.
    func stop(step: Int, _ validation: Validation) throws {
        try descent.settle()
        try requireFinite(step: step)
        Activity.enter(.stopping, step: step)
        try directory.writing(step: step, validation) { try setup.keeper?.drain() }
        try directory.require(step: step, validation, looksNow: true)
        try setup.ranks.together {
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
                    seconds: Clock.seconds - startSeconds, reason: .stopSignal))
        }
    }

    /// Ends the run with its final weights; gives their digest, which only rank 0 knows.
    func finish(step: Int, _ validation: Validation) throws -> String {
        Activity.enter(.finishing, step: step)
        try TestFault.reach(.finish, step: step)
        TestFault.poison(setup.state.values.pointer, .finish, step: step)
        try descent.compareReplicas(step: step)
        try descent.settle()
        try requireFinite(step: step)
        Activity.enter(.finishing, step: step)
        var digest = ""
        try setup.ranks.together {
            guard let keeper = setup.keeper else { return }
            try directory.require(step: step, validation, looksNow: true)
            digest = try directory.writing(step: step, validation) { try keeper.finish(setup.state, step: step) }
            try keeper.report(to: observer, step: step)
            try observer?.finished(
                setup.finalRecord(
                    step: step, validation: validation.values, digest: digest, seconds: Clock.seconds - startSeconds,
                    reason: setup.control.exitReason))
            try directory.require(step: step, validation, looksNow: true)
        }
        return digest
    }
}
