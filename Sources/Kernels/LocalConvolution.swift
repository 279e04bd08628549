/// A convolution whose every output position has filters of its own: filters [oh · ow · o, kh, kw, c / groups],
/// those of one position after those of another.
///
/// For each position the patches of all samples are one matrix, whose product with the position's filters is the
/// position's output. LeCun et al., "Backpropagation applied to handwritten zip code recognition", 1989, has local
/// connections with shared weights beside such without.
package struct LocalConvolution: Sendable {
    package let geometry: ConvolutionGeometry

    package init(_ geometry: ConvolutionGeometry) { self.geometry = geometry }

    /// Output positions of one sample.
    package var positions: Int { geometry.outputHeight * geometry.outputWidth }
    /// Floats of working memory that each pass needs: the patches of one position.
    package var scratchCount: Int { geometry.batch * geometry.patchCount }
    /// Floats of one sample's output, and of the bias.
    private var outputLine: Int { positions * geometry.outputChannels }

    /// Calls `body(position, group, first output channel of the group's filters, counted over positions)`.
    @inline(__always)
    private func forEachProduct(_ body: (Int, Int, Int) -> Void) {
        for position in 0..<positions {
            for group in 0..<geometry.groups {
                body(position, group, position * geometry.outputChannels + group * geometry.groupOutputChannels)
            }
        }
    }

    @inline(__always)
    private func gather(
        _ x: UnsafePointer<Float>, _ position: Int, _ group: Int, _ scratch: UnsafeMutablePointer<Float>
    ) {
        let patches = PatchMatrix(g: geometry)
        for n in 0..<geometry.batch {
            patches.gather(
                x, group: group, first: n * positions + position, rows: 1, into: scratch + n * geometry.patchCount)
        }
    }

    /// y = the local convolution of x, plus a bias [oh · ow · o].
    package func forward(
        _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
        into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let (k, o) = (geometry.patchCount, geometry.groupOutputChannels)
        forEachProduct { position, group, filter in
            gather(x, position, group, scratch)
            multiply(
                m: geometry.batch, n: o, k: k, scratch, lda: k, w + filter * k, ldb: k, transposeB: true,
                into: y + filter, ldc: outputLine)
        }
        if let bias { addBias(bias, to: y, rows: geometry.batch, columns: outputLine) }
    }

    /// dx = the gradient for the input, or dx += it.
    package func dataGradient(
        _ dy: UnsafePointer<Float>, _ w: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>,
        scratch: UnsafeMutablePointer<Float>, accumulate: Bool
    ) {
        let (k, o) = (geometry.patchCount, geometry.groupOutputChannels)
        if !accumulate { dx.update(repeating: 0, count: geometry.inputCount) }
        let patches = PatchMatrix(g: geometry)
        forEachProduct { position, group, filter in
            multiply(
                m: geometry.batch, n: k, k: o, dy + filter, lda: outputLine, w + filter * k, ldb: k, into: scratch,
                ldc: k)
            for n in 0..<geometry.batch {
                patches.scatter(scratch + n * k, group: group, first: n * positions + position, rows: 1, into: dx)
            }
        }
    }

    /// dw = the gradient for the filters, or dw += it.
    package func filterGradient(
        _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, into dw: UnsafeMutablePointer<Float>,
        scratch: UnsafeMutablePointer<Float>, accumulate: Bool
    ) {
        let (k, o) = (geometry.patchCount, geometry.groupOutputChannels)
        forEachProduct { position, group, filter in
            gather(x, position, group, scratch)
            multiply(
                m: o, n: k, k: geometry.batch, dy + filter, lda: outputLine, transposeA: true, scratch, ldb: k,
                into: dw + filter * k, ldc: k, accumulate: accumulate)
        }
    }
}
