import ConfigurationReading
import Kernels
import TensorCore

/// Adds to every value of a picture a number from N(0, deviation²).
package struct GaussianNoise: PixelTransform {
    /// On the scale where full brightness is 1.
    package let deviation: Double
    /// Whether sums are held between black and full brightness.
    package let clips: Bool
    package var full: Float = 255

    package init(deviation: Double, clips: Bool = true) {
        precondition(deviation >= 0, "GaussianNoise: deviation \(deviation)")
        self.deviation = deviation
        self.clips = clips
    }

    static let entry = AugmentationEntry(
        "gaussianNoise", "Normal noise is added to every value of a picture.", shorthand: "deviation"
    ) {
        GaussianNoise(
            deviation: $0.value(
                "deviation", .number(above: 0), default: 0.1,
                "The noise's standard deviation, where full brightness is 1."),
            clips: $0.value(
                "clip", .flag, default: true, "Whether values are held between black and full brightness."))
    }

    package func apply(
        _ source: UnsafeBufferPointer<Float>, to destination: UnsafeMutableBufferPointer<Float>, shape: Shape,
        background: Float, key: RandomKey
    ) -> Bool {
        let (from, to) = checkedImage(source, destination, shape, "GaussianNoise")
        addNormalNoise(
            from, into: to, count: shape.count, deviation: Float(deviation) * full, full: clips ? full : nil, key: key)
        return true
    }
}
