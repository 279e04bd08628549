import ConfigurationReading
import Kernels
import TensorCore

/// Pads every side with `padding` pixels of background and cuts the original size at a uniform place; with a background
/// of 0 it is torchvision's `RandomCrop`.
package struct RandomCrop: SampleTransform {
    /// Pixels on every side.
    package let padding: Int

    package init(padding: Int) {
        precondition(padding >= 0, "RandomCrop: negative padding \(padding)")
        self.padding = padding
    }

    static let entry = AugmentationEntry(
        "crop", "A window of the original size out of the padded image.", shorthand: "padding"
    ) {
        RandomCrop(
            padding: $0.value(
                "padding", .integer(in: 1..., atMost: largestShift), default: 4, "Background on each side."))
    }

    package func apply(
        _ source: UnsafeBufferPointer<Float>, to destination: UnsafeMutableBufferPointer<Float>, shape: Shape,
        background: Float, key: RandomKey
    ) -> Bool {
        shiftRandomly(
            source, to: destination, shape: shape, atMost: padding, fill: background, key: key, name: "RandomCrop")
    }
}

extension Augmentation {
    package static func randomCrop(padding: Int) -> Augmentation { .init(RandomCrop(padding: padding)) }
}
