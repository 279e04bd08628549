import Autograd
import DataPipeline
import JobHealth
import Kernels
import NeuralNetwork

/// Compares backpropagation with numerical derivatives in every phase of a configuration, on its first training
/// samples.
///
/// Weights are those that training begins with, moved by a tenth of their size: a bias of 0 or a factor of 1 would hide
/// mistakes, and put units exactly on the kink of a rectifier. Batch statistics are taken over the samples alone;
/// products are in float32.
package struct GradientCheck {
    /// A phase, and what came of it.
    package struct Phase: Sendable {
        package let name: String
        /// Whether the run has no other.
        package let isOnly: Bool
        package let outcome: Outcome
    }

    package enum Outcome: Sendable {
        case compared([GradientComparison.Comparison])
        /// Its gradient is no derivative of its loss.
        case noDerivative(String)
        /// The loss or the gradient is not finite.
        case notFinite
    }

    package let name: String
    package let samples: Int
    package let seed: UInt64
    package let settings: GradientComparison.Settings
    package let phases: [Phase]

    /// Whether some value differs, or something is not finite.
    package var fails: Bool { phases.contains { $0.outcome.fails } }

    /// Opens the data and compares; every rank does the same. Collective.
    ///
    /// - Throws: what makes a run impossible.
    package init(_ given: RunConfiguration, _ settings: GradientComparison.Settings, _ ranks: Ranks) throws {
        try RankIdentity.requireSame(given, ranks)
        given.arithmetic.use()
        let data = try RunData.open(given.data, ranks: ranks, isBalanced: true)
        let configuration = try ranks.together { try given.resolved(for: data.training) }
        let own = try RunData.openOwn(configuration.phases, like: data, ranks: ranks)
        var usage = WeightsUsage(data.training, data.preprocessing)
        usage.classCounts = try data.classCounts(for: configuration, ranks)
        let (network, phases) = try RunSetup.phases(configuration, usage, ranks)
        let seed = settings.seed ?? configuration.seed
        let key = RandomKey(seed: seed)
        let values = FlatBuffer(count: network.layout.count)
        network.layout.initialize(values, key: key)
        try RunSetup.whiten(network, data, into: values, ranks)
        GradientCheck.move(values, network.layout, key: key)
        name = configuration.name
        samples = min(settings.samples, data.training.count)
        self.seed = seed
        self.settings = settings
        self.phases = try ranks.together {
            try zip(phases, own).map { phase, own in
                Phase(
                    name: phase.name, isOnly: phases.count == 1,
                    outcome: try GradientCheck.outcome(
                        phase, own ?? data, lanes: configuration.batch, values, key: key, settings))
            }
        }
    }

    private static func outcome(
        _ phase: TrainingPhase, _ data: RunData, lanes: Int, _ values: FlatBuffer, key: RandomKey,
        _ settings: GradientComparison.Settings
    ) throws -> Outcome {
        if let reason = phase.objective.surrogate { return .noDerivative(reason) }
        let whole = data.training
        let count = min(settings.samples, whole.count)
        let plan: any GrainPlan
        var dataset = whole
        if whole.isSequence {
            plan = LanePlan(windowCount: whole.count, lanes: min(count, lanes), grainSize: count)
        } else {
            if count < whole.count { dataset = Subset(drawing: count, of: whole) }
            plan = EvaluationPlan(sampleCount: count, grainSize: count)
        }
        let source = try BatchSource(
            dataset: dataset, plan: plan, fields: phase.objective.fields, preprocessing: data.preprocessing, key: key)
        let reader = BatchReader(source)
        let batch = try reader.read(step: 0, grain: 0).fields
        let comparison = GradientComparison(
            phase.objective, GrainVectorLayout(phase.trained, metrics: 0, flags: 0), values: values, batch: batch,
            key: key.folding(.step).folding(0), settings)
        // The samples are the reader's.
        return withExtendedLifetime(reader) {
            guard let all = comparison.run() else { return Outcome.notFinite }
            return .compared(all)
        }
    }

    /// Moves every weight by up to a tenth of its parameter's usual size.
    private static func move(_ values: FlatBuffer, _ layout: ModelLayout, key: RandomKey) {
        for parameter in layout.parameters where parameter.isTrainable && parameter.shape.count > 0 {
            let start = values.pointer + layout.offsets[parameter.index]
            let squares = (0..<parameter.shape.count).reduce(0.0) { $0 + Double(start[$1]) * Double(start[$1]) }
            let size = (squares / Double(parameter.shape.count)).squareRoot()
            let key = key.folding(name: parameter.name).folding(.benchmark)
            for index in 0..<parameter.shape.count {
                let (first, _) = key.normals(at: UInt64(index))
                start[index] += 0.1 * Float(size > 0 ? size : 0.5) * max(-2, min(2, first))
            }
        }
    }
}

extension GradientCheck.Outcome {
    var fails: Bool {
        switch self {
        case .compared(let all): all.contains { $0.count(of: .differs) > 0 }
        case .noDerivative: false
        case .notFinite: true
        }
    }
}
