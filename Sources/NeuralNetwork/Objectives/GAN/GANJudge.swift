import Autograd
import ConfigurationReading
import TensorCore

/// A classifier that looks at generated samples, as a configuration names it.
struct GANJudge: Equatable, Sendable {
    let model: PlacedName
    /// The output with a score for each class; nil for the model's.
    let output: PlacedName?
    /// A sample counts as recognised where the likeliest class has more than this probability.
    let confidence: Double
    /// The layer whose values are the features of the Fréchet distance; nil for none.
    let features: PlacedName?
}

extension GANJudge: ConfigurationSection {
    static var title: String { "judge" }
    static var shortForm: ConfigurationShortForm { .value(of: "model") }

    init(from reader: ConfigurationReader) {
        model = reader.required("model", .placedName, "The classifier; it is never changed.")
        output = reader.optional(
            "output", .placedName, "The layer with a number for each class; the model's result if absent.")
        confidence = reader.value(
            "confidence", .number(in: 0...1), default: 0.9,
            "A generated sample is recognised where its likeliest class has more than this probability.")
        features = reader.optional(
            "features", .placedName,
            "A layer whose values are compared between real and generated samples, by the Fréchet distance.")
    }
}

/// A judge at work: how many generated samples it recognises, how few of a class, and how far apart real and generated
/// samples are for it.
///
/// The Fréchet distance is that of Heusel et al., "GANs trained by a two time-scale update rule converge to a local
/// Nash equilibrium" (2017), with this classifier's features in the place of Inception's.
struct GANJury: Sendable {
    private let model: Model
    private let field: String
    private let plan: GraphPlan
    private let link: OutputEnd.Link?
    private let classes: Int
    private let confidence: Float
    /// How many numbers a sample has for the Fréchet distance; nil without.
    private let features: Int?
    /// The place of its first sum in ``MetricSums/values``.
    private let first: Int

    /// More features than these are not compared: every grain of an evaluation has their products, and the distance
    /// costs the cube of them.
    static let mostFeatures = 512

    /// - Parameter first: the place of its first sum.
    /// - Throws: `ConfigurationError` where the judge can't look at what the pair makes.
    init(_ judge: GANJudge, _ pair: GANPair, _ setup: ObjectiveSetup, first: Int) throws {
        let model = try setup.model(judge.model, from: judge.model, key: "judge")
        guard ![pair.generator.model.name, pair.discriminator.model.name].contains(model.name) else {
            throw judge.model.refused(because: "it is a part of the network that it judges; name another model.")
        }
        guard model.inputs.count == 1, GANPair.fits(model.inputShape, pair.real.shape) else {
            throw judge.model.refused(
                because: "\(model.name) takes \(model.inputs.map { "\($0.shape)" }.joined(separator: ", ")), but "
                    + "'\(pair.real.name)' is \(pair.real.shape); give it one input of that shape.")
        }
        func place(_ name: PlacedName) throws -> (node: Int, shape: Shape) {
            guard let end = model.end(of: name.name), let shape = model.shape(of: name.name) else {
                throw name.unknown("layer", known: model.names)
            }
            return (end.node, shape)
        }
        let output = judge.output ?? PlacedName(model.outputName, place: judge.model.place, key: judge.model.key)
        let scores = try place(output)
        guard scores.shape.rank == 1, scores.shape.count > 1 else {
            throw output.refused(
                because: "\(output.name) is \(scores.shape); a judge gives one number for each of at least two "
                    + "classes.")
        }
        let compared = try judge.features.map { try place($0) }
        if let name = judge.features, let shape = compared?.shape, shape.count > GANJury.mostFeatures {
            throw name.refused(
                because: "\(name.name) has \(shape.count) values, and the distance compares at most "
                    + "\(GANJury.mostFeatures); name a smaller layer.")
        }
        self.model = model
        field = pair.real.name
        plan = model.plan(nodes: [scores.node] + [compared?.node].compactMap(\.self))
        link = model.end(of: output.name)?.link
        classes = scores.shape.count
        confidence = Float(judge.confidence)
        features = compared?.shape.count
        self.first = first
    }

    /// Samples, those recognised, those recognised of each class; then the moments of real and generated features.
    var sumCount: Int { 2 + classes + (features.map { 2 * FeatureMoments.count(of: $0) } ?? 0) }

    var metrics: [MetricDefinition] {
        let recognised = MetricDefinition(
            MetricDescription(
                "recognised", title: "Generated samples that the judge recognises", higherIsBetter: true,
                format: .fraction), numerator: first + 1, denominator: first)
        let rarest = MetricDefinition(
            MetricDescription(
                "rarestClass", title: "Share of the class that is recognised least often", higherIsBetter: true,
                format: .fraction), numerator: first + 2, denominator: first, transform: .least(of: classes))
        guard let features else { return [recognised, rarest] }
        let moments = first + 2 + classes
        let distance = MetricDefinition(
            MetricDescription("frechetDistance", title: "Fréchet distance to real samples"), numerator: moments,
            denominator: moments + FeatureMoments.count(of: features), transform: .frechetDistance(features))
        return [recognised, rarest, distance]
    }

    /// What a grain of an evaluation adds.
    ///
    /// - Parameter made: generated samples, [n, shape of the field].
    func sums(_ made: Variable, _ context: GrainContext) -> [Double] {
        let judged = values(detach(made))
        let probabilities =
            switch link {
            case .softmax, .sigmoid: judged[0]
            case .logSoftmax, nil: softmax(judged[0])
            }
        var counts = [Double](repeating: 0, count: classes)
        for row in 0..<probabilities.shape[0] {
            let start = probabilities.value.pointer + row * classes
            let chosen = chosenClass(start, classes)
            if chosen >= 0, start[chosen] > confidence { counts[chosen] += 1 }
        }
        var sums = [Double(made.shape[0]), counts.reduce(0, +)] + counts
        if features != nil {
            let real = values(context.tape.constant(context.batch.input(field, pool: context.tape.pool)))
            for samples in [real, judged] { sums += FeatureMoments.sums(flatten(samples[1]).value) }
        }
        return sums
    }

    private func values(_ samples: Variable) -> [Variable] {
        plan([GANPair.reshaped(samples, to: model.inputShape)], mode: .evaluation)
    }
}
