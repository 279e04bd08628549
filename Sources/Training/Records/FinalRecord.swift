import NeuralNetwork

/// How a run ended.
package struct FinalRecord: Equatable, Sendable {
    /// Why the loop ended; raw values are what the report says.
    package enum ExitReason: String, Sendable, CaseIterable {
        case finished = "finished"
        case earlyStop = "stopped early: validation no longer improves"
        case metricReached = "stopped: a metric of validation is where it was to come"
        case lossReached = "stopped: the training loss is small enough"
        case stepLimit = "stopped at the step limit"
        case stopSignal = "stopped by a signal or the time limit; the same command resumes it"
    }

    /// A metric with its value, nil when the run never validated.
    package struct Figure: Equatable, Sendable {
        package var description: MetricDescription
        package var value: Double?

        package init(_ description: MetricDescription, _ value: Double?) {
            self.description = description
            self.value = value
        }
    }

    /// Finished epochs, a fraction when the run stopped within one.
    package var epochs: Double
    package var steps: Int
    /// What validation measures, with the values of the final weights.
    package var validation: [Figure]
    /// SHA-256 of the final weights (names, shapes, values) in hexadecimal.
    package var digest: String
    /// Wall time of this process's part of the run.
    package var seconds: Double
    package var exitReason: ExitReason

    package init(
        epochs: Double, steps: Int, validation: [Figure], digest: String, seconds: Double, exitReason: ExitReason
    ) {
        self.epochs = epochs
        self.steps = steps
        self.validation = validation
        self.digest = digest
        self.seconds = seconds
        self.exitReason = exitReason
    }
}
