import Kernels
import TensorCore

/// Stride, padding, dilation and groups of a two-dimensional convolution, each as (height, width).
package struct ConvolutionAttributes: Hashable, Sendable {
    package var stride: [Int]
    /// Zeros around the image: [top, bottom, left, right].
    package var padding: [Int]
    package var dilation: [Int]
    package var groups: Int
    /// Forces an algorithm instead of the one chosen from the shape.
    package var algorithm: ConvolutionAlgorithm?

    package init(
        stride: [Int] = [1, 1], padding: [Int] = [0, 0, 0, 0], dilation: [Int] = [1, 1], groups: Int = 1,
        algorithm: ConvolutionAlgorithm? = nil
    ) {
        self.stride = stride
        self.padding = padding
        self.dilation = dilation
        self.groups = groups
        self.algorithm = algorithm
    }

    /// The geometry for an input [N, H, W, C] and filters [O, kh, kw, C / groups].
    package func geometry(input: Shape, filters: Shape) -> ConvolutionGeometry {
        var g = ConvolutionGeometry(
            batch: input[0], inputHeight: input[1], inputWidth: input[2], inputChannels: input[3],
            outputChannels: filters[0], kernelHeight: filters[1], kernelWidth: filters[2])
        (g.strideHeight, g.strideWidth) = (stride[0], stride[1])
        (g.paddingTop, g.paddingBottom, g.paddingLeft, g.paddingRight) = (
            padding[0], padding[1], padding[2], padding[3]
        )
        (g.dilationHeight, g.dilationWidth) = (dilation[0], dilation[1])
        g.groups = groups
        return g
    }
}

/// Two-dimensional cross-correlation, what networks call convolution; then max(0, y) where `rectify` says so.
///
/// x [N, H, W, C], w [O, kh, kw, C / groups], b [O] → y [N, H′, W′, O] with H′ = ⌊(H + P − d (kh − 1) − 1) / s⌋ + 1.
/// Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016.
package func convolution2D(
    _ x: Variable, _ filters: Variable, bias: Variable? = nil, _ attributes: ConvolutionAttributes = .init(),
    rectify: Bool = false
) -> Variable {
    precondition(
        x.shape.rank == 4 && filters.shape.rank == 4, "convolution2D: input \(x.shape), filters \(filters.shape)")
    let g = attributes.geometry(input: x.shape, filters: filters.shape)
    precondition(
        g.inputChannels % g.groups == 0 && g.outputChannels % g.groups == 0 && filters.shape[3] == g.groupInputChannels,
        "convolution2D: input \(x.shape), filters \(filters.shape), \(g.groups) groups")
    precondition(
        g.outputHeight > 0 && g.outputWidth > 0, "convolution2D: filters \(filters.shape) do not fit \(x.shape)")
    let convolution = Convolution(g, algorithm: attributes.algorithm)
    let y = x.makeTensor([g.batch, g.outputHeight, g.outputWidth, g.outputChannels])
    let scratch = x.makeTensor([convolution.forwardScratchCount])
    convolution.forward(
        x.value.pointer, filters.value.pointer, bias: bias?.value.pointer, rectify: rectify, into: y.pointer,
        scratch: scratch.pointer)
    let output = rectify ? y : nil
    return x.tape.record(y, x, filters, bias) {
        [xValue = x.value, w = filters.value, x = x.target, filters = filters.target, bias = bias?.target] tape, dy in
        if let output { dy = rectified(dy, output: output, tape) }
        let gradient = dy
        if let bias {
            tape.accumulate(into: bias) { db, accumulate in
                sumRows(
                    gradient.pointer, rows: g.outputPixels, columns: g.outputChannels, into: db, accumulate: accumulate)
            }
        }
        let scratch = Tensor([convolution.gradientScratchCount], pool: tape.pool)
        tape.accumulate(data: x, filters: filters) { dx, accumulateData, dw, accumulateFilter in
            convolution.gradients(
                xValue.pointer, w.pointer, gradient.pointer, data: dx, accumulateData: accumulateData, filter: dw,
                accumulateFilter: accumulateFilter, scratch: scratch.pointer)
        }
    }
}
