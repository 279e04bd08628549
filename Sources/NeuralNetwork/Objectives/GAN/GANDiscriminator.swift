import Autograd
import ConfigurationReading
import Kernels
import TensorCore

/// The two models of a generative adversarial network (Goodfellow et al. 2014), found in the configuration.
///
/// The generator turns noise z ~ N(0, 1) into samples, the discriminator gives one logit: large for what it takes for
/// real.
private struct GANPair: Sendable {
    let generator: Model
    let discriminator: Model

    /// Throws `ConfigurationError` where they do not fit each other.
    init(_ names: GANNames, _ setup: ObjectiveSetup) throws {
        generator = try setup.model(names.generator, from: names.place, key: "generator")
        discriminator = try setup.model(names.discriminator, from: names.place, key: "discriminator")
        guard discriminator.outputShape == [1] else {
            throw names.discriminator.refused(
                because: "the model ends with \(discriminator.outputShape); a discriminator ends with one number: "
                    + "{linear: 1}.")
        }
        guard generator.inputs.count == 1, discriminator.inputs.count == 1 else {
            throw names.place.refused(
                because: "generator and discriminator have one input each; give each one `input`.")
        }
        guard generator.outputShape.count == discriminator.inputShape.count else {
            throw names.generator.refused(
                because: "it gives \(generator.outputShape), but the discriminator takes \(discriminator.inputShape); "
                    + "make them equally large.")
        }
    }

    /// Samples made of noise, which is a function of the grain's key: [count, …] as the discriminator takes them.
    func generate(_ count: Int, _ context: GrainContext, mode: Mode) -> Variable {
        let noise = Tensor(generator.inputShape.batched(count), pool: context.tape.pool)
        Initializer.normal(1).fill(noise.pointer, shape: [noise.count], key: context.key.folding(.latent))
        let made = generator(context.tape.constant(noise), mode: mode)
        let shape = discriminator.inputShape
        if made.shape.sample == shape { return made }
        return shape.rank == 1 ? flatten(made) : unflatten(made, into: shape)
    }

    /// Σ over rows of the cross-entropy of logits [n, 1] with one label, and how many are judged to have it.
    func judge(_ logits: Variable, as label: Float) -> (loss: Variable, agreeing: Double) {
        let target = Tensor(logits.shape, pool: logits.tape.pool)
        target.fill(label)
        let loss = binaryCrossEntropyFromLogits(logits, logits.tape.constant(target))
        var agreeing = 0.0
        for row in 0..<logits.value.count where (logits.value.pointer[row] > 0) == (label > 0.5) { agreeing += 1 }
        return (loss, agreeing)
    }
}

/// Which models play the two parts.
private struct GANNames: Equatable, Sendable {
    let generator: PlacedName
    let discriminator: PlacedName
    let place: PlacedName

    init(from reader: ConfigurationReader) {
        generator = reader.value("generator", .placedName, default: "generator", "The model that makes samples.")
        discriminator = reader.value(
            "discriminator", .placedName, default: "discriminator", "The model that judges them; it gives one logit.")
        place = reader.placed
    }
}

/// The discriminator's side: real samples should get 1, generated ones 0; the generator is not changed.
struct GANDiscriminator: ObjectiveSpecification {
    private let names: GANNames
    private let real: PlacedName?
    /// What real samples should get; below 1 it is one-sided label smoothing (Salimans et al. 2016).
    private let realLabel: Double

    static let entry = ObjectiveEntry(
        "ganDiscriminator", "The side of a generative adversarial network that tells real samples from generated ones."
    ) { reader in
        GANDiscriminator(
            names: GANNames(from: reader),
            real: reader.optional("real", .placedName, "The field of real samples; the usual input if absent."),
            realLabel: reader.value(
                "realLabel", .number(in: 0.5...1), default: 1,
                "What real samples should get; 0.9 is one-sided label smoothing."))
    }

    func make(_ setup: ObjectiveSetup) throws -> any Objective {
        let pair = try GANPair(names, setup)
        let field = try setup.field(real ?? PlacedName(setup.defaultInput))
        guard pair.discriminator.inputShape.count == field.shape.count else {
            throw names.discriminator.refused(
                because: "it takes \(pair.discriminator.inputShape), but '\(field.name)' is \(field.shape); "
                    + "make them equally large.")
        }
        return Side(pair: pair, field: field.name, realLabel: Float(realLabel))
    }

    private struct Side: Objective {
        let pair: GANPair
        let field: String
        let realLabel: Float

        let sumCount = 5
        var fields: [String] { [field] }
        var models: [String] { [pair.discriminator.name] }
        var weightPerSample: Double { 1 }
        var metrics: [MetricDefinition] {
            let first = MetricSums.lossSlot
            return [
                .loss, Side.share("realAccuracy", "Real samples taken for real", first + 1, first + 2),
                Side.share("generatedAccuracy", "Generated samples seen through", first + 3, first + 4),
            ]
        }

        private static func share(_ name: String, _ title: String, _ a: Int, _ b: Int) -> MetricDefinition {
            MetricDefinition(
                MetricDescription(name, title: title, higherIsBetter: true, format: .fraction), numerator: a,
                denominator: b)
        }

        func callAsFunction(_ context: GrainContext) -> GrainResult {
            let judge = pair.discriminator
            let samples = context.input(judge.inputs[0], of: judge, from: field)
            let made = detach(pair.generate(context.count, context, mode: context.mode))
            let real = pair.judge(judge(samples, mode: context.mode), as: realLabel)
            let generated = pair.judge(judge(made, mode: context.mode), as: 0)
            let loss = add(real.loss, generated.loss)
            let count = Double(context.count)
            return GrainResult(
                loss: loss, weight: count,
                sums: [Double(loss.value.pointer[0]), real.agreeing, count, generated.agreeing, count])
        }
    }
}

/// The generator's side: generated samples should be taken for real (the non-saturating loss of section 3).
struct GANGenerator: ObjectiveSpecification {
    private let names: GANNames
    /// The field whose likeness the generator is to make; it says what generated values mean.
    private let real: PlacedName?

    static let entry = ObjectiveEntry(
        "ganGenerator", "The side of a generative adversarial network that makes samples; pictures show them."
    ) { reader in
        GANGenerator(
            names: GANNames(from: reader),
            real: reader.optional("real", .placedName, "The field of real samples; the usual input if absent."))
    }

    func make(_ setup: ObjectiveSetup) throws -> any Objective {
        Side(pair: try GANPair(names, setup), field: try setup.field(real ?? PlacedName(setup.defaultInput)))
    }

    private struct Side: Objective {
        let pair: GANPair
        let field: FieldDescription

        let sumCount = 3
        // The samples' number says how many are generated.
        var fields: [String] { [field.name] }
        var models: [String] { [pair.generator.name] }
        var weightPerSample: Double { 1 }
        var metrics: [MetricDefinition] {
            let description = MetricDescription(
                "takenForReal", title: "Generated samples taken for real", higherIsBetter: true, format: .fraction)
            return [
                .loss,
                MetricDefinition(
                    description, numerator: MetricSums.lossSlot + 1, denominator: MetricSums.lossSlot + 2),
            ]
        }

        func callAsFunction(_ context: GrainContext) -> GrainResult {
            let made = pair.generate(context.count, context, mode: context.mode)
            let judged = pair.judge(pair.discriminator(made, mode: context.mode), as: 1)
            let count = Double(context.count)
            return GrainResult(
                loss: judged.loss, weight: count,
                sums: [Double(judged.loss.value.pointer[0]), judged.agreeing, count])
        }

        func pictures(_ context: GrainContext) -> Pictures? {
            guard case .pixels = field.meaning, field.shape.rank == 3 else { return nil }
            let made = pair.generate(64, context, mode: .evaluation)
            let images = made.shape.rank == 4 ? made : unflatten(made, into: field.shape)
            return Pictures(values: images.value, field: field.name, columns: 8)
        }
    }
}
