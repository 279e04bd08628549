/// Forward with output channels on the vector's lanes: the pixels of several windows of a row share each load of filter
/// values.
extension PooledConvolution {
    func forwardByChannels(
        _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, _ bias: UnsafePointer<Float>?,
        _ y: UnsafeMutablePointer<Float>,
        _ choice: UnsafeMutablePointer<Float>, image scratch: UnsafeMutablePointer<Float>,
        _ group: UnsafeMutablePointer<Float>,
        _ filters: UnsafeMutablePointer<Float>
    ) {
        direct.layOutFilters(w, width: wholeVectors(o), into: filters)
        for n in 0..<geometry.batch {
            let image = direct.paddedImage(x, n, scratch)
            for first in stride(from: 0, to: o, by: 16) {
                var shift = Vector.zero
                if let bias { for lane in 0..<min(16, o - first) { shift[lane] = bias[first + lane] } }
                // Few input channels are cases of their own, so that the compiler knows the distances between pixels.
                switch c {
                case 1: windows(n, first, distance: 1, image, filters + first, shift, group, y, choice)
                case 3: windows(n, first, distance: 3, image, filters + first, shift, group, y, choice)
                case 6: windows(n, first, distance: 6, image, filters + first, shift, group, y, choice)
                default: windows(n, first, distance: c, image, filters + first, shift, group, y, choice)
                }
            }
        }
    }

    /// All windows of one image, for one vector of output channels.
    @inline(__always)
    private func windows(
        _ n: Int, _ first: Int, distance: Int, _ image: UnsafePointer<Float>, _ filters: UnsafePointer<Float>,
        _ shift: Vector,
        _ group: UnsafeMutablePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ choice: UnsafeMutablePointer<Float>
    ) {
        for row in 0..<pooledHeight {
            let source = image + 2 * row * direct.paddedWidth * distance
            let line = (n * pooledHeight + row) * pooledWidth
            var column = 0
            while column < pooledWidth {
                let left = pooledWidth - column
                let count = left == 5 || left == 10 ? 5 : left >= 6 ? 6 : left >= 3 ? 3 : 1
                let place = (line + column) * o + first
                let x = source + 2 * column * distance
                switch count {
                case 6:
                    block(InlineArray<6, VectorQuad>(repeating: .init(repeating: shift)), distance, x, filters, group)
                case 5:
                    block(InlineArray<5, VectorQuad>(repeating: .init(repeating: shift)), distance, x, filters, group)
                case 3:
                    block(InlineArray<3, VectorQuad>(repeating: .init(repeating: shift)), distance, x, filters, group)
                default:
                    block(InlineArray<1, VectorQuad>(repeating: .init(repeating: shift)), distance, x, filters, group)
                }
                for window in 0..<count { reduce(group + 64 * window, y, choice, place + window * o, first) }
                column += count
            }
        }
    }

    /// `count` neighbouring windows; each one's four pixels are a quad of vectors of channels.
    @inline(__always)
    private func block<let count: Int>(
        _ start: InlineArray<count, VectorQuad>, _ distance: Int, _ x: UnsafePointer<Float>,
        _ filters: UnsafePointer<Float>,
        _ group: UnsafeMutablePointer<Float>
    ) {
        var sums = start
        let q = wholeVectors(o)
        let line = direct.paddedWidth * distance
        var f = filters
        for row in 0..<geometry.kernelHeight {
            let upper = x + row * line
            let lower = upper + line
            for i in 0..<k {
                let weight = f.vector(0)
                f += q
                for p in 0..<count {
                    var pixels = VectorQuad(repeating: .zero)
                    pixels.upperLeft = Vector(repeating: upper[2 * p * distance + i])
                    pixels.upperRight = Vector(repeating: upper[(2 * p + 1) * distance + i])
                    pixels.lowerLeft = Vector(repeating: lower[2 * p * distance + i])
                    pixels.lowerRight = Vector(repeating: lower[(2 * p + 1) * distance + i])
                    sums[p].add(weight, times: pixels)
                }
            }
        }
        for p in 0..<count { sums[p].store(to: group + 64 * p) }
    }

    /// The largest of one window's pixels.
    @inline(__always)
    private func reduce(
        _ pixels: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ choice: UnsafeMutablePointer<Float>,
        _ place: Int,
        _ first: Int
    ) {
        let largest = WindowMaximum(pixels.vector(0), pixels.vector(16), pixels.vector(32), pixels.vector(48))
        let valid = min(16, o - first)
        // A vector may write over the next window's channels, which come later; not behind the tensor or over earlier
        // vectors.
        if valid == 16 || first == 0 && place + 16 <= geometry.batch * pooledCount {
            y.store(largest.value, place)
            choice.store(largest.place, place)
        } else {
            for lane in 0..<valid {
                y[place + lane] = largest.value[lane]
                choice[place + lane] = largest.place[lane]
            }
        }
    }
}
