/// Forward with sixteen windows of a row on the vector's lanes, for fewer output channels than a vector has lanes: the
/// windows' pixels are loaded once for up to six output channels.
///
/// Even and odd columns of the image lie apart, so that each of a window's four pixels is a vector over the windows.
extension PooledConvolution {
    /// Floats of the even or odd columns of a row.
    private var halfWidth: Int { (direct.paddedWidth + 1) / 2 }

    func forwardByPixels(
        _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, _ bias: UnsafePointer<Float>?,
        _ y: UnsafeMutablePointer<Float>,
        _ choice: UnsafeMutablePointer<Float>, planes: UnsafeMutablePointer<Float>,
        _ results: UnsafeMutablePointer<Float>,
        _ filters: UnsafeMutablePointer<Float>
    ) {
        direct.layOutFilters(w, width: o, into: filters)
        let zeros = VectorQuad(repeating: .zero)
        planes.update(repeating: 0, count: imageSpace)
        for n in 0..<geometry.batch {
            copyPlanes(x + n * geometry.inputHeight * geometry.inputWidth * c, into: planes)
            for row in 0..<pooledHeight {
                let place = (n * pooledHeight + row) * pooledWidth * o
                for column in stride(from: 0, to: pooledWidth, by: 16) {
                    let source = planes + 4 * row * halfWidth + column
                    let target = place + column * o
                    let windows = min(16, pooledWidth - column)
                    var first = 0
                    while first < o {
                        let shift = bias.map { $0 + first }
                        let f = filters + first
                        switch o - first {
                        case 6...: group(InlineArray<6, VectorQuad>(repeating: zeros), source, f, shift, results)
                        case 3...: group(InlineArray<3, VectorQuad>(repeating: zeros), source, f, shift, results)
                        default: group(InlineArray<1, VectorQuad>(repeating: zeros), source, f, shift, results)
                        }
                        let count = o - first >= 6 ? 6 : o - first >= 3 ? 3 : 1
                        reduce(results, count, y + target + first, choice + target + first, windows)
                        first += count
                    }
                }
            }
        }
    }

    /// `count` output channels of sixteen neighbouring windows; a quad is a channel's four pixels.
    @inline(__always)
    private func group<let count: Int>(
        _ zeros: InlineArray<count, VectorQuad>, _ planes: UnsafePointer<Float>, _ filters: UnsafePointer<Float>,
        _ bias: UnsafePointer<Float>?, _ results: UnsafeMutablePointer<Float>
    ) {
        var sums = zeros
        if let bias { for i in 0..<count { sums[i] = VectorQuad(repeating: Vector(repeating: bias[i])) } }
        let line = 2 * halfWidth
        let planeCount = direct.paddedHeight * line
        var f = filters
        for row in 0..<geometry.kernelHeight {
            for column in 0..<geometry.kernelWidth {
                let left = row * line + column % 2 * halfWidth + column / 2
                let right = row * line + (column + 1) % 2 * halfWidth + (column + 1) / 2
                for channel in 0..<c {
                    let x = planes + channel * planeCount
                    var pixels = VectorQuad(repeating: x.vector(left))
                    pixels.upperRight = x.vector(right)
                    pixels.lowerLeft = x.vector(left + line)
                    pixels.lowerRight = x.vector(right + line)
                    for i in 0..<count { sums[i].add(Vector(repeating: f[i]), times: pixels) }
                    f += o
                }
            }
        }
        for i in 0..<count { sums[i].store(to: results + 64 * i) }
    }

    /// The largest of each window's pixels, for `count` channels of up to sixteen windows.
    private func reduce(
        _ pixels: UnsafeMutablePointer<Float>, _ count: Int, _ y: UnsafeMutablePointer<Float>,
        _ choice: UnsafeMutablePointer<Float>, _ windows: Int
    ) {
        // In place: the values and the places of channel i go where its pixels were.
        for i in 0..<count {
            let p = pixels + 64 * i
            let largest = WindowMaximum(p.vector(0), p.vector(16), p.vector(32), p.vector(48))
            p.store(largest.value, 0)
            p.store(largest.place, 16)
        }
        // Counts that the compiler knows.
        switch count {
        case 6: transpose(pixels, 6, y, choice, windows)
        case 3: transpose(pixels, 3, y, choice, windows)
        default: transpose(pixels, 1, y, choice, windows)
        }
    }

    /// From channel after channel to window after window.
    @inline(__always)
    private func transpose(
        _ results: UnsafePointer<Float>, _ count: Int, _ y: UnsafeMutablePointer<Float>,
        _ choice: UnsafeMutablePointer<Float>,
        _ windows: Int
    ) {
        var place = 0
        for window in 0..<windows {
            for i in 0..<count {
                y[place + i] = results[64 * i + window]
                choice[place + i] = results[64 * i + 16 + window]
            }
            place += o
        }
    }

    /// The padded image of the input channels, one plane after another: for each row the even columns, then the odd
    /// ones.
    private func copyPlanes(_ x: UnsafePointer<Float>, into planes: UnsafeMutablePointer<Float>) {
        let g = geometry
        for channel in 0..<c {
            for row in 0..<g.inputHeight {
                let target = planes + (channel * direct.paddedHeight + row + g.paddingTop) * 2 * halfWidth
                let source = x + row * g.inputWidth * c + channel
                for first in 0..<min(2, g.inputWidth) {
                    let place = target + (first + g.paddingLeft) % 2 * halfWidth + (first + g.paddingLeft) / 2
                    for i in 0..<(g.inputWidth - first + 1) / 2 { place[i] = source[(2 * i + first) * c] }
                }
            }
        }
    }
}
