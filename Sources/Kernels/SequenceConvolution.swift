/// Convolution over the steps of sequences (images of height 1) at stride 1: a matrix product for each tap.
///
/// Tap j of the outputs t, t + 1, … reads the inputs t − before + j · d, …, which are rows that lie one after another,
/// whatever the dilation d: no patch is copied, and the sum over the taps stays in registers. Everything is done in
/// blocks of 64 steps, whose results are still in the first caches when bias, ReLU or gates are applied to them.
package struct SequenceConvolution: Sendable {
    package let geometry: ConvolutionGeometry

    package init(_ geometry: ConvolutionGeometry) { self.geometry = geometry }

    /// Whether the algorithm computes this shape at all.
    package static func supports(_ g: ConvolutionGeometry) -> Bool {
        g.inputHeight == 1 && g.kernelHeight == 1 && g.paddingTop == 0 && g.paddingBottom == 0 && g.strideWidth == 1
            && g.groups == 1 && g.inputChannels % 16 == 0 && g.outputChannels % 16 == 0
    }

    /// Whether the filters fit the second-level cache beside a block, and blocks have rows enough for the registers.
    /// Larger ones are the linear-algebra library's.
    static func isWorthwhile(_ g: ConvolutionGeometry) -> Bool {
        g.filterCount <= 131_072 && (g.isPointwise ? g.outputPixels : g.outputWidth) >= 16
    }

    static let blockSteps = 64
    /// Gradients of filters are summed over so many steps before they are added to those of the steps before, which
    /// keeps rounding errors small.
    private static let flushSteps = 512

    var c: Int { geometry.inputChannels }
    var o: Int { geometry.outputChannels }
    private var taps: Int { geometry.kernelWidth }
    private var before: Int { geometry.paddingLeft }
    private var dilation: Int { geometry.dilationWidth }

    /// Neighbouring steps of one sequence, and the taps that read inputs there and no padding.
    struct Piece {
        var sample: Int
        var steps: Range<Int>
        var taps: Range<Int>
    }

    /// Calls `body` for blocks of steps in order.
    ///
    /// - Parameter merges: lets a filter of one tap, which does not know sequences apart, see all of them as one.
    @inline(__always)
    func forEachPiece(merges: Bool, _ body: (Piece) -> Void) {
        let isOne = merges && geometry.isPointwise
        let samples = isOne ? 1 : geometry.batch
        let inputs = isOne ? geometry.outputPixels : geometry.inputWidth
        let outputs = isOne ? geometry.outputPixels : geometry.outputWidth
        for sample in 0..<samples {
            var step = 0
            while step < outputs {
                // Tap j reads the input step − before + j · dilation.
                let first = min(max(0, (before - step + dilation - 1) / dilation), taps)
                let room = max(0, inputs + before - step)
                let end = max(first, min(taps, (room + dilation - 1) / dilation))
                var last = min(step + Self.blockSteps, outputs)
                if first > 0 { last = min(last, before - (first - 1) * dilation) }
                if end > first { last = min(last, inputs + before - (end - 1) * dilation) }
                body(Piece(sample: sample, steps: step..<last, taps: first..<end))
                step = last
            }
        }
    }

    /// The number of a piece's first step among all outputs, as that of the input that tap j reads there.
    @inline(__always)
    func row(_ piece: Piece) -> Int { piece.sample * geometry.outputWidth + piece.steps.lowerBound }

    @inline(__always)
    private func inputRow(_ piece: Piece, _ tap: Int) -> Int {
        piece.sample * geometry.inputWidth + piece.steps.lowerBound - before + tap * dilation
    }

    // MARK: - Forward

    /// Floats of the filters in the order in which forward reads them.
    var orderedFilterCount: Int { geometry.filterCount }

    /// w [O, k, C] as [k, C, O].
    func order(_ w: UnsafePointer<Float>, into ordered: UnsafeMutablePointer<Float>) {
        transpose(w, rows: o, columns: taps * c, into: ordered)
    }

    /// z [steps of the piece, O] = the convolution without a bias.
    @inline(__always)
    func multiply(
        _ x: UnsafePointer<Float>, _ ordered: UnsafePointer<Float>, _ piece: Piece,
        into z: UnsafeMutablePointer<Float>
    ) {
        if piece.taps.isEmpty { return z.update(repeating: 0, count: piece.steps.count * o) }
        let first = piece.taps.lowerBound
        multiplyTapsInCache(
            m: piece.steps.count, n: o, k: c, taps: piece.taps.count, x + inputRow(piece, first) * c, lda: c,
            aStride: dilation * c, ordered + first * c * o, ldb: o, bStride: c * o, into: z, ldc: o)
    }

    package var forwardScratchCount: Int { orderedFilterCount }

    /// y = x ∗ w + bias, to which `addend` [N, T′, O] is added; then max(0, y) where `rectify` says so.
    package func forward(
        _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
        addend: UnsafePointer<Float>?, rectify: Bool, into y: UnsafeMutablePointer<Float>,
        scratch: UnsafeMutablePointer<Float>
    ) {
        order(w, into: scratch)
        forEachPiece(merges: true) { piece in
            let target = y + row(piece) * o
            let count = piece.steps.count * o
            multiply(x, scratch, piece, into: target)
            if let bias {
                addBias(bias, to: target, rows: piece.steps.count, columns: o, rectify: rectify && addend == nil)
            }
            if let addend { accumulate(addend + row(piece) * o, into: target, count: count) }
            if rectify, bias == nil || addend != nil { Kernels.rectify(target, count: count) }
        }
    }

    // MARK: - Backward

    /// Floats of working memory for the sums of the filters' gradients.
    var sumCount: Int { geometry.filterCount }

    /// Gradients from those of the convolution's output, which `derivative` gives block by block, [steps, O].
    ///
    /// - Parameter sums: ``sumCount`` floats, needed where `dw` is.
    @inline(__always)
    func backward(
        _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, data dx: UnsafeMutablePointer<Float>?,
        accumulateData: Bool, filter dw: UnsafeMutablePointer<Float>?, accumulateFilter: Bool,
        sums: UnsafeMutablePointer<Float>, merges: Bool, derivative: (Piece) -> UnsafePointer<Float>
    ) {
        let isWrittenOnce = geometry.isPointwise
        if let dx, !accumulateData, !isWrittenOnce { dx.update(repeating: 0, count: geometry.inputCount) }
        if let dw, !accumulateFilter { dw.update(repeating: 0, count: sumCount) }
        var summed = 0
        forEachPiece(merges: merges) { piece in
            let dy = derivative(piece)
            if let dx { addData(dy, w, piece, to: dx, accumulate: accumulateData || !isWrittenOnce) }
            guard let dw else { return }
            if summed == 0 { sums.update(repeating: 0, count: sumCount) }
            addFilter(x, dy, piece, to: sums)
            summed += piece.steps.count
            if summed >= Self.flushSteps {
                accumulate(sums, into: dw, count: sumCount)
                summed = 0
            }
        }
        if let dw, summed > 0 { accumulate(sums, into: dw, count: sumCount) }
    }

    /// dx[t − before + j · d] += dy[t] Wⱼ for the taps of a piece; written instead where `accumulate` is false.
    @inline(__always)
    private func addData(
        _ dy: UnsafePointer<Float>, _ w: UnsafePointer<Float>, _ piece: Piece, to dx: UnsafeMutablePointer<Float>,
        accumulate: Bool
    ) {
        for tap in piece.taps {
            multiplyInCache(
                m: piece.steps.count, n: c, k: o, dy, lda: o, w + tap * c, ldb: taps * c,
                into: dx + inputRow(piece, tap) * c, ldc: c, accumulate: accumulate)
        }
    }

    /// dWⱼ += dyᵀ x[t − before + j · d] over a piece.
    @inline(__always)
    private func addFilter(
        _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, _ piece: Piece, to dw: UnsafeMutablePointer<Float>
    ) {
        for tap in piece.taps {
            multiplyTransposedInCache(
                m: o, n: c, k: piece.steps.count, dy, lda: o, x + inputRow(piece, tap) * c, ldb: c,
                into: dw + tap * c, ldc: taps * c, accumulate: true)
        }
    }
}

extension SequenceConvolution: ConvolutionKernel {
    package var gradientScratchCount: Int { sumCount }

    func forward(
        _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, bias: UnsafePointer<Float>?, rectify: Bool,
        into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        forward(x, w, bias: bias, addend: nil, rectify: rectify, into: y, scratch: scratch)
    }

    package func gradients(
        _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, _ dy: UnsafePointer<Float>,
        data dx: UnsafeMutablePointer<Float>?, accumulateData: Bool, filter dw: UnsafeMutablePointer<Float>?,
        accumulateFilter: Bool, scratch: UnsafeMutablePointer<Float>
    ) {
        backward(
            x, w, data: dx, accumulateData: accumulateData, filter: dw, accumulateFilter: accumulateFilter,
            sums: scratch, merges: true
        ) { dy + row($0) * o }
    }
}
