import ConfigurationReading
import Kernels
import TensorCore

/// Takes the colours of a picture away with a probability: all three channels become the brightness that an eye sees
/// (torchvision's `RandomGrayscale`).
package struct Greyscale: PixelTransform {
    package let probability: Double
    package var full: Float = 255

    package init(probability: Double) {
        precondition(probability >= 0 && probability <= 1, "Greyscale: probability \(probability)")
        self.probability = probability
    }

    static let entry = AugmentationEntry(
        "greyscale", "Some pictures lose their colours; they keep three channels.", shorthand: "probability",
        otherNames: ["grayscale", "RandomGrayscale"]
    ) {
        Greyscale(probability: $0.value("probability", .number(in: 0...1), default: 0.1, "That a picture does."))
    }

    package func problem(of field: FieldDescription) -> String? {
        field.channels == 3
            ? nil : "its pictures have \(field.channels) channels, and colours have three; take the augmentation away"
    }

    package func apply(
        _ source: UnsafeBufferPointer<Float>, to destination: UnsafeMutableBufferPointer<Float>, shape: Shape,
        background: Float, key: RandomKey
    ) -> Bool {
        guard Double(key.uniform(at: 0)) < probability else { return false }
        let (from, to) = checkedImage(source, destination, shape, "Greyscale")
        adjustSaturation(from, into: to, pixels: shape[0] * shape[1], factor: 0, full: full)
        return true
    }
}
