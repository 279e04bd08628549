import JobHealth

/// What a run does when its directory is removed or moved: it saves the state where that was, and ends or goes on.
///
/// Only rank 0 has a directory, and nothing of this happens on the others.
struct RunDirectoryGuard {
    let setup: RunSetup
    let descent: GradientDescent
    let observer: (any TrainingObserver)?

    /// Ends the run, on rank 0, where its directory is no longer at its path; the state is saved there first, if that
    /// is possible.
    ///
    /// With `onFailure: continue` the run goes on in the new folder, or without one until the next checkpoint is due.
    /// Called between two steps, when the state is whole.
    ///
    /// - Parameter looksNow: whether to look even if that was done within the last second.
    func require(step: Int, _ validation: Validation, looksNow: Bool = false) throws {
        guard let keeper = setup.keeper, looksNow ? keeper.lock.isLostNow : keeper.lock.isLost else { return }
        Activity.enter(.saving, step: step)
        try descent.settle()
        let outcome: String
        do {
            let path = try keeper.moveIn(setup.state, setup.progress(step: step, validation))
            outcome = "it was made again and the state saved as \(path)" + observerMovesIn()
        } catch {
            outcome = "the state could not be saved there (\(error))"
        }
        guard setup.configuration.checkpoint.onFailure == .continue else {
            throw TrainingError.runDirectoryLost(
                path: keeper.directory.path, step: step,
                outcome: outcome + "; give the same command, which resumes from the newest checkpoint there")
        }
        let reason = "the run directory was removed or moved after step \(step); \(outcome), training goes on"
        try observer?.decided(DecisionRecord(step: step, kind: .runDirectoryLost, reason: reason))
    }

    /// Has the logs begun anew; gives what to say where that is not possible, which costs no state.
    private func observerMovesIn() -> String {
        do {
            try observer?.runDirectoryIsNew()
            return ""
        } catch {
            return ", without its logs (\(error))"
        }
    }

    /// Runs `body`, which writes to the run directory; where it fails because that is gone, this is what the run ends
    /// with.
    func writing<Result>(step: Int, _ validation: Validation, _ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch {
            try require(step: step, validation, looksNow: true)
            throw error
        }
    }

    /// Runs `body` in the middle of a step; where it fails because the run directory is gone, the end of the step deals
    /// with that.
    func writingWithinStep(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch {
            guard setup.keeper?.lock.isLostNow ?? false else { throw error }
        }
    }
}
