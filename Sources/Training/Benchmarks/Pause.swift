import Autograd
import NeuralNetwork
import System
import TensorCore

#if canImport(Glibc)
    import Glibc
#endif

/// What takes the place of computation where a machine has too few cores for the hosts that it plays.
package struct Pause: Codable, Equatable, Sendable {
    /// Of a grain, forward and backward.
    package var grainSeconds: Double
    /// Of the whole update.
    package var updateSeconds: Double
    /// When weights are read and gradients final within a grain.
    package var profile: GrainProfile

    package init(grainSeconds: Double, updateSeconds: Double, profile: GrainProfile) {
        self.grainSeconds = grainSeconds
        self.updateSeconds = updateSeconds
        self.profile = profile
    }

    /// The update of a range of gradients.
    func update(_ range: Range<Int>, of count: Int) {
        sleep(until: Clock.seconds + updateSeconds * Double(range.count) / Double(max(count, 1)))
    }
}

/// An objective that sleeps in place of computing: it reads each weight when the real one does, and reports its
/// gradient as final when the real one's is. The gradients' memory stays as it is.
struct PausedObjective: WrappingObjective {
    let base: any Objective
    private let pause: Pause
    private let stages: [(parameter: Parameter, times: GrainProfile.Stage)]

    init(_ phase: TrainingPhase, _ pause: Pause) {
        base = phase.objective
        self.pause = pause
        let trained = phase.trained
        stages = pause.profile.stages.compactMap { stage in
            trained.order.first { trained.offset(of: $0) == stage.lower }.map { (trained.arena.parameters[$0], stage) }
        }
    }

    func callAsFunction(_ context: GrainContext) -> GrainResult {
        let tape = context.tape
        let forwardSeconds = pause.grainSeconds * pause.profile.forwardShare
        let backwardSeconds = pause.grainSeconds - forwardSeconds
        let clock = PauseClock()
        let scalar = Tensor([1], pool: tape.pool)
        scalar.fill(0)
        var value = tape.constant(scalar)
        for (parameter, times) in stages {
            clock.sleep(until: times.needed * forwardSeconds)
            // Waiting for the weight's sum and updating it take their own time.
            let weight = clock.stopped { tape.parameter(parameter) }
            value = tape.record(value.value, all: [value, weight]) {
                [weight = weight.target, before = value.target] tape, dy in
                clock.beginBackward()
                clock.sleep(until: times.ready * backwardSeconds)
                tape.accumulate(into: weight) { _, _ in }
                tape.accumulate(dy, into: before)
            }
        }
        clock.sleep(until: forwardSeconds)
        return GrainResult(
            loss: value, weight: Double(context.count), sums: Array(repeating: 0, count: base.sumCount))
    }
}

/// The time of a grain that sleeps: a sleep that lasted too long shortens the next.
private final class PauseClock {
    private var start = Clock.seconds
    private var isBackward = false

    func beginBackward() {
        if !isBackward { start = Clock.seconds }
        isBackward = true
    }

    /// Returns when so many seconds of the pass have gone by.
    func sleep(until seconds: Double) { Training.sleep(until: start + seconds) }

    /// What `body` takes does not count.
    func stopped<Result>(_ body: () -> Result) -> Result {
        let before = Clock.seconds
        defer { start += Clock.seconds - before }
        return body()
    }
}

private func sleep(until time: Double) {
    while true {
        let left = time - Clock.seconds
        if left <= 0 { return }
        var interval = timespec(tv_sec: Int(left), tv_nsec: Int((left - left.rounded(.down)) * 1e9))
        nanosleep(&interval, nil)
    }
}
