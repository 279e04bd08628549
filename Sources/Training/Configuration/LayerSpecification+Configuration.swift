import ConfigurationReading
import NeuralNetwork

/// A layer of a model's layer list: `relu`, `{linear: 120}`, `{name: stem, conv: {filters: 6, kernel: 5}}`.
extension LayerSpecification: ConfigurationSection {
    package static var title: String { "layer" }
    package static var shortForm: ConfigurationShortForm { .key }

    package init(from reader: ConfigurationReader) {
        let name = reader.optional(
            "name", .identifier, "Part of the names of the layer's parameters; its number if absent.")
        let layer = reader.oneOf(Self.parametric + Self.activations + Self.structural)
        self = name.map { .named($0, layer) } ?? layer
    }

    private typealias Variant = ConfigurationVariant<LayerSpecification>

    private static var parametric: [Variant] {
        [
            .key("conv", "2-D convolution (cross-correlation).") { .convolution(Convolution(from: $0)) },
            .key("linear", "Fully connected layer.", shorthand: "units") { reader in
                .linear(
                    units: reader.required("units", .integer(in: 1...), "Number of outputs."),
                    bias: reader.value("bias", .flag, default: true, "Whether a bias is added."),
                    initializer: reader.optional("initializer", .section(), "Distribution of the initial weights."))
            },
            .key("batchNorm", "Batch normalisation with the statistics of each grain.") { reader in
                .batchNorm(
                    momentum: reader.value(
                        "momentum", .number(in: 0...1), default: 0.1, "Weight of the newest running statistic."),
                    epsilon: reader.value("epsilon", .number(above: 0), default: 1e-5, "Added to the variance."))
            },
        ]
    }

    private static var activations: [Variant] {
        [
            activation("relu", "max(0, x).", .relu),
            .key("leakyRelu", "x, or slope·x for negative x.", shorthand: "slope") { reader in
                .activation(
                    .leakyReLU(slope: reader.value("slope", .number(in: 0...), default: 0.01, "Slope for negative x.")))
            },
            activation("sigmoid", "1/(1 + e⁻ˣ).", .sigmoid),
            activation("tanh", "Hyperbolic tangent.", .tanh),
            activation("softmax", "Softmax over the last dimension.", .softmax),
            activation("logSoftmax", "Logarithm of softmax over the last dimension.", .logSoftmax),
            .key("elu", "x, or alpha·(eˣ − 1) for negative x.", shorthand: "alpha") { reader in
                .activation(
                    .elu(
                        alpha: reader.value(
                            "alpha", .number(above: 0), default: 1, "Limit for very negative x, negated.")))
            },
            activation("gelu", "x·Φ(x).", .gelu),
            activation("silu", "x·sigmoid(x).", .silu),
            activation("softplus", "log(1 + eˣ).", .softplus),
            activation("ramp", "x clamped to −1…1.", .ramp),
        ]
    }

    private static var structural: [Variant] {
        [
            .key("maxPool", "Largest value of each window.", shorthand: "kernel") { .maxPool(Pooling(from: $0)) },
            .key("averagePool", "Mean of each window.", shorthand: "kernel") { reader in
                .averagePool(
                    Pooling(from: reader),
                    countIncludePad: reader.value(
                        "countIncludePad", .flag, default: true, "Whether padding counts as zeros."))
            },
            .key("globalAveragePool", "Mean over all positions of each channel.") { _ in .globalAveragePool },
            .key("dropout", "Zeroes values at random in training.", shorthand: "probability") { reader in
                .dropout(probability: reader.required("probability", .number(in: 0..<1), "Probability of a zero."))
            },
            .key("flatten", "Joins positions and channels into one vector.") { _ in .flatten },
            .key("residual", "The sum of two paths.", shorthand: "main") { reader in
                .residual(
                    main: reader.required("main", .list(of: .section(), atLeast: 1), "Layers of the main path."),
                    shortcut: reader.value(
                        "shortcut", .list(of: .section()), default: [], "Layers of the shortcut; none for the identity."
                    ))
            },
            .key("concatenate", "Several paths from one input, joined along the channels.", shorthand: "branches") {
                reader in
                .concatenate(
                    branches: reader.required(
                        "branches", .list(of: .list(of: .section()), atLeast: 1),
                        "One list of layers a path; an empty one passes the input."))
            },
            .key("sequence", "Layers one after another, as one layer.", shorthand: "layers") { reader in
                .sequence(reader.required("layers", .list(of: .section(), atLeast: 1), "The layers."))
            },
        ]
    }

    private static func activation(_ name: String, _ documentation: String, _ function: Activation) -> Variant {
        .key(name, documentation) { _ in .activation(function) }
    }
}

extension LayerSpecification.Convolution {
    fileprivate init(from reader: ConfigurationReader) {
        self.init(
            filters: reader.required("filters", .integer(in: 1...), "Number of output channels."),
            kernel: reader.required("kernel", .size(in: 1...), "Height and width of the filters."),
            stride: reader.value("stride", .size(in: 1...), default: 1, "Distance between neighbouring windows."),
            padding: reader.value("padding", .padding, default: 0, "Zeros around the image."),
            dilation: reader.value("dilation", .size(in: 1...), default: 1, "Distance between the taps of a filter."),
            groups: reader.value("groups", .integer(in: 1...), default: 1, "Number of separate groups of channels."),
            bias: reader.value("bias", .flag, default: true, "Whether a bias is added; not needed before batchNorm."),
            initializer: reader.optional("initializer", .section(), "Distribution of the initial filters."))
        if filters % groups != 0 {
            reader.refuse(
                "groups",
                because:
                    "\(filters) filters cannot be shared out evenly over \(groups) groups; make filters a multiple.")
        }
    }
}

extension LayerSpecification.Pooling {
    fileprivate init(from reader: ConfigurationReader) {
        self.init(
            kernel: reader.required("kernel", .size(in: 1...), "Height and width of the window."),
            stride: reader.optional(
                "stride", .size(in: 1...), "Distance between neighbouring windows; the kernel if absent."),
            padding: reader.value("padding", .padding, default: 0, "Border around the image; at most half the kernel."),
            ceil: reader.value("ceil", .flag, default: false, "Whether a window that does not fit entirely counts."))
        if case .explicit(let size) = padding, 2 * size.height > kernel.height || 2 * size.width > kernel.width {
            reader.refuse(
                "padding",
                because: "more than half the kernel, so that a window could lie in the padding alone; make it smaller."
            )
        }
    }
}
