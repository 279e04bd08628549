import ConfigurationReading
import Kernels
import TensorCore

/// Moves an image by a uniform whole number of pixels in −`pixels`…`pixels` on both axes; uncovered places become
/// background, or the image mirrored at its edge.
package struct Translate: SampleTransform {
    /// The largest distance.
    package let pixels: Int
    package let border: ImageBorder

    package init(pixels: Int, border: ImageBorder = .background) {
        precondition(pixels >= 0, "Translate: negative distance \(pixels)")
        self.pixels = pixels
        self.border = border
    }

    static let entry = AugmentationEntry(
        "translate", "A shift in both directions, background moving in.", shorthand: "pixels"
    ) {
        Translate(
            pixels: $0.required("pixels", .integer(in: 0..., atMost: largestShift), "The largest shift."),
            border: $0.imageBorder())
    }

    package func apply(
        _ source: UnsafeBufferPointer<Float>, to destination: UnsafeMutableBufferPointer<Float>, shape: Shape,
        background: Float, key: RandomKey
    ) -> Bool {
        shiftRandomly(
            source, to: destination, shape: shape, atMost: pixels, border: border, fill: background, key: key,
            name: "Translate")
    }
}

extension Augmentation {
    package static func translate(pixels: Int) -> Augmentation { .init(Translate(pixels: pixels)) }
}
