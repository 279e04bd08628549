/// Figures of one pass over the validation samples.
public struct ValidationRecord: Equatable, Sendable {
    /// Finished training steps at the time of the pass.
    public var step: Int
    /// Finished epochs at the time of the pass.
    public var epoch: Double
    /// Mean loss a sample.
    public var valLoss: Double
    /// Share of samples classified correctly, nil when the objective has no classes.
    public var valAccuracy: Double?
    /// Further metrics by name, such as `top5Error`.
    public var metrics: [String: Double]
    /// The learning rate of the step before the pass.
    public var learningRate: Double
    /// Whether the monitored figure is the best of the run so far.
    public var isBest: Bool

    public init(
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
