/// Convolution of each channel by a filter of its own (groups = input channels = output channels), any kernel, stride
/// and dilation.
///
/// The vector runs over channels, which lie together in the image, the output and, after a transposition, the filters:
/// each tap of each output pixel is one multiply-add of rows in the first-level cache. Chollet, "Xception", CVPR 2017;
/// Howard et al., "MobileNets", 2017.
package struct DepthwiseConvolution: Sendable {
    package let geometry: ConvolutionGeometry

    package init(_ geometry: ConvolutionGeometry) { self.geometry = geometry }

    /// Whether the algorithm computes this shape at all.
    package static func supports(_ g: ConvolutionGeometry) -> Bool {
        g.groups > 1 && g.groups == g.inputChannels && g.groups == g.outputChannels
    }

    private var c: Int { geometry.inputChannels }
    private var taps: Int { geometry.kernelHeight * geometry.kernelWidth }

    /// Floats of working memory for any pass: the filters, or their gradients, as [kernel row, kernel column, c].
    package var scratchCount: Int { taps * c }

    /// Calls `body(output pixel, tap, input pixel)` for each tap of each output pixel that lies inside the image, and
    /// `begin(output pixel)` before its taps.
    @inline(__always)
    private func forEachTap(begin: (Int) -> Void, _ body: (Int, Int, Int) -> Void) {
        let g = geometry
        var pixel = 0
        for n in 0..<g.batch {
            for oh in 0..<g.outputHeight {
                for ow in 0..<g.outputWidth {
                    begin(pixel)
                    let top = oh * g.strideHeight - g.paddingTop
                    let left = ow * g.strideWidth - g.paddingLeft
                    for kh in 0..<g.kernelHeight {
                        let row = top + kh * g.dilationHeight
                        if row < 0 || row >= g.inputHeight { continue }
                        for kw in 0..<g.kernelWidth {
                            let column = left + kw * g.dilationWidth
                            if column < 0 || column >= g.inputWidth { continue }
                            body(pixel, kh * g.kernelWidth + kw, (n * g.inputHeight + row) * g.inputWidth + column)
                        }
                    }
                    pixel += 1
                }
            }
        }
    }

    /// sum += a ⊙ b
    @inline(__always)
    private func addProducts(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, to sum: UnsafeMutablePointer<Float>)
    {
        for channel in 0..<c { sum[channel] = sum[channel].addingProduct(a[channel], b[channel]) }
    }

    /// y = x ∗ w + bias, then max(0, y) where `rectify` says so.
    package func forward(
        _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, bias: UnsafePointer<Float>?, rectify: Bool,
        into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        transpose(w, rows: c, columns: taps, into: scratch)
        forEachTap(begin: { pixel in
            if let bias {
                (y + pixel * c).update(from: bias, count: c)
            } else {
                (y + pixel * c).update(repeating: 0, count: c)
            }
        }) { pixel, tap, source in
            addProducts(x + source * c, scratch + tap * c, to: y + pixel * c)
        }
        if rectify { Kernels.rectify(y, count: geometry.outputCount) }
    }

    /// dx = the gradient for the input, or dx += it.
    package func dataGradient(
        _ dy: UnsafePointer<Float>, _ w: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>,
        scratch: UnsafeMutablePointer<Float>, accumulate: Bool
    ) {
        if !accumulate { dx.update(repeating: 0, count: geometry.inputCount) }
        transpose(w, rows: c, columns: taps, into: scratch)
        forEachTap(begin: { _ in }) { pixel, tap, source in
            addProducts(dy + pixel * c, scratch + tap * c, to: dx + source * c)
        }
    }

    /// dw = the gradient for the filters, or dw += it.
    package func filterGradient(
        _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, into dw: UnsafeMutablePointer<Float>,
        scratch: UnsafeMutablePointer<Float>, accumulate: Bool
    ) {
        scratch.update(repeating: 0, count: taps * c)
        forEachTap(begin: { _ in }) { pixel, tap, source in
            addProducts(x + source * c, dy + pixel * c, to: scratch + tap * c)
        }
        for channel in 0..<c {
            for tap in 0..<taps {
                let index = channel * taps + tap
                dw[index] = accumulate ? dw[index] + scratch[tap * c + channel] : scratch[tap * c + channel]
            }
        }
    }
}
