import NeuralNetwork

/// Receives a run's records as they arise; only rank 0 has one.
///
/// All calls come from the thread of the training loop. A thrown error (a full disk, for example) ends the run.
package protocol TrainingObserver: AnyObject {
    /// The run is about to take its first step.
    func began(_ run: RunDescription) throws
    /// One more step is done; called after every step, so it must cost next to nothing.
    ///
    /// - Parameters:
    ///   - step: finished steps since the start of the run, of `totalSteps`.
    ///   - epoch: finished epochs.
    ///   - metrics: what the objective measures, of this step's batch.
    ///   - samplesPerSecond: recent speed over all ranks.
    func progress(
        step: Int, of totalSteps: Int, epoch: Double, metrics: [MetricValue], samplesPerSecond: Double)
    /// A logging interval is complete.
    func logged(_ interval: IntervalRecord) throws
    /// A validation pass is complete.
    func validated(_ validation: ValidationRecord) throws
    /// Pictures of what has been learned, after a validation.
    func pictured(_ pictures: PictureRecord) throws
    /// Curves over something else than time, after a validation.
    func figured(_ figure: FigureRecord) throws
    /// The run decided something.
    func decided(_ decision: DecisionRecord) throws
    /// Some steps have been traced.
    func traced(_ trace: TraceRecord) throws
    /// A checkpoint is safely on disk.
    func saved(_ checkpoint: CheckpointRecord) throws
    /// The run directory is a new folder, without what was written so far.
    func runDirectoryIsNew() throws
    /// The run is over.
    func finished(_ final: FinalRecord) throws
}
