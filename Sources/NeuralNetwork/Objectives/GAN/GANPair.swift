import Autograd
import ConfigurationReading
import Kernels
import TensorCore

/// Which models play the two parts of a generative adversarial network, and by which loss.
struct GANNames: Equatable, Sendable {
    let generator: PlacedName
    let discriminator: PlacedName
    let loss: GANLoss
    let place: PlacedName

    init(from reader: ConfigurationReader) {
        /// A name that is not given stands where the section does.
        func placed(_ name: PlacedName, _ key: String) -> PlacedName {
            let given = reader.placed(key)
            return PlacedName(name.name, place: given.place, key: given.key)
        }
        generator = placed(
            reader.value("generator", .placedName, default: "generator", "The model that makes samples."), "generator")
        discriminator = placed(
            reader.value(
                "discriminator", .placedName, default: "discriminator",
                "The model that judges them; it gives one number."), "discriminator")
        loss = reader.value(
            "loss", .choice(of: GANLoss.self), default: "nonSaturating",
            "What both sides go by, the same for both: the cross-entropy with which the discriminator tells samples "
                + "apart, or `wasserstein`, how far apart a critic's scores of them are; its weights have to be kept "
                + "small by the optimizer's `clipWeights`.")
        place = reader.placed
    }
}

/// The two models of a generative adversarial network (Goodfellow et al. 2014), found in the configuration.
///
/// The generator turns noise z ~ N(0, 1) into samples, the discriminator gives one number: large for what it takes for
/// real. Where they have inputs of classes both are told of which a sample is.
struct GANPair: Sendable {
    let generator: GANPart
    let discriminator: GANPart
    let loss: GANLoss
    /// What generated samples are to be like.
    let real: FieldDescription

    /// - Parameter real: the field of real samples; nil for the usual input.
    /// - Throws: `ConfigurationError` where models and field do not fit each other.
    init(_ names: GANNames, real: PlacedName?, _ setup: ObjectiveSetup) throws {
        let generator = try setup.model(names.generator, from: names.place, key: "generator")
        let discriminator = try setup.model(names.discriminator, from: names.place, key: "discriminator")
        let field = try setup.field(real ?? PlacedName(setup.defaultInput))
        func refusal(_ name: PlacedName, _ reason: String) -> ConfigurationError {
            name.refused(because: "\(reason).")
        }
        guard generator.name != discriminator.name else {
            throw refusal(names.discriminator, "it is the generator as well; give each part a model of its own")
        }
        guard field.elementType == .float32, field.variableAxis == nil else {
            throw refusal(
                names.place,
                "'\(field.name)' can't be generated, for which it has to hold real numbers or pixels, as many in every "
                    + "sample; name another field in `real`")
        }
        guard discriminator.outputShape == [1] else {
            throw refusal(
                names.discriminator,
                "the model ends with \(discriminator.outputShape); a discriminator ends with one number: {linear: 1}")
        }
        if let end = discriminator.end(of: discriminator.outputName), end.link != nil {
            throw refusal(
                names.discriminator,
                "the model ends with \(end.layer), and the loss takes the number before it; take that layer away")
        }
        self.generator = try GANPart(generator, role: "generator", takes: nil, name: names.generator, setup)
        self.discriminator = try GANPart(
            discriminator, role: "discriminator", takes: field, name: names.discriminator, setup)
        for (name, model, shape, verb) in [
            (names.discriminator, discriminator, self.discriminator.shape, "takes"),
            (names.generator, generator, generator.outputShape, "gives"),
        ] where !GANPair.fits(shape, field.shape) {
            throw refusal(
                name,
                "\(model.name) \(verb) \(shape), but '\(field.name)' is \(field.shape); make it \(field.shape)"
                    + (field.shape.rank > 1 ? ", or [\(field.shape.count)] for vectors" : ""))
        }
        loss = names.loss
        self.real = field
    }

    /// Whether values of one shape can stand for those of another: equal ones, or a vector of as many.
    static func fits(_ shape: Shape, _ other: Shape) -> Bool {
        shape == other || shape.count == other.count && (shape.rank <= 1 || other.rank <= 1)
    }

    /// The fields that a batch must have.
    var fields: [String] {
        [real.name] + Set((generator.conditions + discriminator.conditions).map(\.field.name)).sorted()
    }

    /// Samples made of noise, which is a function of the grain's key: [count, shape of the field].
    func generate(_ count: Int, _ classes: GANClasses, _ context: GrainContext, mode: Mode) -> Variable {
        let noise = Tensor(generator.shape.batched(count), pool: context.tape.pool)
        Initializer.normal(1).fill(noise.pointer, shape: [noise.count], key: context.key.folding(.latent))
        return generate(from: context.tape.constant(noise), classes, mode: mode)
    }

    /// Samples [n, shape of the field] of latent numbers [n, shape of the generator's input].
    func generate(from latent: Variable, _ classes: GANClasses, mode: Mode) -> Variable {
        GANPair.reshaped(generator(latent, classes.callAsFunction, mode: mode), to: real.shape)
    }

    /// The discriminator's numbers [n, 1] of samples [n, shape of the field].
    func judge(_ samples: Variable, _ classes: GANClasses, mode: Mode) -> Variable {
        discriminator(
            GANPair.reshaped(samples, to: discriminator.shape), classes.callAsFunction, mode: mode)
    }

    /// Samples of another shape of as many values; a vector has the order of a flattened image.
    static func reshaped(_ samples: Variable, to shape: Shape) -> Variable {
        let own = samples.shape.sample
        if own == shape { return samples }
        if own.rank > 1 && shape.rank <= 1 { return flatten(samples) }
        return unflatten(samples, into: shape)
    }
}

/// What the two sides of a generative adversarial network minimise, of one number for each sample.
enum GANLoss: String, CaseIterable, Sendable {
    /// The discriminator's cross-entropy, and for the generator that with the other label (Goodfellow et al. 2014,
    /// section 3).
    case nonSaturating
    /// E f(G(z)) − E f(x) for the critic f, −E f(G(z)) for the generator (Arjovsky et al., "Wasserstein GAN", 2017).
    case wasserstein

    /// Σ over rows of what a number [n, 1] for samples that should be taken for real costs.
    ///
    /// - Parameter label: what they should get, 1 or a little less; it has no meaning for a critic.
    func ofReal(_ numbers: Variable, label: Float = 1) -> Variable {
        switch self {
        case .nonSaturating: crossEntropy(numbers, label)
        case .wasserstein: scaled(sum(numbers), by: -1)
        }
    }

    /// The same for samples that should be seen through.
    func ofGenerated(_ numbers: Variable) -> Variable {
        switch self {
        case .nonSaturating: crossEntropy(numbers, 0)
        case .wasserstein: sum(numbers)
        }
    }

    private func crossEntropy(_ logits: Variable, _ label: Float) -> Variable {
        let target = Tensor(logits.shape, pool: logits.tape.pool)
        target.fill(label)
        return binaryCrossEntropyFromLogits(logits, logits.tape.constant(target))
    }

    /// How many of the numbers are above 0: logits of samples that are taken for real.
    static func takenForReal(_ logits: Variable) -> Double {
        Double(UnsafeBufferPointer(start: logits.value.pointer, count: logits.value.count).count { $0 > 0 })
    }
}
