import NeuralNetwork

/// How the wall time of an interval was spent, as fractions of it; what is missing from 1 is everything else.
package struct TimeShares: Equatable, Sendable {
    /// Forward, backward and the update.
    package var compute: Double
    /// Waiting for slower ranks.
    package var wait: Double
    /// Exchanging and summing gradients that backward did not hide.
    package var reduce: Double
    /// Waiting for the next batch, on the average of the workers.
    package var data: Double
    /// Taking snapshots for checkpoints.
    package var save: Double

    package init(compute: Double, wait: Double, reduce: Double, data: Double, save: Double) {
        self.compute = compute
        self.wait = wait
        self.reduce = reduce
        self.data = data
        self.save = save
    }
}

/// Training figures of the steps since the previous interval.
package struct IntervalRecord: Equatable, Sendable {
    /// Finished steps since the start of the run.
    package var step: Int
    /// Finished epochs since the start of the run; 1.5 is the middle of the second.
    package var epoch: Double
    /// Training samples seen since the start of the run.
    package var samples: Int
    package var learningRate: Double
    /// What the objective measures, over the interval.
    package var metrics: [MetricValue]
    package var samplesPerSecond: Double
    package var shares: TimeShares

    package init(
        step: Int, epoch: Double, samples: Int, learningRate: Double, metrics: [MetricValue],
        samplesPerSecond: Double, shares: TimeShares
    ) {
        self.step = step
        self.epoch = epoch
        self.samples = samples
        self.learningRate = learningRate
        self.metrics = metrics
        self.samplesPerSecond = samplesPerSecond
        self.shares = shares
    }
}
