import Autograd
import ConfigurationReading
import TensorCore

/// max(0, x), which many layers before it compute by themselves.
struct Rectifier: UnaryLayer {
    func callAsFunction(_ x: Variable, mode: Mode) -> Variable { relu(x) }
}

/// An element-wise function, or softmax over the last dimension.
struct ActivationLayer: UnaryLayer {
    let function: @Sendable (Variable) -> Variable

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable { function(x) }
}

/// An activation function as a configuration describes it: its name, and its number where it has one.
package struct Activation: LayerKind {
    let name: String
    /// The function's own constant, such as a slope; 0 where it has none.
    let constant: Double

    /// Every activation function, a line each.
    private static let catalogue: [Definition] = [
        Definition("relu", "max(0, x).") { x, _ in relu(x) },
        Definition("leakyRelu", "x, or slope·x for negative x.", .init("slope", 0.01, "Slope for negative x.")) {
            leakyRelu($0, slope: $1)
        },
        Definition("sigmoid", "1/(1 + e⁻ˣ).") { x, _ in sigmoid(x) },
        Definition("tanh", "Hyperbolic tangent.") { x, _ in tanh(x) },
        Definition("softmax", "Softmax over the last dimension.") { x, _ in softmax(x) },
        Definition("logSoftmax", "Logarithm of softmax over the last dimension.") { x, _ in logSoftmax(x) },
        Definition(
            "elu", "x, or alpha·(eˣ − 1) for negative x; Clevert et al. 2015.",
            .init("alpha", 1, isPositive: true, "Limit for very negative x, negated.")
        ) { elu($0, alpha: $1) },
        Definition("gelu", "x·Φ(x); Hendrycks and Gimpel 2016.") { x, _ in gelu(x) },
        Definition("silu", "x·sigmoid(x).") { x, _ in silu(x) },
        Definition("softplus", "log(1 + eˣ).") { x, _ in softplus(x) },
        Definition("ramp", "x clamped to −1…1.") { x, _ in ramp(x) },
        Definition("scaledTanh", "1.7159·tanh(2x/3); LeCun et al. 1998.") { x, _ in scaledTanh(x) },
        Definition("identity", "x itself: a linear unit.") { x, _ in x },
        Definition(
            "threshold",
            "1 for x ≥ 0, else 0: a hard limiter. Its gradient is 0, so that gradient descent can't train what stands "
                + "before it."
        ) { x, _ in threshold(x) },
    ]

    static let entries: [LayerEntry] = catalogue.map { definition in
        LayerEntry(definition.name, definition.documentation, shorthand: definition.constant?.key) { reader in
            let constant = definition.constant.map { constant in
                reader.value(
                    constant.key, constant.isPositive ? .number(above: 0) : .number(in: 0...),
                    default: ConfigurationNode(floatLiteral: constant.usual), constant.documentation)
            }
            return Activation(name: definition.name, constant: constant ?? 0)
        }
    }

    private struct Definition: Sendable {
        let name: String
        let documentation: String
        let constant: Constant?
        let function: @Sendable (Variable, Float) -> Variable

        init(
            _ name: String, _ documentation: String, _ constant: Constant? = nil,
            function: @escaping @Sendable (Variable, Float) -> Variable
        ) {
            self.name = name
            self.documentation = documentation
            self.constant = constant
            self.function = function
        }
    }

    /// The number that a function may have.
    private struct Constant: Sendable {
        let key: String
        let usual: Double
        let isPositive: Bool
        let documentation: String

        init(_ key: String, _ usual: Double, isPositive: Bool = false, _ documentation: String) {
            self.key = key
            self.usual = usual
            self.isPositive = isPositive
            self.documentation = documentation
        }
    }

    package func build(
        _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
    ) throws -> GraphBuilder.Node {
        let shape = try builder.single(inputs, path)
        return builder.add(layer, name, inputs, shape, path, inPlace: true)
    }

    /// The layer that computes it; other layers use it for their own activations.
    var layer: any Layer {
        if name == "relu" { return Rectifier() }
        guard let definition = Activation.catalogue.first(where: { $0.name == name }) else {
            preconditionFailure("Activation: no function \(name)")
        }
        let constant = Float(constant)
        return ActivationLayer { definition.function($0, constant) }
    }

    /// The names of all functions.
    package static var names: [String] { catalogue.map(\.name) }

    /// - Parameter constant: nil for the usual one.
    init(_ name: String, _ constant: Double? = nil) {
        self.name = name
        self.constant = constant ?? Activation.catalogue.first { $0.name == name }?.constant?.usual ?? 0
    }

    private init(name: String, constant: Double) {
        self.name = name
        self.constant = constant
    }
}

extension LayerSpecification {
    /// - Parameter constant: the function's own number, such as a slope; nil for the usual one.
    package static func activation(_ name: String, _ constant: Double? = nil) -> LayerSpecification {
        .init(Activation(name, constant))
    }

    package static var relu: LayerSpecification { activation("relu") }
}
