import NeuralNetwork

/// Figures of one pass over the validation samples.
package struct ValidationRecord: Equatable, Sendable {
    /// Finished training steps at the time of the pass.
    package var step: Int
    /// Finished epochs at the time of the pass.
    package var epoch: Double
    /// What the objective measures.
    package var metrics: [MetricValue]
    /// The learning rate of the step before the pass.
    package var learningRate: Double
    /// Whether the monitored figure is the best of the run so far.
    package var isBest: Bool
    /// How often samples of each class were taken for each, of every output for classes.
    package var confusions: [ConfusionMatrix]
    /// The samples that each of these outputs was most wrong about; none of an output without mistakes.
    package var mistakes: [MistakeRecord]
    /// The first layer's filters of each model that looks at images, as pictures by the layer's name.
    package var filters: [PictureRecord]

    package init(
        step: Int, epoch: Double, metrics: [MetricValue], learningRate: Double, isBest: Bool,
        confusions: [ConfusionMatrix] = [], mistakes: [MistakeRecord] = [], filters: [PictureRecord] = []
    ) {
        self.step = step
        self.epoch = epoch
        self.metrics = metrics
        self.learningRate = learningRate
        self.isBest = isBest
        self.confusions = confusions
        self.mistakes = mistakes
        self.filters = filters
    }
}
