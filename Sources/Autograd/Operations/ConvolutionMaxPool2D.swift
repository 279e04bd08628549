import Kernels
import TensorCore

/// maxPool2D(max(0, convolution2D(x, filters) + b)), in one pass over memory where there is a kernel for the shapes.
///
/// x [N, H, W, C], w [O, kh, kw, C / groups], b [O] → y [N, H″, W″, O]. As max(0, ·) and the maximum commute, the
/// output says where the rectified values were positive, and only the chosen pixels have gradients.
package func convolutionMaxPool2D(
    _ x: Variable, _ filters: Variable, bias: Variable? = nil, _ attributes: ConvolutionAttributes = .init(),
    pooling: PoolingAttributes
) -> Variable {
    precondition(
        x.shape.rank == 4 && filters.shape.rank == 4, "convolutionMaxPool2D: input \(x.shape), filters \(filters.shape)"
    )
    let g = attributes.geometry(input: x.shape, filters: filters.shape)
    let windows = pooling.geometry(input: [g.batch, g.outputHeight, g.outputWidth, g.outputChannels])
    guard PooledConvolution.supports(g, pooling: windows),
        Convolution(g, algorithm: attributes.algorithm).algorithm == .direct
    else {
        return maxPool2D(convolution2D(x, filters, bias: bias, attributes, rectify: true), pooling)
    }
    precondition(
        filters.shape[3] == g.inputChannels, "convolutionMaxPool2D: input \(x.shape), filters \(filters.shape)")
    precondition(
        bias.map { $0.shape.count == g.outputChannels } ?? true,
        "convolutionMaxPool2D: bias \(bias!.shape) for filters \(filters.shape)")
    let convolution = PooledConvolution(g)
    let y = x.makeTensor([g.batch, windows.outputHeight, windows.outputWidth, g.outputChannels])
    let choice = x.makeTensor(y.shape)
    let scratch = x.makeTensor([convolution.forwardScratchCount])
    convolution.forward(
        x.value.pointer, filters.value.pointer, bias: bias?.value.pointer, into: y.pointer, choice: choice.pointer,
        scratch: scratch.pointer)
    return x.tape.record(y, x, filters, bias) {
        [xValue = x.value, w = filters.value, x = x.target, filters = filters.target, bias = bias?.target] tape, dy in
        dy = rectified(dy, output: y, tape)
        let gradient = dy
        if let bias {
            tape.accumulate(into: bias) { db, accumulate in
                sumRows(
                    gradient.pointer, rows: gradient.count / g.outputChannels, columns: g.outputChannels, into: db,
                    accumulate: accumulate)
            }
        }
        let scratch = Tensor([convolution.gradientScratchCount], pool: tape.pool)
        tape.accumulate(into: filters) { dw, accumulate in
            convolution.gradients(
                xValue.pointer, w.pointer, gradient.pointer, choice: choice.pointer, data: nil,
                accumulateData: false,
                filter: dw, accumulateFilter: accumulate, scratch: scratch.pointer)
        }
        tape.accumulate(into: x) { dx, accumulate in
            convolution.gradients(
                xValue.pointer, w.pointer, gradient.pointer, choice: choice.pointer, data: dx,
                accumulateData: accumulate, filter: nil, accumulateFilter: false, scratch: scratch.pointer)
        }
    }
}
