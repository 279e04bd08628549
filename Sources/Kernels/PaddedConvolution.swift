/// A convolution whose channels are filled up with zeros to multiples of 16, for algorithms that want whole vectors.
struct PaddedConvolution {
    let geometry: ConvolutionGeometry
    private let inner: any ConvolutionKernel

    /// - Parameter kernel: the algorithm for the shape with more channels, see ``ConvolutionGeometry/padded``.
    init(_ geometry: ConvolutionGeometry, kernel: any ConvolutionKernel) {
        self.geometry = geometry
        inner = kernel
    }

    private var padded: ConvolutionGeometry { geometry.padded }
    private var inputPixels: Int { geometry.batch * geometry.inputHeight * geometry.inputWidth }
    /// Filters as rows of channels.
    private var taps: Int { geometry.kernelHeight * geometry.kernelWidth }
    private var padsInput: Bool { geometry.inputChannels != padded.inputChannels }
    private var padsOutput: Bool { geometry.outputChannels != padded.outputChannels }

    // Floats of the copies; what needs none is used where it lies.
    private var inputCount: Int { padsInput ? padded.inputCount : 0 }
    private var outputCount: Int { padsOutput ? padded.outputCount : 0 }

    /// x [rows, channels] with zeros behind each row: [rows, width].
    private func widen(
        _ x: UnsafePointer<Float>, rows: Int, channels: Int, width: Int, into target: UnsafeMutablePointer<Float>
    ) {
        for row in 0..<rows {
            let to = target + row * width
            to.update(from: x + row * channels, count: channels)
            (to + channels).update(repeating: 0, count: width - channels)
        }
    }

    /// The first `channels` of each row, or these added to what is there.
    private func narrow(
        _ source: UnsafePointer<Float>, rows: Int, width: Int, channels: Int, into y: UnsafeMutablePointer<Float>,
        adding: Bool
    ) {
        for row in 0..<rows {
            let (from, to) = (source + row * width, y + row * channels)
            if adding { accumulate(from, into: to, count: channels) } else { to.update(from: from, count: channels) }
        }
    }

    /// The filters, those that are added being zero.
    private func widenFilters(_ w: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>) {
        widen(
            w, rows: geometry.outputChannels * taps, channels: geometry.inputChannels, width: padded.inputChannels,
            into: target)
        let used = geometry.outputChannels * padded.patchCount
        (target + used).update(repeating: 0, count: padded.filterCount - used)
    }

    private func widenInput(_ x: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>) {
        widen(x, rows: inputPixels, channels: geometry.inputChannels, width: padded.inputChannels, into: target)
    }
}

extension PaddedConvolution: ConvolutionKernel {
    var forwardScratchCount: Int {
        padded.filterCount + padded.outputChannels + inputCount + outputCount + inner.forwardScratchCount
    }

    var gradientScratchCount: Int {
        2 * padded.filterCount + 2 * inputCount + outputCount + inner.gradientScratchCount
    }

    func forward(
        _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, bias: UnsafePointer<Float>?, rectify: Bool,
        into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let (o, width) = (geometry.outputChannels, padded.outputChannels)
        let (ws, biases) = (scratch, scratch + padded.filterCount)
        let xs = biases + width
        let ys = xs + inputCount
        widenFilters(w, into: ws)
        if padsInput { widenInput(x, into: xs) }
        if let bias { widen(bias, rows: 1, channels: o, width: width, into: biases) }
        inner.forward(
            padsInput ? UnsafePointer(xs) : x, ws, bias: bias == nil ? nil : UnsafePointer(biases), rectify: rectify,
            into: padsOutput ? ys : y, scratch: ys + outputCount)
        if padsOutput {
            narrow(ys, rows: geometry.outputPixels, width: width, channels: o, into: y, adding: false)
        }
    }

    func gradients(
        _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, _ dy: UnsafePointer<Float>,
        data dx: UnsafeMutablePointer<Float>?, accumulateData: Bool, filter dw: UnsafeMutablePointer<Float>?,
        accumulateFilter: Bool, scratch: UnsafeMutablePointer<Float>
    ) {
        let (c, o) = (geometry.inputChannels, geometry.outputChannels)
        let (ws, dws) = (scratch, scratch + padded.filterCount)
        let xs = dws + padded.filterCount
        let dxs = xs + inputCount
        let dys = dxs + inputCount
        widenFilters(w, into: ws)
        if padsInput, dw != nil { widenInput(x, into: xs) }
        if padsOutput {
            widen(dy, rows: geometry.outputPixels, channels: o, width: padded.outputChannels, into: dys)
        }
        inner.gradients(
            padsInput ? UnsafePointer(xs) : x, ws, padsOutput ? UnsafePointer(dys) : dy,
            data: padsInput ? (dx == nil ? nil : dxs) : dx, accumulateData: !padsInput && accumulateData,
            filter: dw == nil ? nil : dws, accumulateFilter: false, scratch: dys + outputCount)
        if padsInput, let dx {
            narrow(
                dxs, rows: inputPixels, width: padded.inputChannels, channels: c, into: dx, adding: accumulateData)
        }
        if let dw {
            narrow(dws, rows: o * taps, width: padded.inputChannels, channels: c, into: dw, adding: accumulateFilter)
        }
    }
}

extension ConvolutionGeometry {
    /// The shape with channels and filters filled up to multiples of 16.
    var padded: ConvolutionGeometry {
        var whole = self
        whole.inputChannels = (inputChannels + 15) / 16 * 16
        whole.outputChannels = (outputChannels + 15) / 16 * 16
        return whole
    }

    /// Products of the shape with whole vectors of channels, for each of its own.
    var paddedShare: Double {
        Double(padded.inputChannels * padded.outputChannels) / Double(inputChannels * outputChannels)
    }
}
