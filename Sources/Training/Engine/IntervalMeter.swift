import NeuralNetwork
import Synchronization
import System

/// Adds up what happened between two lines of the log, and where the time went.
///
/// `@unchecked Sendable`: the loop's thread owns all but the time that data took, which is atomic.
package final class IntervalMeter: @unchecked Sendable {
    /// Of each phase.
    private let objectives: [any Objective]
    private let workers: Int
    private let now: @Sendable () -> Double
    private var sums: [MetricSums]
    private var start: Double
    private var compute = 0.0
    private var wait = 0.0
    private var reduce = 0.0
    private var save = 0.0
    private var lastStep: Double
    package private(set) var recentSamplesPerSecond = 0.0
    /// Nanoseconds that workers waited for batches, all together.
    private let dataNanoseconds = Atomic(0)

    /// - Parameters:
    ///   - objectives: of each phase.
    ///   - workers: threads that compute grains and may wait for data at the same time.
    ///   - now: a clock that never goes back, in seconds.
    package init(
        _ objectives: [any Objective], workers: Int,
        now: @escaping @Sendable () -> Double = { Clock.seconds }
    ) {
        self.objectives = objectives
        self.workers = workers
        self.now = now
        sums = objectives.map(\.zeroSums)
        start = now()
        lastStep = start
    }

    /// The first step begins.
    package func begin() {
        start = now()
        lastStep = start
    }

    /// A worker waited this long for a batch.
    package func waitedForData(seconds: Double) { dataNanoseconds.add(Int(seconds * 1e9), ordering: .relaxed) }

    /// A step has been computed, reduced and applied.
    ///
    /// - Parameters:
    ///   - waitSeconds: of the loop's thread, for other workers and ranks.
    ///   - reduceSeconds: of the loop's thread, adding and exchanging.
    package func updated(_ step: MetricSums, phase: Int = 0, waitSeconds: Double, reduceSeconds: Double) {
        sums[phase] += step
        wait += waitSeconds
        reduce += reduceSeconds
        let now = now()
        compute += max(now - lastStep - reduceSeconds - waitSeconds, 0)
        let speed = step.samples / max(now - lastStep, 1e-9)
        recentSamplesPerSecond = recentSamplesPerSecond == 0 ? speed : 0.95 * recentSamplesPerSecond + 0.05 * speed
        lastStep = now
    }

    /// The loop waited this long, in the middle of a step, for a checkpoint to be on disk.
    package func waitedForSave(seconds: Double) {
        save += seconds
        lastStep += seconds
    }

    /// The loop took a snapshot between two steps.
    package func saved(seconds: Double) {
        save += seconds
        lastStep = now()
    }

    /// The loop did something else between two steps, which counts as none of the shares.
    package func resumed() { lastStep = now() }

    /// The record of the interval that ends now; the next one begins.
    package func interval(step: Int, epoch: Double, samples: Int, learningRate: Double) -> IntervalRecord {
        let now = now()
        let seconds = max(now - start, 1e-9)
        // The workers wait at the same time, so that their mean is a part of the time in which they compute.
        let data = min(Double(dataNanoseconds.exchange(0, ordering: .relaxed)) / 1e9 / Double(workers), compute)
        let values = zip(objectives, sums).filter { $1.samples > 0 }.flatMap { $1.values(of: $0.metrics) }.filter(
            \.isCounted)
        let record = IntervalRecord(
            step: step, epoch: epoch, samples: samples, learningRate: learningRate, metrics: values,
            samplesPerSecond: sums.reduce(0) { $0 + $1.samples } / seconds,
            shares: TimeShares(
                compute: (compute - data) / seconds, wait: wait / seconds, reduce: reduce / seconds,
                data: data / seconds, save: save / seconds))
        sums = objectives.map(\.zeroSums)
        (compute, wait, reduce, save) = (0, 0, 0, 0)
        start = now
        return record
    }
}
