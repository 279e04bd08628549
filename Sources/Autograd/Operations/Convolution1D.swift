import Kernels
import TensorCore

/// Cross-correlation over the steps of a sequence; then max(0, y) where `rectify` says so.
///
/// x [N, T, C], w [O, 1, k, C / groups], b [O] → y [N, T′, O] with T′ = ⌊(T + P − d (k − 1) − 1) / s⌋ + 1. It is the
/// two-dimensional convolution of images of height 1, by the same kernels. Waibel et al., "Phoneme recognition using
/// time-delay neural networks", 1989; with dilation van den Oord et al., "WaveNet", 2016.
/// - Parameters:
///   - addend: [N, T′, O], added before max.
///   - attributes: of the image of height 1; the steps are its width.
package func convolution1D(
    _ x: Variable, _ filters: Variable, bias: Variable? = nil, plus addend: Variable? = nil,
    _ attributes: ConvolutionAttributes = .init(), rectify: Bool = false
) -> Variable {
    precondition(x.shape.rank == 3, "convolution1D: input \(x.shape)")
    if let addend, let g = steps(x, filters, attributes), Convolution(g, algorithm: attributes.algorithm).isByTaps {
        return convolution1D(x, filters, bias: bias, plus: addend, g, rectify: rectify)
    }
    let image = reshape(x, [x.shape[0], 1, x.shape[1], x.shape[2]])
    let y = convolution2D(image, filters, bias: bias, attributes, rectify: rectify && addend == nil)
    precondition(y.shape[1] == 1, "convolution1D: filters \(filters.shape) make \(y.shape[1]) rows of one")
    let sequence = reshape(y, [y.shape[0], y.shape[2], y.shape[3]])
    return addend.map { add(sequence, $0, rectify: rectify) } ?? sequence
}

/// The geometry of a convolution without groups; nil of others.
private func steps(
    _ x: Variable, _ filters: Variable, _ attributes: ConvolutionAttributes
) -> ConvolutionGeometry? {
    guard attributes.groups == 1, filters.shape.rank == 4, filters.shape[3] == x.shape[2] else { return nil }
    return attributes.geometry(input: [x.shape[0], 1, x.shape[1], x.shape[2]], filters: filters.shape)
}

/// The convolution and its sum with `addend` in one pass.
private func convolution1D(
    _ x: Variable, _ filters: Variable, bias: Variable?, plus addend: Variable, _ g: ConvolutionGeometry,
    rectify: Bool
) -> Variable {
    let y = x.makeTensor([g.batch, g.outputWidth, g.outputChannels])
    precondition(addend.shape == y.shape, "convolution1D: \(y.shape) + \(addend.shape)")
    let convolution = SequenceConvolution(g)
    let scratch = x.makeTensor([convolution.forwardScratchCount])
    convolution.forward(
        x.value.pointer, filters.value.pointer, bias: bias?.value.pointer, addend: addend.value.pointer,
        rectify: rectify, into: y.pointer, scratch: scratch.pointer)
    let output = rectify ? y : nil
    return x.tape.record(y, all: [x, filters, addend] + (bias.map { [$0] } ?? [])) {
        [
            xValue = x.value, w = filters.value, x = x.target, filters = filters.target, addend = addend.target,
            bias = bias?.target
        ] tape, dy in
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
        tape.accumulate(gradient, into: addend)
    }
}

/// A gated convolution over steps: ``gate(_:)`` of the convolution plus a vector at every step, [N, T, C] → [N, T′, D].
///
/// Van den Oord et al., "WaveNet", 2016, sections 2.3 and 2.5: y = tanh(Wf ∗ x + Vf h) · sigmoid(Wg ∗ x + Vg h).
/// - Parameters:
///   - filters: [2 D, 1, k, C], Wf before Wg, as `bias` [2 D].
///   - vector: [N, 2 D], what a condition h adds.
package func gatedConvolution1D(
    _ x: Variable, _ filters: Variable, bias: Variable? = nil, vector: Variable? = nil,
    _ attributes: ConvolutionAttributes = .init()
) -> Variable {
    precondition(x.shape.rank == 3, "gatedConvolution1D: input \(x.shape)")
    guard let g = steps(x, filters, attributes), attributes.algorithm ?? .taps == .taps,
        GatedSequenceConvolution.supports(g)
    else {
        let y = convolution1D(x, filters, bias: bias, attributes)
        return gate(vector.map { addAtPositions(y, $0) } ?? y)
    }
    precondition(
        vector.map { $0.shape == [g.batch, g.outputChannels] } ?? true,
        "gatedConvolution1D: a vector \(vector!.shape) for \(g.batch) sequences of \(g.outputChannels) channels")
    let convolution = GatedSequenceConvolution(g)
    let inputs = [x, filters, bias, vector].compactMap { $0 }
    let y = x.makeTensor([g.batch, g.outputWidth, g.outputChannels / 2])
    let keepsGates = inputs.contains(where: \.needsGradient)
    let gates = x.makeTensor(keepsGates ? [g.batch, g.outputWidth, g.outputChannels] : [0])
    let scratch = x.makeTensor([convolution.forwardScratchCount])
    convolution.forward(
        x.value.pointer, filters.value.pointer, bias: bias?.value.pointer, offsets: vector?.value.pointer,
        gates: keepsGates ? gates.pointer : nil, into: y.pointer, scratch: scratch.pointer)
    return x.tape.record(y, all: inputs) {
        [
            xValue = x.value, w = filters.value, x = x.target, filters = filters.target, bias = bias?.target,
            vector = vector?.target
        ] tape, dy in
        let gradient = dy
        let scratch = Tensor([convolution.gradientScratchCount], pool: tape.pool)
        let sums = Tensor([g.batch, g.outputChannels], pool: tape.pool)
        tape.accumulate(data: x, filters: filters) { dx, accumulateData, dw, accumulateFilter in
            convolution.gradients(
                xValue.pointer, w.pointer, gates: gates.pointer, gradient.pointer, data: dx,
                accumulateData: accumulateData, filter: dw, accumulateFilter: accumulateFilter,
                offsets: sums.pointer, scratch: scratch.pointer)
        }
        if let bias {
            tape.accumulate(into: bias) { db, accumulate in
                sumRows(sums.pointer, rows: g.batch, columns: g.outputChannels, into: db, accumulate: accumulate)
            }
        }
        if let vector { tape.accumulate(sums, into: vector) }
    }
}

extension Tape {
    /// Lets `write` put the gradients for a convolution's input and for its filters where they belong, in one call: the
    /// fast algorithms share work between them.
    ///
    /// - Parameter write: gets nil for a gradient that nobody needs; called once in any case.
    func accumulate(
        data: GradientTarget, filters: GradientTarget,
        _ write: (
            _ dx: UnsafeMutablePointer<Float>?, _ accumulateData: Bool, _ dw: UnsafeMutablePointer<Float>?,
            _ accumulateFilter: Bool
        ) -> Void
    ) {
        func writeData(_ dw: UnsafeMutablePointer<Float>?, _ accumulateFilter: Bool) {
            guard data.needsGradient else { return write(nil, false, dw, accumulateFilter) }
            accumulate(into: data) { dx, accumulateData in write(dx, accumulateData, dw, accumulateFilter) }
        }
        guard filters.needsGradient else { return writeData(nil, false) }
        accumulate(into: filters) { dw, accumulateFilter in writeData(dw, accumulateFilter) }
    }
}
