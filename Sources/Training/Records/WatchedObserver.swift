import NeuralNetwork

/// Passes records on to an observer, and forgets what that throws once the run directory is gone.
///
/// The loop deals with a lost run directory between two steps, when the state is whole and can be saved.
final class WatchedObserver: TrainingObserver {
    private let observer: any TrainingObserver
    private let lock: RunDirectoryLock

    init(_ observer: any TrainingObserver, _ lock: RunDirectoryLock) {
        self.observer = observer
        self.lock = lock
    }

    func began(_ run: RunDescription) throws { try passing { try observer.began(run) } }

    func progress(
        step: Int, of totalSteps: Int, epoch: Double, metrics: [MetricValue], samplesPerSecond: Double
    ) {
        observer.progress(
            step: step, of: totalSteps, epoch: epoch, metrics: metrics, samplesPerSecond: samplesPerSecond)
    }

    func logged(_ interval: IntervalRecord) throws { try passing { try observer.logged(interval) } }

    func validated(_ validation: ValidationRecord) throws { try passing { try observer.validated(validation) } }

    func pictured(_ pictures: PictureRecord) throws { try passing { try observer.pictured(pictures) } }

    func figured(_ figure: FigureRecord) throws { try passing { try observer.figured(figure) } }

    func decided(_ decision: DecisionRecord) throws { try passing { try observer.decided(decision) } }

    func traced(_ trace: TraceRecord) throws { try passing { try observer.traced(trace) } }

    func saved(_ checkpoint: CheckpointRecord) throws { try passing { try observer.saved(checkpoint) } }

    func runDirectoryIsNew() throws { try passing { try observer.runDirectoryIsNew() } }

    func finished(_ final: FinalRecord) throws { try passing { try observer.finished(final) } }

    private func passing(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch {
            guard lock.isLostNow else { throw error }
        }
    }
}
