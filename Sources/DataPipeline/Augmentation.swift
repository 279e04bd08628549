import Kernels
import TensorCore

/// A random change of one raw training sample, a pure function of the sample and its key.
package protocol SampleTransform: Sendable {
    /// Writes the changed `source` into `destination` and returns true, or returns false when this key leaves it as it
    /// is.
    ///
    /// Both buffers hold `shape.count` raw values in [H, W, C] order and do not overlap.
    func apply(
        _ source: UnsafeBufferPointer<Float>, to destination: UnsafeMutableBufferPointer<Float>, shape: Shape,
        background: Float, key: RandomKey
    ) -> Bool
}

/// The augmentations that a config can name.
package enum Augmentation: Equatable, Sendable {
    /// See `FlipHorizontal`.
    case flipHorizontal
    /// See `RandomCrop`.
    case randomCrop(padding: Int)
    /// See `Translate`.
    case translate(pixels: Int)

    /// What carries it out.
    package var transform: any SampleTransform {
        switch self {
        case .flipHorizontal: FlipHorizontal()
        case .randomCrop(let padding): RandomCrop(padding: padding)
        case .translate(let pixels): Translate(pixels: pixels)
        }
    }
}

/// Mirrors an image left to right with probability one half.
package struct FlipHorizontal: SampleTransform {
    package init() {}

    package func apply(
        _ source: UnsafeBufferPointer<Float>, to destination: UnsafeMutableBufferPointer<Float>, shape: Shape,
        background: Float, key: RandomKey
    ) -> Bool {
        guard key.block(at: 0)[0] >> 31 == 1 else { return false }
        let (from, to) = checked(source, destination, shape, "FlipHorizontal")
        mirrorImage(from, to: to, h: shape[0], w: shape[1], c: shape[2])
        return true
    }
}

/// Pads every side with `padding` raw zeros and cuts the original size at a uniform place, as torchvision's
/// `RandomCrop` does.
package struct RandomCrop: SampleTransform {
    /// Pixels on every side.
    package let padding: Int

    package init(padding: Int) {
        precondition(padding >= 0, "RandomCrop: negative padding \(padding)")
        self.padding = padding
    }

    package func apply(
        _ source: UnsafeBufferPointer<Float>, to destination: UnsafeMutableBufferPointer<Float>, shape: Shape,
        background: Float, key: RandomKey
    ) -> Bool {
        shiftRandomly(source, to: destination, shape: shape, atMost: padding, fill: 0, key: key, name: "RandomCrop")
    }
}

/// Moves an image by a uniform whole number of pixels in −`pixels`…`pixels` on both axes; uncovered places become
/// background.
package struct Translate: SampleTransform {
    /// The largest distance.
    package let pixels: Int

    package init(pixels: Int) {
        precondition(pixels >= 0, "Translate: negative distance \(pixels)")
        self.pixels = pixels
    }

    package func apply(
        _ source: UnsafeBufferPointer<Float>, to destination: UnsafeMutableBufferPointer<Float>, shape: Shape,
        background: Float, key: RandomKey
    ) -> Bool {
        shiftRandomly(
            source, to: destination, shape: shape, atMost: pixels, fill: background, key: key, name: "Translate")
    }
}

/// A crop at a uniform place after padding is a move by a uniform distance, so both share this.
private func shiftRandomly(
    _ source: UnsafeBufferPointer<Float>, to destination: UnsafeMutableBufferPointer<Float>, shape: Shape,
    atMost distance: Int, fill: Float, key: RandomKey, name: String
) -> Bool {
    let words = key.block(at: 0)
    let choices = UInt64(2 * distance + 1)
    let down = Int((UInt64(words[0]) * choices) >> 32) - distance
    let right = Int((UInt64(words[1]) * choices) >> 32) - distance
    if down == 0 && right == 0 { return false }
    let (from, to) = checked(source, destination, shape, name)
    shiftImage(from, to: to, h: shape[0], w: shape[1], c: shape[2], down: down, right: right, fill: fill)
    return true
}

private func checked(
    _ source: UnsafeBufferPointer<Float>, _ destination: UnsafeMutableBufferPointer<Float>, _ shape: Shape,
    _ name: String
) -> (UnsafePointer<Float>, UnsafeMutablePointer<Float>) {
    guard shape.rank == 3, source.count == shape.count, destination.count == shape.count,
        let from = source.baseAddress, let to = destination.baseAddress
    else {
        preconditionFailure(
            "\(name): needs [H, W, C] buffers, got \(shape) in \(source.count) and \(destination.count) floats")
    }
    return (from, to)
}
