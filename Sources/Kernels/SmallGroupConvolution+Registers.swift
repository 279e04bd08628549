/// The innermost loops, whose sums stay in registers: a vector of 16 output channels for each of up to eight pixels.
extension SmallGroupConvolution {
    /// What becomes of an output's sum.
    struct Ending {
        var bias: UnsafePointer<Float>?
        var rectify = false
        var accumulate = false
    }

    /// y = x ∗ the filters laid out for vectors.
    @inline(__always)
    func correlate<Group: ChannelGroup>(
        _: Group.Type, _ x: UnsafePointer<Float>, _ filters: UnsafePointer<Float>, _ ending: Ending,
        into y: UnsafeMutablePointer<Float>,
        slab: UnsafeMutablePointer<Float>
    ) {
        slab.update(repeating: 0, count: ph * pw * 16)
        for n in 0..<geometry.batch {
            for channel in stride(from: 0, to: c, by: 16) {
                copyImage(x, n, channel, into: slab)
                let filters = filters + place(channel, 0, 0)
                let ending = Ending(
                    bias: ending.bias.map { $0 + channel }, rectify: ending.rectify, accumulate: ending.accumulate)
                for oh in 0..<geometry.outputHeight {
                    let line = slab + oh * geometry.strideHeight * pw * 16
                    let row = y + (n * geometry.outputHeight + oh) * geometry.outputWidth * c + channel
                    var ow = 0
                    while ow < geometry.outputWidth {
                        let left = geometry.outputWidth - ow
                        let count = left % 7 == 0 && left < 56 ? 7 : left >= 8 ? 8 : left >= 4 ? 4 : 1
                        let (x, y) = (line + ow * geometry.strideWidth * 16, row + ow * c)
                        switch count {
                        case 8: correlate(Group.self, InlineArray<8, Vector>(repeating: .zero), x, filters, ending, y)
                        case 7: correlate(Group.self, InlineArray<7, Vector>(repeating: .zero), x, filters, ending, y)
                        case 4: correlate(Group.self, InlineArray<4, Vector>(repeating: .zero), x, filters, ending, y)
                        default: correlate(Group.self, InlineArray<1, Vector>(repeating: .zero), x, filters, ending, y)
                        }
                        ow += count
                    }
                }
            }
        }
    }

    /// `count` neighbouring outputs, which share each load of filter values.
    @inline(__always)
    func correlate<Group: ChannelGroup, let count: Int>(
        _: Group.Type, _ zeros: InlineArray<count, Vector>, _ x: UnsafePointer<Float>, _ filters: UnsafePointer<Float>,
        _ ending: Ending,
        _ y: UnsafeMutablePointer<Float>
    ) {
        var sums = zeros
        var tap = filters
        for kh in 0..<geometry.kernelHeight {
            for kw in 0..<geometry.kernelWidth {
                let corner = x + (kh * geometry.dilationHeight * pw + kw * geometry.dilationWidth) * 16
                for pixel in 0..<count {
                    // A copy, because what the closure captures is stored after each product.
                    var sum = sums[pixel]
                    Group.forEachValue(corner.vector(pixel * geometry.strideWidth * 16)) { i, value in
                        sum = sum.plus(value, times: tap.vector(i * 16))
                    }
                    sums[pixel] = sum
                }
                tap += Group.size * 16
            }
        }
        let bias = ending.bias?.vector(0) ?? .zero
        for pixel in 0..<count {
            let sum = ending.accumulate ? y.vector(pixel * c) + sums[pixel] : sums[pixel] + bias
            y.store(ending.rectify ? sum.replacing(with: 0, where: sum .< Vector.zero) : sum, pixel * c)
        }
    }

    /// Adds an output's gradient, times the filters, to the inputs under the filters.
    @inline(__always)
    func addOutput<Group: ChannelGroup>(
        _: Group.Type, _ gradient: Vector, _ filters: UnsafePointer<Float>, to corner: UnsafeMutablePointer<Float>
    ) {
        forEachTap { tap, offset in
            var sum = corner.vector(offset * 16)
            Group.forEachValue(gradient) { i, value in
                sum = sum.plus(value, times: filters.vector((tap * Group.size + i) * 16))
            }
            corner.store(sum, offset * 16)
        }
    }

    /// sums[i] += Σ value i of the lane's group in x · dy, over a row of outputs.
    @inline(__always)
    func addRow<Group: ChannelGroup>(
        _: Group.Type, _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, to sums: UnsafeMutablePointer<Float>
    ) {
        let step = geometry.strideWidth * 16
        var partial = InlineArray<16, Vector>(repeating: .zero)
        for pixel in 0..<geometry.outputWidth {
            let factor = dy.vector(pixel * c)
            Group.forEachValue(x.vector(pixel * step)) { i, value in partial[i] = partial[i].plus(value, times: factor)
            }
        }
        for i in 0..<Group.size { sums.store(sums.vector(i * 16) + partial[i], i * 16) }
    }
}
