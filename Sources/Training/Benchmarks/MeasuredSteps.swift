import Autograd
import DataParallel
import JobHealth
import Kernels
import NeuralNetwork
import Optimization
import System

/// Whole training steps on random samples made once, one after the other: forward, backward, the addition over ranks,
/// the update with its checks.
final class MeasuredSteps {
    let training: MeasuredTraining
    let state: TrainingState
    let replica: Replica
    private let objective: any Objective
    private let data: RandomSamples
    private let key = RandomKey(seed: 1)
    private let pause: Pause?

    /// Collective.
    ///
    /// - Parameters:
    ///   - grainCount: grains of a step; nil for those of the training's batch.
    ///   - pause: takes the place of computation; nil for computing.
    init(
        _ training: MeasuredTraining, ranks: Ranks, threads: Int, grainCount: Int? = nil, pause: Pause? = nil
    ) throws {
        self.training = training
        self.pause = pause
        let phase = training.phase
        state = TrainingState(
            network: training.network, phases: [phase], averaging: training.averaging, keepsBest: false)
        let grains = grainCount ?? training.grainCount(ranks: ranks.worldSize)
        guard grains >= ranks.worldSize else {
            throw TrainingError.moreRanksThanGrains(
                ranks: ranks.worldSize, grains: grains, batch: training.sampleCount(ranks: ranks.worldSize),
                grain: training.grain)
        }
        replica = try Replica(
            network: training.network, values: state.values, vectors: [phase.vector], threads: threads,
            grainCount: grains, ranks: ranks, precision: training.precision, noises: [phase.noise],
            wire: training.wire, defersUpdates: training.defersUpdates,
            shares: pause == nil
                ? try RunSetup.shares(
                    training.sharding, [phase], wire: training.wire, waits: !training.defersUpdates, ranks) : [])
        state.share(replica.owned, rank: ranks.rank)
        state.initialize(key: key, learningRates: [training.learningRate])
        if phase.optimizer.remembersWeights { state.begin(phase: 0) }
        objective = pause.map { PausedObjective(phase, $0) } ?? phase.objective
        data = RandomSamples(training, grains: replica.grains, key: key)
    }

    /// Computes this rank's grains of a step and adds all ranks' up; collective.
    func gradients(_ step: Int) throws -> Replica.StepSums {
        try replica.step(phase: 0, objective, key: key.folding(step)) { [data] grain, body in
            try body(data.samples(grain))
        }
    }

    /// The update as the training loop does it, its check for numbers that are not finite included.
    func update(_ sums: Replica.StepSums, step: Int, hasher: ReplicaHasher? = nil) throws {
        let optimizer = training.phase.optimizer
        if !replica.defersUpdates {
            let norm = try replica.gradientNorm(phase: 0, sums, optimizer)
            precondition(norm.isFinite, "the gradient of random samples is not finite")
        }
        var update = state.weightUpdate(
            phase: 0, weight: sums.metrics.weight, norm: nil, learningRate: training.learningRate, ownStep: step,
            hasher: hasher)
        if let pause {
            let count = training.phase.trained.count
            update.change = { range, _ in pause.update(range, of: count) }
        }
        try replica.update(phase: 0, sums, number: step, update)
    }

    /// The seconds of so many whole steps after those that don't count; collective.
    func seconds(steps: Int, warmup: Int, began: () -> Void = {}) throws -> [Double] {
        var seconds: [Double] = []
        for step in 0..<warmup + steps {
            if step == warmup { began() }
            let start = Clock.seconds
            try update(try gradients(step), step: step)
            Activity.beat()
            if step >= warmup { seconds.append(Clock.seconds - start) }
        }
        try replica.settle()
        return seconds
    }
}
