import ConfigurationReading
import Kernels
import TensorCore

/// Makes values of a picture black or fully bright, each by itself with half of a probability for either.
///
/// As in `Corruption`, by the same kernel.
package struct SaltAndPepper: PixelTransform {
    package let probability: Double
    package var full: Float = 255

    package init(probability: Double) {
        precondition(probability >= 0 && probability <= 1, "SaltAndPepper: probability \(probability)")
        self.probability = probability
    }

    static let entry = AugmentationEntry(
        "saltAndPepper",
        "Some values of a picture become black or fully bright, with equal probability, each channel of a pixel by "
            + "itself.", shorthand: "probability"
    ) {
        SaltAndPepper(probability: $0.required("probability", .number(in: 0...1), "That a value does, each by itself."))
    }

    package func apply(
        _ source: UnsafeBufferPointer<Float>, to destination: UnsafeMutableBufferPointer<Float>, shape: Shape,
        background: Float, key: RandomKey
    ) -> Bool {
        let (from, to) = checkedImage(source, destination, shape, "SaltAndPepper")
        Kernels.saltAndPepper(
            from, into: to, count: shape.count, probability: probability, low: 0, high: full, key: key)
        return true
    }
}
