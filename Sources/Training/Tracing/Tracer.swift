import Collectives
import DataParallel
import Foundation
import System

/// Traces some steps of a run: all ranks note what their threads do, and rank 0 writes one file of it.
///
/// All ranks call it at the same time. A file that can't be written costs the trace, not the run.
final class Tracer {
    private let range: TraceRange
    private let setup: RunSetup
    private let descent: GradientDescent
    private let observer: (any TrainingObserver)?
    private var firstClock: ClockOffset?
    private var firstStep: Int?
    /// When the present step began.
    private var mark = Timeline.Mark.nothing
    private var isDone = false

    /// Memory for events of a rank, at most.
    private static let mostBytes = 256 << 20
    /// For threads that end and are started anew.
    private static let spareThreads = 8

    init(_ range: TraceRange, _ setup: RunSetup, _ descent: GradientDescent, _ observer: (any TrainingObserver)?) {
        self.range = range
        self.setup = setup
        self.descent = descent
        self.observer = observer
    }

    /// A step, counted from 1, is about to be trained.
    ///
    /// - Parameter loaders: threads that read data.
    func willTrain(step: Int, loaders: Int) throws {
        if firstStep == nil, !isDone, range.steps.contains(step) { try begin(step: step, loaders: loaders) }
        Timeline.enter(step: step)
        mark = Timeline.mark()
    }

    private func begin(step: Int, loaders: Int) throws {
        firstStep = step
        firstClock = try clockOffset()
        let threads = setup.replica.grainsAtOnce + setup.replica.pool.count + loaders + Tracer.spareThreads
        let room = Tracer.mostBytes / threads / MemoryLayout<TimelineEvent>.stride
        Timeline.begin(step: step, threads: threads, eventsPerThread: min(eventsPerThread(from: step), room))
    }

    /// A step has been trained, and what belongs after it is done.
    func hasTrained(step: Int) throws {
        noteStep()
        if step >= range.steps.upperBound { try end(step: step) }
    }

    /// The run ends after `step`, whatever has been traced.
    func runEnds(step: Int) throws {
        try end(step: step)
        if isDone { return }
        isDone = true
        let trained = step > setup.firstStep ? "trained \(words(setup.firstStep + 1...step))" : "trained no step"
        try observer?.decided(
            DecisionRecord(
                step: step, kind: .traceFailed,
                reason: "\(words(range.steps)) \(range.steps.count == 1 ? "was" : "were") not traced: this part of the "
                    + "run \(trained)"))
    }

    private func noteStep() {
        Timeline.note(.step, since: mark)
        mark = .nothing
    }

    private func end(step: Int) throws {
        guard let firstStep, let firstClock, !isDone else { return }
        noteStep()
        isDone = true
        try descent.settle()  // so that the last step's buckets have arrived
        let tracks = Timeline.end()
        let correction = ClockCorrection(firstClock, try clockOffset())
        let own = RankTimeline(
            rank: setup.ranks.rank, host: setup.ranks.hostTable[setup.ranks.rank],
            tracks: tracks.map { $0.at(correction.corrected) }, clockError: correction.error
        ).bytes
        let gathered = try setup.ranks.waiting { try $0.gather(own, root: 0) }
        if setup.ranks.rank == 0 { try write(gathered, steps: firstStep...step) }
    }

    private func write(_ gathered: [[UInt8]], steps: ClosedRange<Int>) throws {
        let ranks = gathered.enumerated().map {
            RankTimeline(rank: $0.offset, host: setup.ranks.hostTable[$0.offset], bytes: $0.element)
        }
        let path = setup.directory.trace(steps)
        do throws(SystemError) {
            try AtomicFile.write(bytes: TraceFile(ranks, steps: steps).bytes, to: path, isDurable: false)
        } catch {
            try observer?.decided(
                DecisionRecord(
                    step: steps.upperBound, kind: .traceFailed,
                    reason: "the trace of \(words(steps)) was not written, training goes on: \(error)"))
            return
        }
        let record = TraceSummary(ranks).record(steps: steps, path: path)
        let lost = ranks.reduce(0) { $0 + $1.lost }
        let gap = lost > 0 ? "; \(lost) events found no room: trace fewer steps" : ""
        try observer?.decided(
            DecisionRecord(
                step: steps.upperBound, kind: .traced,
                reason: "\(words(steps)) traced: \(path), for https://ui.perfetto.dev\(gap); \(record.slowestLine)"))
        try observer?.traced(record)
    }

    private func clockOffset() throws -> ClockOffset {
        try setup.ranks.waiting { try $0.clockOffset { Clock.nanoseconds } }
    }

    /// What a thread may note until the last step, a validation included.
    private func eventsPerThread(from step: Int) -> Int {
        let buckets =
            setup.phases.map { phase in
                BucketPlan(count: phase.vector.count, ranks: setup.ranks.worldSize).ranges.count
            }.max() ?? 1
        let perStep = 64 + setup.grains.count * (8 + 4 * buckets) + 8 * buckets
        return (range.steps.upperBound - step + 1) * perStep + 16384
    }
}
