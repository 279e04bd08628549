extension DirectConvolution {
    /// dw = the gradient for the filters, or dw += it.
    package func filterGradient(
        _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, into dw: UnsafeMutablePointer<Float>,
        scratch: UnsafeMutablePointer<Float>, accumulate: Bool
    ) {
        let sums = scratch + imageCount + 64
        sums.update(repeating: 0, count: geometry.kernelHeight * k * q)
        if lanes == 8 {
            filterGradient(SIMD8<Float>.self, x, dy, sums, scratch)
        } else {
            filterGradient(SIMD16<Float>.self, x, dy, sums, scratch)
        }
        for position in 0..<geometry.kernelHeight * k {
            for channel in 0..<o {
                let index = channel * geometry.kernelHeight * k + position
                dw[index] = accumulate ? dw[index] + sums[position * q + channel] : sums[position * q + channel]
            }
        }
    }

    @inline(__always)
    private func filterGradient<V: SIMD>(
        _: V.Type, _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, _ sums: UnsafeMutablePointer<Float>,
        _ scratch: UnsafeMutablePointer<Float>
    ) where V.Scalar == Float {
        for n in 0..<geometry.batch {
            let image = paddedImage(x, n, scratch)
            for first in stride(from: 0, to: o, by: V.scalarCount) {
                for row in 0..<geometry.kernelHeight {
                    var i = 0
                    while i < k {
                        let target = sums + (row * k + i) * q + first
                        let source = image + row * paddedWidth * c + i
                        switch k - i {
                        case 15...:
                            positions(InlineArray<15, V>(repeating: .zero), n, first, source, dy, target)
                            i += 15
                        case 10...:
                            positions(InlineArray<10, V>(repeating: .zero), n, first, source, dy, target)
                            i += 10
                        case 5...:
                            positions(InlineArray<5, V>(repeating: .zero), n, first, source, dy, target)
                            i += 5
                        default:
                            positions(InlineArray<1, V>(repeating: .zero), n, first, source, dy, target)
                            i += 1
                        }
                    }
                }
            }
        }
    }

    /// The gradients of `count` neighbouring positions of a filter row: Σ over the image's pixels of dy · x.
    @inline(__always)
    private func positions<let count: Int, V: SIMD>(
        _ zeros: InlineArray<count, V>, _ n: Int, _ first: Int, _ image: UnsafePointer<Float>,
        _ dy: UnsafePointer<Float>,
        _ target: UnsafeMutablePointer<Float>
    ) where V.Scalar == Float {
        var sums = zeros
        let height = geometry.outputHeight
        let width = geometry.outputWidth
        let lastLoad = geometry.outputCount - V.scalarCount
        for row in 0..<height {
            let source = image + row * paddedWidth * c
            let gradients = (n * height + row) * width * o
            for column in 0..<width {
                let offset = gradients + column * o + first
                let g: V
                if offset <= lastLoad {
                    g = UnsafeRawPointer(dy + offset).loadUnaligned(as: V.self)
                } else {
                    // The tensor's last pixels: a whole vector would reach behind them.
                    var partial = V.zero
                    for lane in 0..<min(V.scalarCount, o - first) { partial[lane] = dy[offset + lane] }
                    g = partial
                }
                for p in 0..<count { sums[p].addProduct(g, V(repeating: source[column * c + p])) }
            }
        }
        for p in 0..<count {
            let place = UnsafeMutableRawPointer(target + p * q)
            place.storeBytes(of: place.loadUnaligned(as: V.self) + sums[p], as: V.self)
        }
    }
}
