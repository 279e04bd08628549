import DataParallel
import JobHealth
import System

/// Measures whole training steps on random data made once: forward, loss, backward, all-reduce, update.
package struct StepBenchmark: Sendable {
    package var training: MeasuredTraining
    package var threads: Int
    package var steps: Int
    package var warmup: Int
    /// Whether the comparison of replicas is measured as well, after the steps.
    package var measuresReplicaCheck: Bool
    /// What takes the place of computation; nil for computing. Its profile is measured on rank 0.
    package var pause: (grainSeconds: Double, updateSeconds: Double)?

    package init(
        _ training: MeasuredTraining, threads: Int, steps: Int, warmup: Int, measuresReplicaCheck: Bool = false,
        pause: (grainSeconds: Double, updateSeconds: Double)? = nil
    ) {
        self.training = training
        self.threads = threads
        self.steps = steps
        self.warmup = warmup
        self.measuresReplicaCheck = measuresReplicaCheck
        self.pause = pause
    }

    /// What was measured.
    package struct Result: Sendable {
        /// Seconds of each counted step.
        package var seconds: [Double]
        package var samplesPerStep: Int
        /// Blocks that the workers' pools took from the system before the counted steps and during them.
        package var allocations: (before: Int, during: Int)
        /// What comparing the ranks' replicas costs; nil where it was not asked for or there is one rank.
        package var replicaCheck: ReplicaCheckCost?

        /// The median over two steps in a row, of one: where a network's latency counts, hosts take turns in being
        /// early, so that a rank has short and long steps.
        package var medianSeconds: Double {
            let pairs = zip(seconds, seconds.dropFirst()).map { ($0 + $1) / 2 }
            return (pairs.isEmpty ? seconds : pairs).sorted()[max(seconds.count - 1, 1) / 2]
        }
        package var samplesPerSecond: Double { Double(samplesPerStep) / medianSeconds }
    }

    /// Seconds that the replica check takes.
    package struct ReplicaCheckCost: Sendable {
        /// Of each comparison: hashing in the update before it, and the exchange.
        package var comparison: Double
        /// Of each step: hashing running statistics.
        package var step: Double

        /// Of all time, with a comparison after every `steps` steps of `seconds`.
        package func share(everySteps steps: Int, stepSeconds seconds: Double) -> Double {
            (comparison / Double(steps) + step) / seconds
        }
    }

    /// Runs the benchmark; collective.
    package func run(_ ranks: Ranks) throws -> Result {
        Activity.enter(.benchmark)
        let pause = try pause.map { pause in
            Pause(
                grainSeconds: pause.grainSeconds, updateSeconds: pause.updateSeconds,
                profile: try ranks.broadcast { GrainClock(training).profile() })
        }
        let measured = try MeasuredSteps(training, ranks: ranks, threads: threads, pause: pause)
        var before = 0
        try ranks.barrier()
        let seconds = try measured.seconds(steps: steps, warmup: warmup) { before = measured.replica.systemAllocations }
        let allocations = measured.replica.systemAllocations - before
        return Result(
            seconds: seconds, samplesPerStep: training.sampleCount(ranks: ranks.worldSize),
            allocations: (before, allocations),
            replicaCheck: measuresReplicaCheck ? try replicaCheckCost(measured, ranks) : nil)
    }

    /// What comparisons cost: the hashing that an update does on the way, by which it takes longer, and the exchange.
    /// Minima of 20 updates with and 20 without, each after a step, so that the caches hold what they hold in training.
    /// Collective.
    private func replicaCheckCost(_ measured: MeasuredSteps, _ ranks: Ranks) throws -> ReplicaCheckCost? {
        let (state, replica) = (measured.state, measured.replica)
        guard let check = ReplicaCheck(everySteps: 1, state, replica, ranks) else { return nil }
        var (plain, hashing, following, comparison) = (
            Double.infinity, Double.infinity, Double.infinity, Double.infinity
        )
        for step in warmup + steps..<warmup + steps + 40 {
            let sums = try measured.gradients(step)
            try ranks.barrier()
            let start = Clock.seconds
            let isChecked = step % 2 == 0
            try measured.update(sums, step: step, hasher: isChecked ? check.hasher(forUpdateTo: step + 1) : nil)
            try replica.settle()
            let end = Clock.seconds
            if isChecked {
                hashing = min(hashing, end - start)
                try check.updated(step: step + 1)
                following = min(following, Clock.seconds - end)
                try ranks.barrier()
                let start = Clock.seconds
                try check.compare(step: step + 1)
                comparison = min(comparison, Clock.seconds - start)
            } else {
                plain = min(plain, end - start)
            }
        }
        return ReplicaCheckCost(comparison: max(0, hashing - plain) + comparison, step: following)
    }
}
