import ConfigurationReading
import Kernels
import TensorCore

/// Pads every side with `padding` pixels of background, or of the mirrored image, and cuts the original size at a
/// uniform place; with a background of 0 it is torchvision's `RandomCrop`.
package struct RandomCrop: SampleTransform {
    /// Pixels on every side.
    package let padding: Int
    package let border: ImageBorder

    package init(padding: Int, border: ImageBorder = .background) {
        precondition(padding >= 0, "RandomCrop: negative padding \(padding)")
        self.padding = padding
        self.border = border
    }

    static let entry = AugmentationEntry(
        "crop", "A window of the original size out of the padded image.", shorthand: "padding"
    ) {
        RandomCrop(
            padding: $0.value(
                "padding", .integer(in: 1..., atMost: largestShift), default: 4, "Pixels added on each side."),
            border: $0.imageBorder())
    }

    package func apply(
        _ source: UnsafeBufferPointer<Float>, to destination: UnsafeMutableBufferPointer<Float>, shape: Shape,
        background: Float, key: RandomKey
    ) -> Bool {
        shiftRandomly(
            source, to: destination, shape: shape, atMost: padding, border: border, fill: background, key: key,
            name: "RandomCrop")
    }
}

extension Augmentation {
    package static func randomCrop(padding: Int) -> Augmentation { .init(RandomCrop(padding: padding)) }
}
