import Kernels
import TensorCore

/// A convolution without shared weights: every output position has filters and biases of its own.
///
/// x [N, H, W, C], w [H′ · W′ · O, kh, kw, C / groups], b [H′ · W′ · O], position by position → y [N, H′, W′, O], of
/// the sizes that ``convolution2D(_:_:bias:_:rectify:)`` has.
package func localConvolution2D(
    _ x: Variable, _ filters: Variable, bias: Variable? = nil, _ attributes: ConvolutionAttributes = .init()
) -> Variable {
    precondition(
        x.shape.rank == 4 && filters.shape.rank == 4, "localConvolution2D: input \(x.shape), filters \(filters.shape)")
    var g = attributes.geometry(input: x.shape, filters: filters.shape)
    let positions = g.outputHeight * g.outputWidth
    precondition(
        positions > 0 && filters.shape[0] % positions == 0 && filters.shape[3] * g.groups == x.shape[3]
            && bias.map { $0.shape.count == filters.shape[0] } ?? true,
        "localConvolution2D: input \(x.shape), filters \(filters.shape), \(positions) positions")
    g.outputChannels = filters.shape[0] / positions
    let convolution = LocalConvolution(g)
    let y = x.makeTensor([g.batch, g.outputHeight, g.outputWidth, g.outputChannels])
    let scratch = x.makeTensor([convolution.scratchCount])
    convolution.forward(
        x.value.pointer, filters.value.pointer, bias: bias?.value.pointer, into: y.pointer, scratch: scratch.pointer)
    return x.tape.record(y, x, filters, bias) {
        [xValue = x.value, w = filters.value, x = x.target, filters = filters.target, bias = bias?.target] tape, dy in
        let gradient = dy
        if let bias {
            tape.accumulate(into: bias) { db, accumulate in
                sumRows(
                    gradient.pointer, rows: convolution.geometry.batch, columns: bias.shape.count, into: db,
                    accumulate: accumulate)
            }
        }
        let scratch = Tensor([convolution.scratchCount], pool: tape.pool)
        tape.accumulate(into: filters) { dw, accumulate in
            convolution.filterGradient(
                xValue.pointer, gradient.pointer, into: dw, scratch: scratch.pointer, accumulate: accumulate)
        }
        tape.accumulate(into: x) { dx, accumulate in
            convolution.dataGradient(
                gradient.pointer, w.pointer, into: dx, scratch: scratch.pointer, accumulate: accumulate)
        }
    }
}
