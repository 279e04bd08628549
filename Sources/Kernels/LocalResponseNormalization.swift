/// Local response normalisation over rows [rows, channels], Krizhevsky, Sutskever and Hinton 2012, section 3.3.
///
/// y_c = x_c · s_c^−β with s_c = k + α / size · Σ x², the sum over `size` neighbouring channels of the same row: as
/// many before c as behind it, one more before it where `size` is even; channels that do not exist count as 0. This is
/// PyTorch's form: the paper's α is α / size here.
///
/// Rows are taken eight at a time. Their squares go to rows with zeros at both ends, so that a window is `size` plain
/// loads and no edge is a special case.
package struct ResponseWindow: Hashable, Sendable {
    package var size: Int
    package var alpha: Float
    package var beta: Float
    package var k: Float

    package init(size: Int, alpha: Float, beta: Float, k: Float) {
        (self.size, self.alpha, self.beta, self.k) = (size, alpha, beta, k)
    }

    /// How many floats of working memory forward takes for rows of so many channels; backward takes as many again.
    package func scratchCount(channels: Int) -> Int { rowsAtOnce * pitch(channels) }

    /// The neighbours of a channel that stand before it, and those behind it.
    fileprivate var before: Int { size / 2 }
    fileprivate var behind: Int { (size - 1) / 2 }
    fileprivate func pitch(_ channels: Int) -> Int { (channels + 15) / 16 * 16 + size }
}

/// So many rows of a few hundred channels stay in the nearest cache.
private let rowsAtOnce = 8

/// y = x · s^−β. `scratch` has ``ResponseWindow/scratchCount(channels:)`` floats.
package func localResponseNormalization(
    _ window: ResponseWindow, _ x: UnsafePointer<Float>, rows: Int, channels: Int,
    scratch: UnsafeMutablePointer<Float>, into y: UnsafeMutablePointer<Float>
) {
    if window.beta == 0.75 {
        forward(window, x, rows, channels, scratch, into: y, power: threeQuarterRoot)
    } else {
        let exponent = Vector(repeating: -window.beta)
        forward(window, x, rows, channels, scratch, into: y) { exponential(exponent * logarithm($0)) }
    }
}

/// dx = dy s^−β − 2 α β / size · x · Σ dy x s^−(β + 1), the sum over the channels whose windows x is in; added to what
/// is there with `accumulate`.
///
/// `scratch` has twice ``ResponseWindow/scratchCount(channels:)`` floats.
package func localResponseGradient(
    _ window: ResponseWindow, _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, rows: Int, channels: Int,
    scratch: UnsafeMutablePointer<Float>, into dx: UnsafeMutablePointer<Float>, accumulate: Bool
) {
    if window.beta == 0.75 {
        backward(window, x, dy, rows, channels, scratch, into: dx, accumulate, power: threeQuarterRoot)
    } else {
        let exponent = Vector(repeating: -window.beta)
        backward(window, x, dy, rows, channels, scratch, into: dx, accumulate) {
            exponential(exponent * logarithm($0))
        }
    }
}

/// s^−¾, with two square roots: s is always positive.
@inline(__always)
private func threeQuarterRoot(_ s: Vector) -> Vector {
    let root = s.squareRoot()
    return Vector(repeating: 1) / (root * root.squareRoot())
}

@inline(__always)
private func forward(
    _ window: ResponseWindow, _ x: UnsafePointer<Float>, _ rows: Int, _ channels: Int,
    _ scratch: UnsafeMutablePointer<Float>, into y: UnsafeMutablePointer<Float>, power: (Vector) -> Vector
) {
    let squares = PaddedRows(window, channels, offset: window.before, memory: scratch)
    for first in stride(from: 0, to: rows, by: rowsAtOnce) {
        let block = first..<min(first + rowsAtOnce, rows)
        squares.writeSquares(of: x, block)
        for row in block {
            for c in stride(from: 0, to: channels, by: 16) {
                let (index, width) = (row * channels + c, min(16, channels - c))
                let s = squares.sum(row - first, c, times: window.alpha / Float(window.size), plus: window.k)
                storeLanes(loadLanes(x + index, width) * power(s), to: y + index, width)
            }
        }
    }
}

@inline(__always)
private func backward(
    _ window: ResponseWindow, _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, _ rows: Int, _ channels: Int,
    _ scratch: UnsafeMutablePointer<Float>, into dx: UnsafeMutablePointer<Float>, _ accumulate: Bool,
    power: (Vector) -> Vector
) {
    let squares = PaddedRows(window, channels, offset: window.before, memory: scratch)
    // A channel is in the windows of `behind` channels before it and `before` behind it.
    let terms = PaddedRows(
        window, channels, offset: window.behind, memory: scratch + window.scratchCount(channels: channels))
    let factor = window.alpha / Float(window.size)
    for first in stride(from: 0, to: rows, by: rowsAtOnce) {
        let block = first..<min(first + rowsAtOnce, rows)
        squares.writeSquares(of: x, block)
        for row in block {
            for c in stride(from: 0, to: channels, by: 16) {
                let (index, width) = (row * channels + c, min(16, channels - c))
                let s = squares.sum(row - first, c, times: factor, plus: window.k)
                let direct = loadLanes(dy + index, width) * power(s)
                terms.write(direct * loadLanes(x + index, width) / s, row - first, c)
                storeLanes(accumulate ? loadLanes(dx + index, width) + direct : direct, to: dx + index, width)
            }
        }
        for row in block {
            for c in stride(from: 0, to: channels, by: 16) {
                let (index, width) = (row * channels + c, min(16, channels - c))
                let slope = terms.sum(row - first, c, times: -2 * factor * window.beta, plus: 0)
                let value = loadLanes(dx + index, width).addingProduct(loadLanes(x + index, width), slope)
                storeLanes(value, to: dx + index, width)
            }
        }
    }
}

/// A few rows of channels with zeros at both ends.
private struct PaddedRows {
    private let window: ResponseWindow
    private let channels: Int
    private let pitch: Int
    private let offset: Int
    private let memory: UnsafeMutablePointer<Float>

    /// - Parameter offset: how many zeros stand before the first channel.
    init(_ window: ResponseWindow, _ channels: Int, offset: Int, memory: UnsafeMutablePointer<Float>) {
        self.window = window
        self.channels = channels
        self.offset = offset
        self.memory = memory
        pitch = window.pitch(channels)
        memory.update(repeating: 0, count: window.scratchCount(channels: channels))
    }

    /// Writes sixteen channels; what lies behind the last one has to be 0.
    @inline(__always)
    func write(_ value: Vector, _ row: Int, _ channel: Int) { memory.store(value, row * pitch + offset + channel) }

    @inline(__always)
    func writeSquares(of x: UnsafePointer<Float>, _ block: Range<Int>) {
        for row in block {
            for c in stride(from: 0, to: channels, by: 16) {
                let value = loadLanes(x + row * channels + c, min(16, channels - c))
                write(value * value, row - block.lowerBound, c)
            }
        }
    }

    /// The sums of the windows of sixteen channels, times a factor, plus a constant.
    @inline(__always)
    func sum(_ row: Int, _ channel: Int, times factor: Float, plus constant: Float) -> Vector {
        let start = UnsafePointer(memory) + row * pitch + channel
        var total = start.vector(0)
        for place in 1..<window.size { total += start.vector(place) }
        return Vector(repeating: constant).plus(total, times: factor)
    }
}
