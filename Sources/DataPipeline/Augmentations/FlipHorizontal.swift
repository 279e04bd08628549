import Kernels
import TensorCore

/// Mirrors an image left to right with probability one half.
package struct FlipHorizontal: SampleTransform {
    package init() {}

    static let entry = AugmentationEntry("flip", "A mirror image, left for right, of every second sample.") { _ in
        FlipHorizontal()
    }

    package func apply(
        _ source: UnsafeBufferPointer<Float>, to destination: UnsafeMutableBufferPointer<Float>, shape: Shape,
        background: Float, key: RandomKey
    ) -> Bool {
        guard key.block(at: 0)[0] >> 31 == 1 else { return false }
        let (from, to) = checkedImage(source, destination, shape, "FlipHorizontal")
        mirrorImage(from, to: to, h: shape[0], w: shape[1], c: shape[2])
        return true
    }
}

extension Augmentation {
    package static var flipHorizontal: Augmentation { .init(FlipHorizontal()) }
}
