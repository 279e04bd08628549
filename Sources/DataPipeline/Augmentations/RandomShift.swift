import Kernels
import TensorCore

/// Pixels by which an image may be moved; more than any image has.
let largestShift = 1 << 16

/// Moves an image by a uniform whole number of pixels in −`distance`…`distance` on both axes; false where it stays.
///
/// A crop at a uniform place after padding is such a move, so `RandomCrop` and `Translate` share this.
func shiftRandomly(
    _ source: UnsafeBufferPointer<Float>, to destination: UnsafeMutableBufferPointer<Float>, shape: Shape,
    atMost distance: Int, border: ImageBorder, fill: Float, key: RandomKey, name: String
) -> Bool {
    let words = key.block(at: 0)
    let choices = UInt64(2 * distance + 1)
    let down = Int((UInt64(words[0]) * choices) >> 32) - distance
    let right = Int((UInt64(words[1]) * choices) >> 32) - distance
    if down == 0 && right == 0 { return false }
    let (from, to) = checkedImage(source, destination, shape, name)
    let (h, w, c) = (shape[0], shape[1], shape[2])
    switch border {
    case .background: shiftImage(from, to: to, h: h, w: w, c: c, down: down, right: right, fill: fill)
    case .reflect: shiftReflectedImage(from, to: to, h: h, w: w, c: c, down: down, right: right)
    }
    return true
}
