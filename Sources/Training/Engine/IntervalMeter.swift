import Foundation
import Synchronization
import System

/// Adds up what happened between two lines of the log, and where the time went.
///
/// `@unchecked Sendable`: the loop's thread owns all but the time that data took, which is atomic.
final class IntervalMeter: @unchecked Sendable {
    private var tally = Tally()
    private var start = Clock.seconds
    private var compute = 0.0
    private var wait = 0.0
    private var reduce = 0.0
    private var save = 0.0
    private var lastStep = Clock.seconds
    private(set) var recentSamplesPerSecond = 0.0
    /// Nanoseconds that workers waited for batches.
    private let dataNanoseconds = Atomic(0)

    func start(step: Int) {
        start = Clock.seconds
        lastStep = start
    }

    /// A worker waited this long for a batch.
    func waitedForData(seconds: Double) { dataNanoseconds.add(Int(seconds * 1e9), ordering: .relaxed) }

    /// A step has been computed, reduced and applied.
    func updated(_ sums: Replica.StepSums) {
        tally += sums.tally
        wait += sums.waitSeconds
        reduce += sums.reduceSeconds
        let now = Clock.seconds
        compute += now - lastStep - sums.reduceSeconds - sums.waitSeconds
        let speed = sums.tally.samples / max(now - lastStep, 1e-9)
        recentSamplesPerSecond = recentSamplesPerSecond == 0 ? speed : 0.95 * recentSamplesPerSecond + 0.05 * speed
        lastStep = now
    }

    /// The loop waited this long, in the middle of a step, for a checkpoint to be on disk.
    func waitedForSave(seconds: Double) {
        save += seconds
        lastStep += seconds
    }

    func saved(seconds: Double) {
        save += seconds
        lastStep = Clock.seconds
    }

    /// The record of the interval that ends now; the next one begins.
    func interval(step: Int, epoch: Double, samples: Int, learningRate: Double, hasAccuracy: Bool) -> IntervalRecord {
        let now = Clock.seconds
        let seconds = max(now - start, 1e-9)
        let data = Double(dataNanoseconds.exchange(0, ordering: .relaxed)) / 1e9
        let record = IntervalRecord(
            step: step, epoch: epoch, samples: samples, learningRate: learningRate, trainLoss: tally.meanLoss,
            trainAccuracy: hasAccuracy ? tally.accuracy : nil, samplesPerSecond: tally.samples / seconds,
            shares: TimeShares(
                compute: max(compute - data, 0) / seconds, wait: wait / seconds, reduce: reduce / seconds,
                data: data / seconds,
                save: save / seconds))
        tally = Tally()
        (compute, wait, reduce, save) = (0, 0, 0, 0)
        start = now
        return record
    }
}
