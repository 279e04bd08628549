/// Convolution as a matrix product over blocks of output pixels; the reference algorithm for any shape.
///
/// A 1×1 convolution with stride 1 multiplies the input directly, without copying patches.
package struct Im2colConvolution: Sendable {
    package let geometry: ConvolutionGeometry

    package init(_ geometry: ConvolutionGeometry) { self.geometry = geometry }

    /// Output pixels a block holds, so that its patches stay in the second-level cache.
    private var blockRows: Int { max(64, min(geometry.outputPixels, 131_072 / max(geometry.patchCount, 1))) }

    /// Floats of working memory that each pass needs.
    package var scratchCount: Int {
        geometry.isPointwise && geometry.groups == 1
            ? 0 : blockRows * geometry.patchCount + (isThin ? geometry.filterCount : 0)
    }

    /// Whether a group has so few filters and values under them that the library's copying of both factors is the
    /// greater cost.
    private var isThin: Bool { geometry.groupOutputChannels * geometry.patchCount <= 4096 }

    @inline(__always)
    private func forEachBlock(_ body: (_ group: Int, _ first: Int, _ rows: Int) -> Void) {
        let pixels = geometry.outputPixels
        for group in 0..<geometry.groups {
            var first = 0
            while first < pixels {
                let rows = min(blockRows, pixels - first)
                body(group, first, rows)
                first += rows
            }
        }
    }

    /// y = x ∗ w; the bias is added by the caller.
    package func forward(
        _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>,
        scratch: UnsafeMutablePointer<Float>
    ) {
        let g = geometry
        let k = g.patchCount
        let o = g.groupOutputChannels
        if scratchCount == 0 {
            layerProduct(m: g.outputPixels, n: o, k: k, x, lda: k, w, ldb: k, transposeB: true, into: y, ldc: o)
            return
        }
        let patches = PatchMatrix(g: g)
        let transposed = scratch + blockRows * k
        if isThin, !ProductPrecision.isRounding {
            for group in 0..<g.groups {
                transpose(w + group * o * k, rows: o, columns: k, into: transposed + group * o * k)
            }
        }
        forEachBlock { group, first, rows in
            patches.gather(x, group: group, first: first, rows: rows, into: scratch)
            if isThin, !ProductPrecision.isRounding {
                multiplyFewRows(
                    m: rows, n: o, k: k, scratch, lda: k, transposed + group * o * k, ldb: o,
                    into: y + first * g.outputChannels + group * o, ldc: g.outputChannels)
                return
            }
            layerProduct(
                m: rows, n: o, k: k, scratch, lda: k, w + group * o * k, ldb: k, transposeB: true,
                into: y + first * g.outputChannels + group * o, ldc: g.outputChannels)
        }
    }

    /// dx = the gradient for the input, or dx += it.
    package func dataGradient(
        _ dy: UnsafePointer<Float>, _ w: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>,
        scratch: UnsafeMutablePointer<Float>, accumulate: Bool
    ) {
        let g = geometry
        let k = g.patchCount
        let o = g.groupOutputChannels
        if scratchCount == 0 {
            layerProduct(m: g.outputPixels, n: k, k: o, dy, lda: o, w, ldb: k, into: dx, ldc: k, accumulate: accumulate)
            return
        }
        if !accumulate { dx.update(repeating: 0, count: g.inputCount) }
        let patches = PatchMatrix(g: g)
        forEachBlock { group, first, rows in
            layerProduct(
                m: rows, n: k, k: o, dy + first * g.outputChannels + group * o, lda: g.outputChannels,
                w + group * o * k, ldb: k, into: scratch, ldc: k)
            patches.scatter(scratch, group: group, first: first, rows: rows, into: dx)
        }
    }

    /// dw = the gradient for the filters, or dw += it.
    package func filterGradient(
        _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, into dw: UnsafeMutablePointer<Float>,
        scratch: UnsafeMutablePointer<Float>, accumulate: Bool
    ) {
        let g = geometry
        let k = g.patchCount
        let o = g.groupOutputChannels
        if scratchCount == 0 {
            layerProduct(
                m: o, n: k, k: g.outputPixels, dy, lda: o, transposeA: true, x, ldb: k, into: dw, ldc: k,
                accumulate: accumulate)
            return
        }
        let patches = PatchMatrix(g: g)
        if g.outputPixels == 0 && !accumulate { dw.update(repeating: 0, count: g.filterCount) }
        forEachBlock { group, first, rows in
            patches.gather(x, group: group, first: first, rows: rows, into: scratch)
            let dy = dy + first * g.outputChannels + group * o
            let (dw, accumulate) = (dw + group * o * k, accumulate || first > 0)
            if ProductPrecision.isRounding {
                layerProduct(
                    m: o, n: k, k: rows, dy, lda: g.outputChannels, transposeA: true, scratch, ldb: k, into: dw,
                    ldc: k, accumulate: accumulate)
            } else {
                multiplyTransposed(
                    m: o, n: k, k: rows, dy, lda: g.outputChannels, scratch, ldb: k, into: dw, ldc: k,
                    accumulate: accumulate)
            }
        }
    }
}
