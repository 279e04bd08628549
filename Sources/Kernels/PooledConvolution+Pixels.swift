/// Forward with neighbouring pixels of a row on the vector's lanes, for fewer output channels than a vector has lanes: the
/// pixels of sixteen windows are loaded once for up to six output channels.
extension PooledConvolution {
    func forwardByPixels(
        _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, _ bias: UnsafePointer<Float>?, _ y: UnsafeMutablePointer<Float>,
        _ choice: UnsafeMutablePointer<Float>, planes: UnsafeMutablePointer<Float>, _ results: UnsafeMutablePointer<Float>,
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
                    let source = planes + 2 * row * direct.paddedWidth + 2 * column
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

    /// `count` output channels of sixteen neighbouring windows; a quad is two rows of 32 pixels of a channel.
    @inline(__always)
    private func group<let count: Int>(
        _ zeros: InlineArray<count, VectorQuad>, _ planes: UnsafePointer<Float>, _ filters: UnsafePointer<Float>,
        _ bias: UnsafePointer<Float>?, _ results: UnsafeMutablePointer<Float>
    ) {
        var sums = zeros
        if let bias { for i in 0..<count { sums[i] = VectorQuad(repeating: Vector(repeating: bias[i])) } }
        let width = direct.paddedWidth
        let planeCount = direct.paddedHeight * width
        var f = filters
        for row in 0..<geometry.kernelHeight {
            for column in 0..<geometry.kernelWidth {
                for channel in 0..<c {
                    let x = planes + channel * planeCount + row * width + column
                    var pixels = VectorQuad(repeating: x.vector(0))
                    pixels.upperRight = x.vector(16)
                    pixels.lowerLeft = x.vector(width)
                    pixels.lowerRight = x.vector(width + 16)
                    for i in 0..<count { sums[i].add(Vector(repeating: f[i]), times: pixels) }
                    f += o
                }
            }
        }
        for i in 0..<count { sums[i].store(to: results + 64 * i) }
    }

    /// The largest of each window's pixels, for `count` channels of up to sixteen windows.
    @inline(__always)
    private func reduce(
        _ pixels: UnsafeMutablePointer<Float>, _ count: Int, _ y: UnsafeMutablePointer<Float>,
        _ choice: UnsafeMutablePointer<Float>, _ windows: Int
    ) {
        // In place: the values and the places of channel i go where its pixels were.
        for i in 0..<count {
            let p = pixels + 64 * i
            let upper = SIMD32<Float>(lowHalf: p.vector(0), highHalf: p.vector(16))
            let lower = SIMD32<Float>(lowHalf: p.vector(32), highHalf: p.vector(48))
            let largest = WindowMaximum(upper.evenHalf, upper.oddHalf, lower.evenHalf, lower.oddHalf)
            p.store(largest.value, 0)
            p.store(largest.place, 16)
        }
        for window in 0..<windows {
            for i in 0..<count {
                y[window * o + i] = pixels[64 * i + window]
                choice[window * o + i] = pixels[64 * i + 16 + window]
            }
        }
    }

    /// The padded image of the input channels, one plane after another.
    private func copyPlanes(_ x: UnsafePointer<Float>, into planes: UnsafeMutablePointer<Float>) {
        let g = geometry
        for channel in 0..<c {
            for row in 0..<g.inputHeight {
                let target = planes + (channel * direct.paddedHeight + row + g.paddingTop) * direct.paddedWidth + g.paddingLeft
                let source = x + row * g.inputWidth * c + channel
                for column in 0..<g.inputWidth { target[column] = source[column * c] }
            }
        }
    }
}
