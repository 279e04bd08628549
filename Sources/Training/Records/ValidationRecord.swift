/// Figures of one pass over the validation samples.
package struct ValidationRecord: Equatable, Sendable {
    /// Finished training steps at the time of the pass.
    package var step: Int
    /// Finished epochs at the time of the pass.
    package var epoch: Double
    /// Mean loss a sample.
    package var valLoss: Double
    /// Share of samples classified correctly, nil when the objective has no classes.
    package var valAccuracy: Double?
    /// Further metrics by name, such as `top5Error`.
    package var metrics: [String: Double]
    /// The learning rate of the step before the pass.
    package var learningRate: Double
    /// Whether the monitored figure is the best of the run so far.
    package var isBest: Bool

    package init(
        step: Int, epoch: Double, valLoss: Double, valAccuracy: Double? = nil, metrics: [String: Double] = [:],
        learningRate: Double, isBest: Bool
    ) {
        self.step = step
        self.epoch = epoch
        self.valLoss = valLoss
        self.valAccuracy = valAccuracy
        self.metrics = metrics
        self.learningRate = learningRate
        self.isBest = isBest
    }
}
