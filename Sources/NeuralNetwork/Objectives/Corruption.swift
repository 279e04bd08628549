import ConfigurationReading
import Kernels
import TensorCore

/// How samples are spoilt before a denoising autoencoder sees them (Vincent et al., "Stacked denoising autoencoders",
/// JMLR 11, 2010, "Types of corruption considered").
///
/// Every value has its fate by itself, where the paper spoils a fixed share of each sample's values. All numbers are in
/// the units that the model gets, that is after preprocessing.
package enum Corruption: Equatable, Sendable {
    /// A value becomes 0 with this probability.
    case masking(probability: Double)
    /// A value becomes `low` or `high`, each with half of this probability.
    case saltAndPepper(probability: Double, low: Float = 0, high: Float = 1)
    /// A value becomes x + n, n ~ N(0, deviation²); it may leave the range of clean values.
    case gaussian(deviation: Float)

    /// Writes `clean`, corrupted, into a tensor of the same shape; a pure function of values, shape and key.
    package func callAsFunction(_ clean: Tensor, key: RandomKey, pool: StoragePool) -> Tensor {
        let result = Tensor(clean.shape, pool: pool)
        let x = clean.pointer
        let y = result.pointer
        switch self {
        case .masking(let probability):
            maskValues(x, into: y, count: clean.count, probability: probability, key: key)
        case .saltAndPepper(let probability, let low, let high):
            Kernels.saltAndPepper(
                x, into: y, count: clean.count, probability: probability, low: low, high: high, key: key)
        case .gaussian(let deviation):
            for first in stride(from: 0, to: clean.count, by: 2) {
                let (a, b) = key.normals(at: UInt64(first / 2))
                y[first] = x[first] + deviation * a
                if first + 1 < clean.count { y[first + 1] = x[first + 1] + deviation * b }
            }
        }
        return result
    }
}

/// `{masking: 0.3}`, `{saltAndPepper: {probability: 0.2, low: -1}}`, `{gaussian: 0.5}`.
extension Corruption: ConfigurationSection {
    package static var title: String { "corruption" }

    package init(from reader: ConfigurationReader) {
        func probability(_ reader: ConfigurationReader) -> Double {
            reader.required("probability", .number(in: 0...1), "That a value is corrupted, each by itself.")
        }
        self = reader.oneOf([
            .key("masking", "Some values become 0.", shorthand: "probability") {
                .masking(probability: probability($0))
            },
            .key(
                "saltAndPepper", "Some values become the lowest or the highest, with equal probability.",
                shorthand: "probability"
            ) {
                .saltAndPepper(
                    probability: probability($0),
                    low: Float($0.value("low", .number, default: 0, "The lowest value, after preprocessing.")),
                    high: Float($0.value("high", .number, default: 1, "The highest value, after preprocessing.")))
            },
            .key("gaussian", "Every value gets normal noise added.", shorthand: "deviation") {
                .gaussian(
                    deviation: Float(
                        $0.required(
                            "deviation", .number(above: 0), "The noise's standard deviation, after preprocessing.")))
            },
        ])
    }
}
