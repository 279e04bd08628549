import ConfigurationReading
import DataParallel
import JobHealth
import Kernels
import NeuralNetwork
import Optimization
import TensorCore

/// What a measurement trains: models, one phase of their training, and what samples consist of. No data are needed.
package struct MeasuredTraining: Sendable {
    /// How many samples a step has.
    package enum Batch: Equatable, Sendable {
        case ofRank(Int)
        case ofJob(Int)
    }

    /// The ready-made model's name, or the configuration's.
    package let name: String
    let network: Network
    let phase: TrainingPhase
    /// Of a sample, as the phase reads them; behind one that varies its length.
    let fields: [FieldDescription]
    /// Whether samples continue each other.
    let isSequence: Bool
    package let grain: Int
    package let batch: Batch
    package let wire: GradientWire
    /// Whether ranks share the update.
    package let sharding: OptimizerSharding
    let defersUpdates: Bool
    let precision: ProductPrecision
    let averaging: WeightAverage?
    /// Whether a plateau's best state is kept beside the present one.
    let keepsBest: Bool
    /// So small that no model diverges on random data, however many steps are measured.
    let learningRate = 1e-5

    /// A ready-made model without auxiliary heads, with cross-entropy and SGD with momentum 0.9 and weight decay 5e-4.
    ///
    /// - Parameters:
    ///   - freeze: patterns of parameters that are not trained.
    ///   - precision: of the layers' products.
    ///   - isPaused: see ``init(_:phase:isPaused:)``.
    package init(
        model: ZooModel, batchOfRank: Int, grain: Int, freeze: [String] = [],
        precision: ProductPrecision = .float32, isPaused: Bool = false
    ) throws {
        network = try Network([model.description(ZooOptions(classes: model.usualClasses, auxiliary: false))])
        // Made here, because reading a configuration's text would leave its libraries in the memory that is measured.
        let configuration = PhaseConfiguration(
            name: "bench",
            objective: SupervisedSpecification(model: nil, losses: [LossTerm(CrossEntropyLoss())], metrics: nil),
            train: nil, freeze: freeze.map { PlacedName($0) },
            optimizer: OptimizerConfiguration(
                rule: Momentum(momentum: 0.9), learningRate: learningRate, scaling: nil, weightDecay: 5e-4, l1: 0,
                maxNorm: nil, clipWeights: nil, lookahead: nil, groups: [], place: PlacedName("bench")),
            schedule: ScheduleConfiguration(.schedule(ConstantSchedule())),
            clipNorm: nil, clipValue: nil, measuresGradientVariance: false, gradientOverSteps: nil, data: nil,
            length: nil, place: PlacedName("bench"))
        let rows = Shape(network.models[0].outputShape.dimensions.dropLast())
        let all = RandomSamples.fields(network.models[0].inputs[0], rows: rows, classes: model.usualClasses)
        let setup = ObjectiveSetup(network: network, fields: all, defaultInput: "input", defaultTarget: "label")
        phase = try TrainingPhase(
            configuration, setup, samplesPerGrain: isPaused ? MeasuredTraining.unfactored : grain, isOnly: true)
        name = model.name
        fields = all
        isSequence = false
        self.grain = grain
        batch = .ofRank(batchOfRank)
        (wire, defersUpdates, averaging, keepsBest) = (.float32, true, nil, false)
        self.precision = precision
        sharding = .auto
    }

    /// What a configuration trains in one of its phases, with its batch, grain, optimiser and wire.
    ///
    /// - Parameters:
    ///   - phase: its number.
    ///   - isPaused: whether pauses take the place of computation; then no gradient is left as factors.
    /// - Throws: what makes a run impossible, `MeasurementError` for what random samples can't stand in for.
    package init(_ given: RunConfiguration, phase index: Int = 0, isPaused: Bool = false) throws {
        var configuration = given
        if case .all = configuration.batchSize {
            let data = configuration.data
            let whole = try data.fitted(data.dataset.open(.train, path: data.path, imports: [:]))
            configuration = try configuration.resolved(for: whole)
        }
        let usage = try ModelSummary.usage(of: configuration.data)
        if usage.isGraph ?? false { throw MeasurementError.graph(configuration.name) }
        let network = try configuration.network(for: usage)
        let counts = usage.fields.compactMap { field in
            field.meaning.choiceCount.map { (field.name, [Int](repeating: 1, count: $0)) }
        }
        let setup = ObjectiveSetup(
            network: network, fields: usage.fields, defaultInput: usage.defaultInput,
            defaultTarget: usage.defaultTarget, classCounts: Dictionary(uniqueKeysWithValues: counts),
            grainsPerStep: (configuration.batch + configuration.grain - 1) / configuration.grain,
            mixesSamples: configuration.data.mixesSamples)
        let chosen = configuration.phases[index]
        phase = try TrainingPhase(
            chosen, setup, samplesPerGrain: isPaused ? MeasuredTraining.unfactored : configuration.grain,
            isOnly: configuration.phases.count == 1)
        if network.meetsOverBatch(phase.vector) { throw MeasurementError.meetsOverBatch(configuration.name) }
        let read = phase.objective.fields
        fields = usage.fields.filter { read.contains($0.name) }.flatMap { [$0] + ($0.lengthField.map { [$0] } ?? []) }
        name = configuration.name
        isSequence = usage.isSequence
        grain = configuration.grain
        batch = .ofJob(configuration.batch)
        wire = configuration.wire
        precision = configuration.precision
        configuration.arithmetic.use()
        sharding = configuration.communication.shardOptimizer
        // The norm of all gradients, and whether all are finite, must be known before a weight changes.
        defersUpdates =
            configuration.phases.allSatisfy { $0.clipNorm == nil } && configuration.onNonFinite == .stop
            && phase.noise == nil
        averaging = configuration.averaging
        switch chosen.schedule.rule {
        case .onPlateau(let plateau): keepsBest = plateau.rollback
        case .schedule: keepsBest = false
        }
        self.network = network
    }

    /// Samples of a grain of which no factors are smaller than their product.
    private static let unfactored = 1 << 24

    /// Grains of a step.
    func grainCount(ranks: Int) -> Int {
        switch batch {
        case .ofRank(let samples): (samples + grain - 1) / grain * ranks
        case .ofJob(let samples): (samples + grain - 1) / grain
        }
    }

    /// Samples of a step.
    func sampleCount(ranks: Int) -> Int {
        switch batch {
        case .ofRank(let samples): samples * ranks
        case .ofJob(let samples): samples
        }
    }

    /// Samples of one of its grains; the last of a rank's or of the job's may have fewer, and
    /// those of a larger step are whole.
    func samples(ofGrain number: Int) -> Int {
        switch batch {
        case .ofRank(let samples): min(grain, samples - number % ((samples + grain - 1) / grain) * grain)
        case .ofJob(let samples): number * grain < samples ? min(grain, samples - number * grain) : grain
        }
    }
}

/// What can't be measured with random samples; each text ends with what to do.
package enum MeasurementError: CodedError, Equatable, CustomStringConvertible {
    case graph(String)
    case meetsOverBatch(String)

    package var exitCode: ExitCode { .usage }

    package var description: String {
        switch self {
        case .graph(let name):
            "\(name): its samples are nodes of a graph, which random samples can't stand in for; measure a training "
                + "of it with 'trainer train'"
        case .meetsOverBatch(let name):
            "\(name): layers with statistics of the whole batch wait for all ranks within a step, which is not "
                + "measured; set their 'statistics: grain', or measure a training with 'trainer train'"
        }
    }
}
