import Autograd
import Checkpointing
import Collectives
import DataParallel
import DataPipeline
import FaultInjection
import Foundation
import Kernels
import NeuralNetwork
import Optimization
import TensorCore

/// Everything that the loop works with, assembled from a configuration. Made collectively: an error on any rank ends it
/// on all.
struct RunSetup {
    let configuration: RunConfiguration
    let ranks: Ranks
    let directory: RunDirectory
    let data: RunData
    /// Of each phase, where it has its own.
    let phaseData: [RunData?]
    let network: Network
    let phases: [TrainingPhase]
    let order: PhaseOrder
    let state: TrainingState
    let replica: Replica
    let plan: any GrainPlan
    let totalSteps: Int
    /// What validations change; the rest of the setup stays as it is.
    let control: TrainingControl
    /// Finished steps at the beginning.
    let firstStep: Int
    /// Whether the validation that belongs after `firstStep` is still to be made.
    let validationIsPending: Bool
    let keeper: CheckpointKeeper?
    /// What happened on the way that the log should tell.
    let decisions: [DecisionRecord]

    /// The root of everything random in the run.
    var key: RandomKey { RandomKey(seed: configuration.seed) }
    var grains: Range<Int> { replica.grains }

    init(_ configuration: RunConfiguration, _ options: RunOptions, _ ranks: Ranks) throws {
        self.ranks = ranks
        configuration.arithmetic.use()
        directory = RunDirectory(options.directory ?? "runs/" + configuration.name)
        try RankIdentity.requireSame(configuration, ranks)
        let threads = options.threads ?? Placement.defaultThreads(ranksOnHost: ranks.hostSize)
        try ranks.together {
            try Placement.check(threads: threads, worldSize: ranks.worldSize)
            try MemoryNeed.checkAddressSpace(threads: threads)
        }
        data = try RunData.open(configuration.data, ranks: ranks, isBalanced: true)
            .measured(for: configuration.data.augment, ranks: ranks)
        try RankIdentity.requireSame(data, ranks)
        let configuration = try ranks.together { [data] in try configuration.resolved(for: data.training) }
        self.configuration = configuration
        phaseData = try RunData.openOwn(configuration.phases, like: data, ranks: ranks)
        try ranks.together { try TestFault.reach(.startUp) }
        let key = RandomKey(seed: configuration.seed)
        let (plan, order, phaseSteps) = try ranks.together { [data, phaseData] in
            try configuration.course(data.training, own: phaseData.map { $0?.training }, key: key)
        }
        let totalSteps = configuration.totalSteps(order, stepsPerEpoch: plan.stepsPerEpoch)
        try ranks.together { try options.trace?.requireWithin(totalSteps: totalSteps) }
        var usage = WeightsUsage(data.training, data.preprocessing)
        usage.classCounts = try data.classCounts(for: configuration, ranks)
        let (network, phases) = try RunSetup.phases(
            configuration, usage, ranks,
            stepCounts: configuration.phases.indices.map { order.steps(ofPhase: $0, before: totalSteps) })
        let parts = ([data] + phaseData.compactMap(\.self)).flatMap { [$0.training, $0.validation].compactMap(\.self) }
        try TargetCheck(phases, data.preprocessing).check(parts, ranks)
        var rates = try ranks.together {
            try configuration.learningRates(
                phases, order, stepsPerEpoch: plan.stepsPerEpoch, ofPhases: phaseSteps, totalSteps: totalSteps)
        }
        self.plan = plan
        self.order = order
        self.totalSteps = totalSteps
        self.network = network
        self.phases = phases
        var endRule = try ranks.together { try EndRule(configuration, phases.map(\.objective.metrics)) }
        try RunSetup.checkMemory(configuration, network, phases, data, plan, ranks, threads)
        state = TrainingState(
            network: network, phases: phases, averaging: configuration.averaging,
            keepsBest: rates.phases.contains { $0.plateau?.rollback ?? false })
        replica = try RunSetup.replica(configuration, network, phases, state.values, plan, ranks, threads)
        state.share(replica.owned, rank: ranks.rank)
        let batch = configuration.batch
        state.initialize(key: key, learningRates: configuration.phases.map { $0.learningRate(batch: batch) })
        try RunSetup.whiten(network, data, into: state.values, ranks)
        state.beginAverages()
        TestFault.poison(state.values.pointer, .startUp, step: 0)

        let identities = ranks.rank == 0 ? RunSetup.identities(configuration, data, phaseData) : []
        let (start, lock) = try RunSetup.resume(
            configuration, options.resume, directory, state, identities, data.preprocessing, ranks)
        try ranks.together { [directory] in
            if start.step > totalSteps {
                throw TrainingError.hasTrainedLonger(directory: directory.path, steps: start.step, asked: totalSteps)
            }
        }
        firstStep = start.step
        validationIsPending = start.validationIsPending
        try rates.restore(start.learningRate)
        try endRule?.restore(start.end)
        control = TrainingControl(rates, endRule, best: start.best)
        decisions =
            start.decisions + rates.changes(since: start.learningRate, step: start.step)
            + (options.restartReason.map {
                [DecisionRecord(step: start.step, kind: .restart, reason: "started again: \($0)")]
            } ?? [])
        keeper = try RunSetup.keeper(
            configuration, directory, lock, ranks, stepsPerEpoch: plan.stepsPerEpoch,
            usage: try usage.text(), data: identities, start)
    }

    /// Where everything random in a step comes from; each grain folds its number in.
    func stepKey(_ step: Int) -> RandomKey { key.folding(.step).folding(step) }

    /// The phase of a step counted from 0.
    func phase(ofStep step: Int) -> TrainingPhase { phases[order.phase(ofStep: step)] }

    // MARK: - Parts

    /// The models and what they are trained for, checked against the data.
    ///
    /// - Parameter stepCounts: updates of each phase; nil where nothing is trained.
    static func phases(
        _ configuration: RunConfiguration, _ data: WeightsUsage, _ ranks: Ranks, stepCounts: [Int]? = nil
    ) throws -> (Network, [TrainingPhase]) {
        try ranks.together {
            let network = try configuration.network(for: data)
            let setup = ObjectiveSetup(
                network: network, fields: data.fields, defaultInput: data.defaultInput,
                defaultTarget: data.defaultTarget, classCounts: data.classCounts ?? [:],
                grainsPerStep: (configuration.batch + configuration.grain - 1) / configuration.grain,
                mixesSamples: configuration.data.mixesSamples)
            let phases = try configuration.phases.enumerated().map { index, phase in
                try TrainingPhase(
                    phase, setup, samplesPerGrain: configuration.grain, stepCount: stepCounts?[index] ?? 1,
                    isOnly: configuration.phases.count == 1)
            }
            for phase in phases {
                let weight = phase.objective.weightPerSample
                guard Double(configuration.batch) * max(weight, 1) <= Double(MetricSums.exactLimit) else {
                    throw TrainingError.batchTooHeavy(batch: configuration.batch, weightPerSample: weight)
                }
            }
            return (network, phases)
        }
    }

    private static func checkMemory(
        _ configuration: RunConfiguration, _ network: Network, _ phases: [TrainingPhase], _ data: RunData,
        _ plan: any GrainPlan, _ ranks: Ranks, _ threads: Int
    ) throws {
        // Grains that meet are all there at once, each with gradients of its own.
        let grains =
            phases.contains { network.meetsOverBatch($0.vector) }
            ? max(threads, (plan.grainsPerStep + ranks.worldSize - 1) / ranks.worldSize) : threads
        let slots = phases.map(\.optimizer.slots.count).max() ?? 0
        try ranks.together {
            try MemoryNeed.check(
                network, copies: 2 + slots + (configuration.averaging == nil ? 0 : 1) + grains - threads,
                samples: grains * min(configuration.grain, data.training.count), ranksOnHost: ranks.hostSize)
        }
    }

    private static func replica(
        _ configuration: RunConfiguration, _ network: Network, _ phases: [TrainingPhase], _ values: FlatBuffer,
        _ plan: any GrainPlan, _ ranks: Ranks, _ threads: Int
    ) throws -> Replica {
        try ranks.together {
            if ranks.worldSize > plan.grainsPerStep {
                throw TrainingError.moreRanksThanGrains(
                    ranks: ranks.worldSize, grains: plan.grainsPerStep, batch: configuration.batch,
                    grain: configuration.grain)
            }
        }
        // The norm of all gradients, and whether all are finite, must be known before a weight changes.
        let waits = configuration.phases.contains { $0.clipNorm != nil } || configuration.onNonFinite != .stop
        return try Replica(
            network: network, values: values, vectors: phases.map(\.vector), threads: threads,
            grainCount: plan.grainsPerStep, ranks: ranks, precision: configuration.precision,
            noises: phases.map(\.noise), wire: configuration.wire, defersUpdates: !waits,
            shares: try shares(
                configuration.communication.shardOptimizer, phases, wire: configuration.wire, waits: waits, ranks))
    }

    private static func keeper(
        _ configuration: RunConfiguration, _ directory: RunDirectory, _ lock: RunDirectoryLock?, _ ranks: Ranks,
        stepsPerEpoch: Int, usage: String, data: [DataIdentity], _ start: Start
    ) throws -> CheckpointKeeper? {
        var keeper: CheckpointKeeper?
        try ranks.together {
            // Rank 0's alone.
            if let lock {
                keeper = try CheckpointKeeper(
                    directory, lock, configuration, stepsPerEpoch: stepsPerEpoch, usage: usage, data: data, start)
            }
        }
        return keeper
    }
}

extension RunConfiguration {
    /// The configuration's identity in checkpoints.
    var fingerprintText: String {
        let digits = String(fingerprint, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// The models, over one flat memory.
    ///
    /// - Throws: `ModelError`, `UnknownModel`.
    package func network(for data: WeightsUsage) throws -> Network {
        try Network(
            descriptions(for: data), convolutions: convolutions, lanes: data.isSequence ? batch : nil,
            usualField: data.defaultInput)
    }

    /// What the models are built from.
    ///
    /// - Throws: `UnknownModel`.
    package func descriptions(for data: WeightsUsage) throws -> [ModelDescription] {
        let input = data.field(data.defaultInput)
        let target = data.field(data.defaultTarget)
        let classes = target.map { $0.meaning.choiceCount ?? $0.shape.count } ?? input?.shape.count ?? 1
        return try models.map { model in
            let made = try model.model.description(
                name: model.name ?? name, input: input.map { ModelInput(shape: $0.shape) }, classes: classes,
                isNamed: model.name != nil)
            let inputs = made.inputs.map { input in
                let field = data.field(input.name == ModelInput.usualName ? data.defaultInput : input.name)
                return input.taking(field, isOfGraph: data.isGraph ?? false)
            }
            return made.reading(inputs)
        }
    }

    /// Which samples each grain of each step holds.
    ///
    /// - Throws: `TrainingError.moreLanesThanWindows`.
    func plan(for dataset: any Dataset, key: RandomKey) throws -> any GrainPlan {
        guard dataset.isSequence else {
            let balanced = dataset as? BalancedDataset
            if let shards = dataset.source.shards {
                if balanced != nil {
                    throw data.balancePlace.refused(
                        because: "shards that are read one after the other can't have every class equally often; "
                            + "remove `order: shards` or `balance`.")
                }
                return ShardPlan(dataset, shards: shards, batchSize: batch, grainSize: grain, key: key)
            }
            return BatchPlan(
                sampleCount: dataset.count, batchSize: batch, grainSize: grain, key: key, balance: balanced?.balance)
        }
        guard batch <= dataset.count else {
            throw TrainingError.moreLanesThanWindows(lanes: batch, windows: dataset.count)
        }
        return LanePlan(windowCount: dataset.count, lanes: batch, grainSize: grain)
    }

    /// Every phase's learning rate over its own steps.
    ///
    /// - Throws: `OptimizationError`, `TrainingError.unknownMonitor`.
    func learningRates(
        _ made: [TrainingPhase], _ order: PhaseOrder, stepsPerEpoch: Int, ofPhases phaseSteps: [Int?], totalSteps: Int
    ) throws -> LearningRates {
        let planned = plannedSteps(order, stepsPerEpoch: stepsPerEpoch)
        let rates = try zip(phases, made).enumerated().map { index, pair in
            // In alternation a phase takes its share of an epoch's steps.
            let own =
                order.kind == .sequence
                ? phaseSteps[index] ?? stepsPerEpoch : order.steps(ofPhase: index, before: stepsPerEpoch)
            func length(_ steps: Int) -> TrainingLength {
                TrainingLength(
                    steps: max(order.steps(ofPhase: index, before: steps), 1), stepsPerEpoch: max(own, 1))
            }
            return try LearningRate(
                pair.0, monitor: earlyStopping?.monitor, pair.1.objective.metrics, batch: batch,
                length: length(totalSteps), planned: length(planned))
        }
        return LearningRates(rates, names: phases.map(\.name), order: order)
    }
}
