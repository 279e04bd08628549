import Autograd
import ConfigurationReading

/// `heNormal`, `{uniformFanIn: 1}`, `{normal: 0.01, bias: 1}`, `{values: [[1, 1]], bias: [-1.5]}`.
extension LayerInitializer: ConfigurationSection {
    package static var title: String { "initializer" }
    package static var shortForm: ConfigurationShortForm { .key }

    package init(from reader: ConfigurationReader) {
        let bias = reader.optional(
            "bias", .oneOrMore(of: .number),
            "The first biases: one number for all, or one for each output. Uniform in ±1/√fanIn if absent; 0 with "
                + "`constant` and `values`.")
        let demonstration = reader.optional(
            "demonstrate", .name(of: ["symmetry"]),
            "`symmetry` lets a hidden layer begin with equal units, to show that they stay equal.")
        self.init(
            reader.oneOf(Self.variants), bias: bias.map { $0.map(Float.init) },
            demonstratesSymmetry: demonstration != nil)
    }

    private static var variants: [ConfigurationVariant<Initializer>] {
        [
            .key("xavierUniform", "Uniform in ±√(6/(fanIn + fanOut)); Glorot and Bengio 2010.") { _ in .xavierUniform },
            .key("xavierNormal", "Normal with variance 2/(fanIn + fanOut).") { _ in .xavierNormal },
            .key("heUniform", "Uniform in ±√(6/fanIn); He et al. 2015.") { _ in .heUniform },
            .key("heNormal", "Normal with variance 2/fanIn.") { _ in .heNormal },
            .key(
                "uniformFanIn",
                "Uniform in ±c/√fanIn, the rule of the lecture decks: its variance is c²/(3·fanIn), so that c = √3 is "
                    + "LeCun's and c = √6 is heUniform.", shorthand: "c"
            ) { reader in
                .uniformFanIn(
                    Float(
                        reader.value(
                            "c", .number(above: 0), default: 1,
                            "1 and 2 are what the decks call Xavier and He; 1 is also PyTorch's usual one.")))
            },
            .key(
                "normalFanIn", "Normal with deviation c/√fanIn: c = 1 is LeCun's rule, c = √2 is heNormal.",
                shorthand: "c"
            ) { reader in
                .normalFanIn(
                    Float(reader.value("c", .number(above: 0), default: 1, "The deviation, times √fanIn.")))
            },
            .key("normal", "Normal around 0.", shorthand: "deviation") { reader in
                .normal(Float(reader.required("deviation", .number(above: 0), "The standard deviation.")))
            },
            .key(
                "gabor",
                "Filters from Gabor functions, as first layers learn them, all channels alike; mean 0 and the "
                    + "variance of heNormal.", shorthand: "arrangement"
            ) { reader in
                .gabor(
                    reader.value(
                        "arrangement", .choice(of: GaborArrangement.self), default: "random",
                        "`random` draws orientation, wavelength and phase; `grid` takes eight orientations, two "
                            + "phases, then shorter waves."))
            },
            .key(
                "identity",
                "The first filters hand on a channel each at their middle, as PyTorch's dirac_; those beyond the "
                    + "number of channels are uniformFanIn."
            ) { _ in .identity },
            .key(
                "whitening",
                "Of a `conv` that reads the input: the principal components of the training data's patches, each "
                    + "over its standard deviation, then the same with the opposite sign. Usually frozen."
            ) { reader in
                .whitening(
                    PatchWhitening(
                        samples: reader.value(
                            "samples", .integer(in: 1...), default: 5000, "Training samples that are looked at."),
                        epsilon: reader.value(
                            "epsilon", .number(above: 0), default: 5e-4, "Added to the variance of a component.")))
            },
            .key("signs", "−1 or 1, with equal probability.") { _ in .signs },
            .key(
                "values", "Given values, in the order of PyTorch's tensors: a row for each unit.", shorthand: "values"
            ) { .values($0.required("values", .nestedNumbers, "Nested lists of numbers, as many as the weights.")) },
            .key("constant", Self.equalWeights, shorthand: "value") { reader in
                .constant(Float(reader.required("value", .number, "The value of every weight.")))
            },
        ] + ["zero", "zeros", "one", "ones"].map { .refused($0, because: symmetry, standIn: .heNormal) }
    }

    private static let equalWeights = """
        All weights equal, and the biases 0. In a hidden layer, whose units would never differ, only with \
        `demonstrate: symmetry`.
        """

    /// Why equal weights are refused.
    static let symmetry = """
        with equal weights all units of a layer compute the same thing and get the same gradient, so they never \
        differ; use heNormal, heUniform, xavierNormal, xavierUniform or uniformFanIn, or `constant: 0` where the layer \
        is the output.
        """
}

/// Layers that know weights alone.
extension Initializer: ConfigurationSection {
    package static var title: String { LayerInitializer.title }
    package static var shortForm: ConfigurationShortForm { LayerInitializer.shortForm }

    package init(from reader: ConfigurationReader) { self = LayerInitializer(from: reader).weight }
}

extension ConfigurationType where Value == [Float] {
    /// A number, or lists of such within lists; their numbers in order.
    fileprivate static var nestedNumbers: Self {
        let summary = "a list of numbers, or of such lists"
        return Self(summary, placeholder: []) { node, path, context in
            guard case .list = node.content else {
                context.reportWrongType(node, path, expected: summary)
                return nil
            }
            return nested(node, path, context)
        }
    }

    private static func nested(
        _ node: ConfigurationNode, _ path: String, _ context: ConfigurationContext
    ) -> Reading? {
        guard case .list(let elements) = node.content else {
            guard let number = ConfigurationType<Double>.number.read(node, path, context) else { return nil }
            return Reading(value: [Float(number.value)], node: number.node)
        }
        let readings = elements.enumerated().compactMap { nested($1, "\(path).\($0)", context) }
        guard readings.count == elements.count else { return nil }
        return Reading(
            value: readings.flatMap(\.value), node: ConfigurationNode(.list(readings.map(\.node))))
    }
}
