/// Convolution in groups that are wide enough for an algorithm of their own: each group is copied out and computed as a
/// convolution without groups.
struct SplitGroupConvolution {
    let geometry: ConvolutionGeometry
    private let inner: any ConvolutionKernel

    /// - Parameter kernel: the algorithm for one group's shape, see ``ConvolutionGeometry/ofOneGroup``.
    init(_ geometry: ConvolutionGeometry, kernel: any ConvolutionKernel) {
        self.geometry = geometry
        inner = kernel
    }

    private var inputPixels: Int { geometry.batch * geometry.inputHeight * geometry.inputWidth }
    private var inputCount: Int { (inputPixels * geometry.groupInputChannels + 15) / 16 * 16 }
    private var outputCount: Int { (geometry.outputPixels * geometry.groupOutputChannels + 15) / 16 * 16 }

    /// The columns of group `group` of x [rows, groups · channels], as [rows, channels].
    private func gather(
        _ x: UnsafePointer<Float>, group: Int, rows: Int, channels: Int, into target: UnsafeMutablePointer<Float>
    ) {
        let source = x + group * channels
        for row in 0..<rows {
            (target + row * channels).update(from: source + row * geometry.groups * channels, count: channels)
        }
    }

    /// The same back, or added to what is there.
    private func scatter(
        _ source: UnsafePointer<Float>, group: Int, rows: Int, channels: Int, into y: UnsafeMutablePointer<Float>,
        adding: Bool
    ) {
        let target = y + group * channels
        for row in 0..<rows {
            let (from, to) = (source + row * channels, target + row * geometry.groups * channels)
            if adding { accumulate(from, into: to, count: channels) } else { to.update(from: from, count: channels) }
        }
    }
}

extension SplitGroupConvolution: ConvolutionKernel {
    var forwardScratchCount: Int { inputCount + outputCount + inner.forwardScratchCount }
    var gradientScratchCount: Int { 2 * inputCount + outputCount + inner.gradientScratchCount }

    func forward(
        _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, bias: UnsafePointer<Float>?, rectify: Bool,
        into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let (c, o) = (geometry.groupInputChannels, geometry.groupOutputChannels)
        let (xs, ys) = (scratch, scratch + inputCount)
        for group in 0..<geometry.groups {
            gather(x, group: group, rows: inputPixels, channels: c, into: xs)
            inner.forward(
                xs, w + group * o * geometry.patchCount, bias: bias.map { $0 + group * o }, rectify: rectify, into: ys,
                scratch: ys + outputCount)
            scatter(ys, group: group, rows: geometry.outputPixels, channels: o, into: y, adding: false)
        }
    }

    func gradients(
        _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, _ dy: UnsafePointer<Float>,
        data dx: UnsafeMutablePointer<Float>?, accumulateData: Bool, filter dw: UnsafeMutablePointer<Float>?,
        accumulateFilter: Bool, scratch: UnsafeMutablePointer<Float>
    ) {
        let (c, o) = (geometry.groupInputChannels, geometry.groupOutputChannels)
        let (xs, dxs) = (scratch, scratch + inputCount)
        let dys = dxs + inputCount
        for group in 0..<geometry.groups {
            let filters = group * o * geometry.patchCount
            if dw != nil { gather(x, group: group, rows: inputPixels, channels: c, into: xs) }
            gather(dy, group: group, rows: geometry.outputPixels, channels: o, into: dys)
            inner.gradients(
                xs, w + filters, dys, data: dx == nil ? nil : dxs, accumulateData: false,
                filter: dw.map { $0 + filters },
                accumulateFilter: accumulateFilter, scratch: dys + outputCount)
            if let dx { scatter(dxs, group: group, rows: inputPixels, channels: c, into: dx, adding: accumulateData) }
        }
    }
}

extension ConvolutionGeometry {
    /// The shape of one group as a convolution without groups.
    var ofOneGroup: ConvolutionGeometry {
        var group = self
        (group.inputChannels, group.outputChannels, group.groups) = (groupInputChannels, groupOutputChannels, 1)
        return group
    }
}
