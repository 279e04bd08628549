import Kernels
import TensorCore

/// Turns an image upside down with probability one half.
package struct FlipVertical: SampleTransform {
    package init() {}

    static let entry = AugmentationEntry(
        "flipVertical", "A mirror image, top for bottom, of every second sample."
    ) { _ in FlipVertical() }

    package func apply(
        _ source: UnsafeBufferPointer<Float>, to destination: UnsafeMutableBufferPointer<Float>, shape: Shape,
        background: Float, key: RandomKey
    ) -> Bool {
        guard key.block(at: 0)[0] >> 31 == 1 else { return false }
        let (from, to) = checkedImage(source, destination, shape, "FlipVertical")
        invertImage(from, to: to, h: shape[0], w: shape[1], c: shape[2])
        return true
    }
}
