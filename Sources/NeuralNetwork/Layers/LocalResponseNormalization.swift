import Autograd
import ConfigurationReading

/// Divides each channel by a power of what its neighbours at the same position are: AlexNet, GoogLeNet, VGG A-LRN.
///
/// Krizhevsky, Sutskever and Hinton 2012, section 3.3; as PyTorch's `LocalResponseNorm`.
struct LocalResponseNormalization: UnaryLayer {
    let kind: Kind

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable {
        localResponseNormalization(
            x, size: kind.size, alpha: Float(kind.alpha), beta: Float(kind.beta), k: Float(kind.k))
    }

    static let entry = LayerEntry(
        "localResponseNorm",
        "Local response normalisation: x/(k + alpha/size·Σx²)^beta, the sum over `size` neighbouring channels.",
        shorthand: "size"
    ) { Kind(from: $0) }

    struct Kind: LayerKind {
        let size: Int
        let alpha: Double
        let beta: Double
        let k: Double

        func build(
            _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
        ) throws -> GraphBuilder.Node {
            let input = try builder.single(inputs, path)
            // The squares, their factor and the quotient; powers are not counted.
            return builder.add(
                LocalResponseNormalization(kind: self), "localResponseNorm", inputs, input, path,
                multiplications: 3 * input.count, additions: size * input.count)
        }
    }
}

extension LocalResponseNormalization.Kind {
    init(from reader: ConfigurationReader) {
        size = reader.required(
            "size", .integer(in: 1..., atMost: 4096), "Neighbouring channels in a sum, its own among them.")
        alpha = reader.value(
            "alpha", .number(in: 0...), default: 1e-4,
            "Factor of the mean of the neighbours' squares, as in PyTorch. Papers give that of their sum, alpha/size: "
                + "AlexNet's 1e-4 for 5 neighbours is 5e-4 here.")
        beta = reader.value("beta", .number(in: 0...), default: 0.75, "Power of the divisor.")
        k = reader.value("k", .number(above: 0), default: 1, "Added to the neighbours' part of the divisor.")
    }
}

extension LayerSpecification {
    package static func localResponseNorm(
        size: Int, alpha: Double = 1e-4, beta: Double = 0.75, k: Double = 1
    ) -> LayerSpecification {
        .init(LocalResponseNormalization.Kind(size: size, alpha: alpha, beta: beta, k: k))
    }
}
