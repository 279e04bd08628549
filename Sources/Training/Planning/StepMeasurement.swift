import Autograd
import Collectives
import Foundation
import JobHealth
import Kernels
import System

/// Measures what a training step costs on this machine, without a network.
///
/// Steps of one rank with one and with several grains a worker tell what a grain and what the rest costs, with one
/// worker and with one on every core, because cores share caches and memory.
package struct StepMeasurement {
    private let training: MeasuredTraining
    private let cores: Int

    /// - Parameter cores: that may be busy at once.
    package init(_ training: MeasuredTraining, cores: Int = Placement.usableCores) {
        self.training = training
        self.cores = cores
    }

    /// Steps for about this long are measured for each figure.
    private static let seconds = 0.7

    /// With times that are known of other machines; what ranks add and when weights are used is measured.
    package func costs(times: (grain: Double, update: Double)) throws -> StepCosts {
        Activity.enter(.benchmark)
        let alone = try Ranks { SingleProcessCommunicator() }
        defer { try? alone.finalize() }
        let steps = try MeasuredSteps(training, ranks: alone, threads: 1, grainCount: 1)
        _ = try steps.seconds(steps: 1, warmup: 1)
        return costs(
            [StepCosts.GrainTime(busyWorkers: 1, seconds: times.grain)], update: times.update, constant: 0,
            memory: memory(steps), addition: additionSeconds(floats: training.phase.vector.count))
    }

    /// Takes some seconds, and minutes for models whose grain takes seconds.
    package func costs() throws -> StepCosts {
        Activity.enter(.benchmark)
        let alone = try Ranks { SingleProcessCommunicator() }
        defer { try? alone.finalize() }
        let addition = additionSeconds(floats: training.phase.vector.count)
        var grains: [StepCosts.GrainTime] = []
        var (constant, update) = (0.0, 0.0)
        var memory = (rank: 0, worker: 0)
        for workers in Set([1, cores]).sorted() {
            let one = try MeasuredSteps(training, ranks: alone, threads: workers, grainCount: workers)
            let few = try median(one, alone)
            // More grains a worker where that does not take for ever.
            let rounds = few < 0.3 ? 4 : 2
            if workers == 1 {
                update = try updateSeconds(one)
                memory = self.memory(one)
            }
            let several = try MeasuredSteps(training, ranks: alone, threads: workers, grainCount: rounds * workers)
            let round = max(0, try median(several, alone) - few) / Double(rounds - 1)
            let seconds = max(round - addition * Double(addedFloats), 0.1 * few)
            grains.append(StepCosts.GrainTime(busyWorkers: workers, seconds: seconds))
            if workers == 1 { constant = max(0, few - seconds - update) }
        }
        return costs(grains, update: update, constant: constant, memory: memory, addition: addition)
    }

    private var addedFloats: Int {
        let vector = training.phase.vector
        return vector.count - vector.factored.weights.reduce(0) { $0 + $1.range.count }
    }

    private func costs(
        _ grains: [StepCosts.GrainTime], update: Double, constant: Double, memory: (rank: Int, worker: Int),
        addition: Double
    ) -> StepCosts {
        let vector = training.phase.vector
        return StepCosts(
            batch: training.sampleCount(ranks: 1), grain: training.grain, grains: grains,
            profile: GrainClock(training).profile(), constantSeconds: constant, updateSeconds: update,
            additionSecondsPerFloat: addition, vectorFloats: vector.count,
            gradientFloats: vector.gradients.count, addedFloats: addedFloats,
            bytesPerGradient: training.wire == .bfloat16 ? 2 : 4, defersUpdates: training.defersUpdates,
            rankBytes: memory.rank, workerBytes: memory.worker)
    }

    private func median(_ steps: MeasuredSteps, _ ranks: Ranks) throws -> Double {
        let first = try steps.seconds(steps: 1, warmup: 1)[0]
        let count = min(200, max(3, Int(StepMeasurement.seconds / max(first, 1e-6))))
        return try steps.seconds(steps: count, warmup: min(3, count / 3)).sorted()[count / 2]
    }

    private func updateSeconds(_ steps: MeasuredSteps) throws -> Double {
        var seconds: [Double] = []
        for step in 0..<7 {
            let sums = try steps.gradients(step)
            let start = Clock.seconds
            try steps.update(sums, step: step)
            seconds.append(Clock.seconds - start)
        }
        return seconds.sorted()[3]
    }

    /// Of adding vectors as long as the training's.
    private func additionSeconds(floats: Int) -> Double {
        let (a, b) = (FlatBuffer(count: floats), FlatBuffer(count: floats))
        for index in 0..<floats { a.pointer[index] = 1 }
        let rounds = max(3, min(1000, 20_000_000 / floats))
        var seconds: [Double] = []
        for _ in 0..<rounds {
            let start = Clock.seconds
            accumulate(a.pointer, into: b.pointer, count: floats)
            seconds.append((Clock.seconds - start) / Double(floats))
        }
        return seconds.sorted()[rounds / 2]
    }

    /// Of a process that has taken steps of one grain on one worker: what a worker needs, and what is left without its
    /// vector, with the best state beside the present one where that is kept.
    private func memory(_ steps: MeasuredSteps) -> (rank: Int, worker: Int) {
        let sample = training.fields.reduce(0) { $0 + 4 * $1.shape.count }
        let worker = steps.replica.tapes.reduce(0) { $0 + $1.pool.statistics.systemBytes } + training.grain * sample
        let best = training.keepsBest ? steps.state.byteCount : 0
        return (max(0, residentBytes() - worker - 4 * training.phase.vector.count) + best, worker)
    }

    private func residentBytes() -> Int {
        let pages = FileManager.default.contents(atPath: "/proc/self/statm")
            .flatMap { String(decoding: $0, as: UTF8.self).split(separator: " ").dropFirst().first.flatMap { Int($0) } }
        return (pages ?? 0) * sysconf(Int32(_SC_PAGESIZE))
    }
}
