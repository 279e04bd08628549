import ConfigurationReading
import Kernels
import TensorCore

/// Turns an image about its middle by a uniform angle in −`degrees`…`degrees`; uncovered places become background.
package struct Rotate: SampleTransform {
    /// The largest angle.
    package let degrees: Double

    package init(degrees: Double) {
        precondition(degrees >= 0 && degrees <= 180, "Rotate: \(degrees) degrees")
        self.degrees = degrees
    }

    static let entry = AugmentationEntry(
        "rotate", "A turn about the middle in either direction, bilinear, background moving in.", shorthand: "degrees"
    ) {
        Rotate(
            degrees: $0.required("degrees", .number(in: 0...180), "The largest angle; with 180 every one is drawn."))
    }

    package func apply(
        _ source: UnsafeBufferPointer<Float>, to destination: UnsafeMutableBufferPointer<Float>, shape: Shape,
        background: Float, key: RandomKey
    ) -> Bool {
        let (from, to) = checkedImage(source, destination, shape, "Rotate")
        let turns = (2 * Double(key.uniform(at: 0)) - 1) * degrees / 360
        if turns == 0 { return false }
        rotateImage(
            to: to, h: shape[0], w: shape[1], c: shape[2], by: Direction(turns: turns), outside: background
        ) { from[$0] }
        return true
    }
}

extension Augmentation {
    package static func rotate(degrees: Double) -> Augmentation { .init(Rotate(degrees: degrees)) }
}
