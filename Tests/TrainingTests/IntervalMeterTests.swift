import NeuralNetwork
import Synchronization
import TensorCore
import TestSupport
import Testing
import Training

@Suite struct IntervalMeterTests {
    private final class ManualClock: Sendable {
        private let time = Mutex(0.0)
        var seconds: Double { time.withLock { $0 } }
        func advance(_ seconds: Double) { time.withLock { $0 += seconds } }
    }

    private let clock = ManualClock()
    private let objective: any Objective

    init() throws {
        objective = try network([.linear(units: 2)], input: [2]).objective(
            CrossEntropyLoss(), like: FieldBatch([1, 2], [2], .classes([0], of: 2)))
    }

    private func meter(workers: Int, phases: Int = 1) -> IntervalMeter {
        let meter = IntervalMeter(
            Array(repeating: objective, count: phases), workers: workers, now: { [clock] in clock.seconds })
        meter.begin()
        return meter
    }

    private let step = MetricSums(samples: 30, weight: 10, own: [20])

    @Test("eight workers that wait for data half of the time have a share of a half, and all shares make one")
    func shares() {
        let meter = meter(workers: 8)
        for _ in 0..<4 {
            for _ in 0..<8 { meter.waitedForData(seconds: 0.5) }
            clock.advance(1)
            meter.updated(step, waitSeconds: 0.125, reduceSeconds: 0.125)
        }
        let shares = meter.interval(step: 4, epoch: 1, samples: 120, learningRate: 1).shares
        #expect(shares == TimeShares(compute: 0.25, wait: 0.125, reduce: 0.125, data: 0.5, save: 0))
    }

    @Test("waits that overlap other shares are not counted twice")
    func bounded() {
        let meter = meter(workers: 2)
        for _ in 0..<2 { meter.waitedForData(seconds: 1) }
        clock.advance(1)
        meter.updated(step, waitSeconds: 0.75, reduceSeconds: 0)
        let shares = meter.interval(step: 1, epoch: 1, samples: 30, learningRate: 1).shares
        #expect(shares == TimeShares(compute: 0, wait: 0.75, reduce: 0, data: 0.25, save: 0))
    }

    @Test("a validation between steps is in none of the shares")
    func validation() {
        let meter = meter(workers: 1)
        clock.advance(1)
        meter.updated(step, waitSeconds: 0, reduceSeconds: 0)
        clock.advance(2)
        meter.resumed()
        clock.advance(1)
        meter.updated(step, waitSeconds: 0, reduceSeconds: 0)
        let shares = meter.interval(step: 2, epoch: 1, samples: 60, learningRate: 1).shares
        #expect(shares.compute == 0.5)
    }

    @Test("throughput counts samples, the loss is divided by the weight; an interval forgets the one before")
    func figures() {
        let meter = meter(workers: 1)
        for _ in 0..<2 {
            clock.advance(2)
            meter.updated(step, waitSeconds: 0, reduceSeconds: 0)
            let record = meter.interval(step: 1, epoch: 1, samples: 30, learningRate: 1)
            #expect(record.samplesPerSecond == 15 && record.metrics.loss == 2)
        }
    }

    @Test("phases are measured one by one; one without a step in the interval is left out")
    func phases() {
        let meter = meter(workers: 1, phases: 2)
        for phases in [[0, 1], [1]] {
            for phase in phases {
                clock.advance(1)
                meter.updated(step, phase: phase, waitSeconds: 0, reduceSeconds: 0)
            }
            let record = meter.interval(step: 1, epoch: 1, samples: 30, learningRate: 1)
            #expect(record.metrics.map(\.value) == phases.map { _ in 2 } && record.samplesPerSecond == 30)
        }
    }
}
