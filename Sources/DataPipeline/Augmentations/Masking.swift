import ConfigurationReading
import Kernels
import TensorCore

/// Makes values of a picture background, each by itself with a probability.
///
/// What `Corruption` does to the values that a denoising objective's model gets, by the same kernel; there the clean
/// ones stay as the target.
package struct Masking: SampleTransform {
    package let probability: Double
    package var keepsPlaces: Bool { true }

    package init(probability: Double) {
        precondition(probability >= 0 && probability <= 1, "Masking: probability \(probability)")
        self.probability = probability
    }

    static let entry = AugmentationEntry(
        "masking", "Some values of a picture become background, each channel of a pixel by itself.",
        shorthand: "probability"
    ) {
        Masking(probability: $0.required("probability", .number(in: 0...1), "That a value does, each by itself."))
    }

    package func apply(
        _ source: UnsafeBufferPointer<Float>, to destination: UnsafeMutableBufferPointer<Float>, shape: Shape,
        background: Float, key: RandomKey
    ) -> Bool {
        let (from, to) = checkedImage(source, destination, shape, "Masking")
        maskValues(from, into: to, count: shape.count, probability: probability, value: background, key: key)
        return true
    }
}
