import Kernels
import TensorCore

/// Two-dimensional transposed convolution; then max(0, y) where `rectify` says so.
///
/// x [N, H, W, C], w [C, kh, kw, O / groups], b [O] → y [N, H′, W′, O] with H′ = (H − 1) s − P + d (k − 1) + 1 +
/// `outputPadding`. Every input value adds its filter, times itself, to the output: the gradient for the data of the
/// convolution that makes x's shape of y's, so that one's kernels compute it, and its forward pass and its gradient for
/// the filters are the gradients here. Zeiler et al., "Deconvolutional networks", CVPR 2010; Dumoulin and Visin, "A
/// guide to convolution arithmetic for deep learning", 2016, section 4.
/// - Parameters:
///   - attributes: of that convolution; its padding is cut off from the output.
///   - outputPadding: rows and columns more at the bottom and the right, fewer than the stride: of the output sizes
///     from which the convolution makes x's, the one that is meant.
package func convolutionTranspose2D(
    _ x: Variable, _ filters: Variable, bias: Variable? = nil, _ attributes: ConvolutionAttributes = .init(),
    outputPadding: [Int] = [0, 0], rectify: Bool = false
) -> Variable {
    precondition(
        x.shape.rank == 4 && filters.shape.rank == 4 && filters.shape[0] == x.shape[3]
            && x.shape[3] % attributes.groups == 0,
        "convolutionTranspose2D: input \(x.shape), filters \(filters.shape), \(attributes.groups) groups")
    let g = attributes.transposedGeometry(input: x.shape, filters: filters.shape, outputPadding: outputPadding)
    precondition(
        g.inputHeight > 0 && g.inputWidth > 0 && g.outputHeight == x.shape[1] && g.outputWidth == x.shape[2],
        "convolutionTranspose2D: \(x.shape) with output padding \(outputPadding) and strides \(attributes.stride)")
    let convolution = Convolution(g, algorithm: attributes.algorithm)
    let y = x.makeTensor([g.batch, g.inputHeight, g.inputWidth, g.inputChannels])
    let scratch = x.makeTensor([convolution.gradientScratchCount])
    // Without a filter gradient the convolution's own input, the first argument, is not read.
    convolution.gradients(
        x.value.pointer, filters.value.pointer, x.value.pointer, data: y.pointer, accumulateData: false, filter: nil,
        accumulateFilter: false, scratch: scratch.pointer)
    finish(y, bias: bias, rectify: rectify)
    let output = rectify ? y : nil
    return x.tape.record(y, x, filters, bias) {
        [xValue = x.value, w = filters.value, x = x.target, filters = filters.target, bias = bias?.target] tape, dy in
        if let output { dy = rectified(dy, output: output, tape) }
        let gradient = dy
        if let bias {
            tape.accumulate(into: bias) { db, accumulate in
                sumRows(
                    gradient.pointer, rows: gradient.count / g.inputChannels, columns: g.inputChannels, into: db,
                    accumulate: accumulate)
            }
        }
        tape.accumulate(into: filters) { dw, accumulate in
            let scratch = Tensor([convolution.gradientScratchCount], pool: tape.pool)
            convolution.gradients(
                gradient.pointer, w.pointer, xValue.pointer, data: nil, accumulateData: false, filter: dw,
                accumulateFilter: accumulate, scratch: scratch.pointer)
        }
        tape.accumulate(into: x) { dx, accumulate in
            let scratch = Tensor([convolution.forwardScratchCount], pool: tape.pool)
            let part = accumulate ? Tensor(x.shape, pool: tape.pool) : nil
            convolution.forward(
                gradient.pointer, w.pointer, bias: nil, rectify: false, into: part?.pointer ?? dx,
                scratch: scratch.pointer)
            if let part { Kernels.accumulate(part.pointer, into: dx, count: part.count) }
        }
    }
}

/// y + b, then max(0, y) where `rectify` says so, in place.
private func finish(_ y: Tensor, bias: Variable?, rectify: Bool) {
    guard let bias else { return rectify ? Kernels.rectify(y.pointer, count: y.count) : () }
    let channels = y.shape[3]
    addBias(bias.value.pointer, to: y.pointer, rows: y.count / channels, columns: channels, rectify: rectify)
}

extension ConvolutionAttributes {
    /// The geometry of the convolution whose transpose takes an input [N, H, W, C] with filters [C, kh, kw, O / groups]
    /// to the sizes that this geometry has as its input's; these are not positive where the padding leaves nothing.
    package func transposedGeometry(input: Shape, filters: Shape, outputPadding: [Int]) -> ConvolutionGeometry {
        func extent(_ axis: Int, padding: Int) -> Int {
            (input[1 + axis] - 1) * stride[axis] - padding + dilation[axis] * (filters[1 + axis] - 1) + 1
                + outputPadding[axis]
        }
        let height = max(extent(0, padding: padding[0] + padding[1]), 0)
        let width = max(extent(1, padding: padding[2] + padding[3]), 0)
        return geometry(input: [input[0], height, width, filters[3] * groups], filters: filters)
    }
}
