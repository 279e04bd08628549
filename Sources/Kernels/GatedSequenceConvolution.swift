/// A convolution over steps whose output is gated at once: y = tanh(a) · sigmoid(b) with [a, b] = x ∗ w + bias +
/// offset.
///
/// Block by block the convolution's output goes through the gates while it is in the first cache; backward makes the
/// output's gradient block by block from the gates, so that neither is ever a tensor. Van den Oord et al., "WaveNet",
/// 2016, section 2.3.
package struct GatedSequenceConvolution: Sendable {
    let convolution: SequenceConvolution

    package init(_ geometry: ConvolutionGeometry) { convolution = SequenceConvolution(geometry) }

    /// Whether the shape is computed like this; the first half of the filters are a's, the second half b's.
    package static func supports(_ g: ConvolutionGeometry) -> Bool {
        SequenceConvolution.supports(g) && SequenceConvolution.isWorthwhile(g) && g.outputChannels % 32 == 0
    }

    private var o: Int { convolution.o }
    private var blockCount: Int { SequenceConvolution.blockSteps * o }

    package var forwardScratchCount: Int { convolution.orderedFilterCount + blockCount }
    package var gradientScratchCount: Int { convolution.sumCount + blockCount }

    /// - Parameters:
    ///   - bias: [2 D].
    ///   - offsets: what else is added to the convolution at all steps of each sequence, [N, 2 D].
    ///   - gates: takes [tanh a, sigmoid b], [N, T, 2 D], for the gradient; nil where there will be none.
    ///   - y: [N, T, D].
    package func forward(
        _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
        offsets: UnsafePointer<Float>?, gates: UnsafeMutablePointer<Float>?, into y: UnsafeMutablePointer<Float>,
        scratch: UnsafeMutablePointer<Float>
    ) {
        let block = scratch + convolution.orderedFilterCount
        convolution.order(w, into: scratch)
        convolution.forEachPiece(merges: false) { piece in
            let row = convolution.row(piece)
            let z = gates.map { $0 + row * o } ?? block
            convolution.multiply(x, scratch, piece, into: z)
            if let bias { addBias(bias, to: z, rows: piece.steps.count, columns: o) }
            if let offsets { addBias(offsets + piece.sample * o, to: z, rows: piece.steps.count, columns: o) }
            gate(z, rows: piece.steps.count, width: o / 2, into: y + row * (o / 2))
        }
    }

    /// The gradients for the input and for the filters, each only where asked for, and for what is added.
    ///
    /// - Parameter offsets: takes the sums over the steps of each sequence, [N, 2 D].
    package func gradients(
        _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, gates: UnsafePointer<Float>, _ dy: UnsafePointer<Float>,
        data dx: UnsafeMutablePointer<Float>?, accumulateData: Bool, filter dw: UnsafeMutablePointer<Float>?,
        accumulateFilter: Bool, offsets: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let block = scratch + convolution.sumCount
        offsets.update(repeating: 0, count: convolution.geometry.batch * o)
        convolution.backward(
            x, w, data: dx, accumulateData: accumulateData, filter: dw, accumulateFilter: accumulateFilter,
            sums: scratch, merges: false
        ) { piece in
            let row = convolution.row(piece)
            gateGradient(gates + row * o, dy + row * (o / 2), rows: piece.steps.count, width: o / 2, into: block)
            sumRows(
                block, rows: piece.steps.count, columns: o, into: offsets + piece.sample * o, accumulate: true)
            return UnsafePointer(block)
        }
    }
}
