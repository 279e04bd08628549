/// How a run ended.
package struct FinalRecord: Equatable, Sendable {
    /// Why the loop ended; raw values are what the report says.
    package enum ExitReason: String, Sendable, CaseIterable {
        case finished = "finished"
        case earlyStop = "stopped early: validation no longer improves"
        case stepLimit = "stopped at the step limit"
        case stopSignal = "stopped by a signal or the time limit; the same command resumes it"
    }

    /// Finished epochs, a fraction when the run stopped within one.
    package var epochs: Double
    package var steps: Int
    /// Validation loss of the final weights, nil when the run never validated.
    package var valLoss: Double?
    package var valAccuracy: Double?
    /// SHA-256 of the final weights (names, shapes, values) in hexadecimal.
    package var digest: String
    /// Wall time of this process's part of the run.
    package var seconds: Double
    package var exitReason: ExitReason

    package init(
        epochs: Double, steps: Int, valLoss: Double? = nil, valAccuracy: Double? = nil, digest: String,
        seconds: Double, exitReason: ExitReason
    ) {
        self.epochs = epochs
        self.steps = steps
        self.valLoss = valLoss
        self.valAccuracy = valAccuracy
        self.digest = digest
        self.seconds = seconds
        self.exitReason = exitReason
    }
}
