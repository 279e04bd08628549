/// Convolution in groups of 2, 4, 8 or 16 channels to as many filters, any kernel, stride and dilation, computed in
/// registers.
///
/// The vector runs over 16 output channels, hence over one to eight groups; an input vector's value i of each lane's
/// group is a permutation of that vector, so no product is spent on the zeros between groups. Xie et al., "Aggregated
/// residual transformations for deep neural networks" (ResNeXt), CVPR 2017, has 32 groups of 4 to 32 channels.
package struct SmallGroupConvolution: Sendable {
    package let geometry: ConvolutionGeometry

    package init(_ geometry: ConvolutionGeometry) { self.geometry = geometry }

    /// Whether the algorithm computes this shape at all.
    package static func supports(_ g: ConvolutionGeometry) -> Bool {
        g.groups > 1 && g.inputChannels == g.outputChannels && g.inputChannels % 16 == 0
            && [2, 4, 8, 16].contains(g.groupInputChannels)
    }

    // Letters: c channels, s channels of a group; a slab is 16 channels of an image, with its padding [ph, pw, 16].
    var c: Int { geometry.inputChannels }
    private var s: Int { geometry.groupInputChannels }
    private var taps: Int { geometry.kernelHeight * geometry.kernelWidth }
    var ph: Int { geometry.inputHeight + geometry.paddingTop + geometry.paddingBottom }
    var pw: Int { geometry.inputWidth + geometry.paddingLeft + geometry.paddingRight }
    private var slabCount: Int { max(ph * pw, mirrored.map { $0.ph * $0.pw } ?? 0) * 16 }

    /// Floats of working memory for any pass: a slab, and the filters or their gradients as [c / 16, tap, s, 16].
    package var scratchCount: Int { slabCount + taps * s * c }

    /// The convolution of dy that gives the data gradient, with mirrored filters transposed within their groups; nil
    /// where stride or padding forbid it.
    private var mirrored: SmallGroupConvolution? {
        var g = geometry
        (g.inputHeight, g.inputWidth) = (geometry.outputHeight, geometry.outputWidth)
        let height = geometry.dilationHeight * (geometry.kernelHeight - 1)
        let width = geometry.dilationWidth * (geometry.kernelWidth - 1)
        (g.paddingTop, g.paddingBottom) = (height - geometry.paddingTop, height - geometry.paddingBottom)
        (g.paddingLeft, g.paddingRight) = (width - geometry.paddingLeft, width - geometry.paddingRight)
        let fits = min(g.paddingTop, g.paddingBottom, g.paddingLeft, g.paddingRight) >= 0
        return fits && geometry.strideHeight == 1 && geometry.strideWidth == 1 ? SmallGroupConvolution(g) : nil
    }

    /// y = x ∗ w + bias, then max(0, y) where `rectify` says so.
    package func forward(
        _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, bias: UnsafePointer<Float>?, rectify: Bool,
        into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        switch s {
        case 2: forward(GroupsOfTwo.self, x, w, bias, rectify, y, scratch)
        case 4: forward(GroupsOfFour.self, x, w, bias, rectify, y, scratch)
        case 8: forward(GroupsOfEight.self, x, w, bias, rectify, y, scratch)
        default: forward(GroupsOfSixteen.self, x, w, bias, rectify, y, scratch)
        }
    }

    /// dx = the gradient for the input, or dx += it.
    package func dataGradient(
        _ dy: UnsafePointer<Float>, _ w: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>,
        scratch: UnsafeMutablePointer<Float>, accumulate: Bool
    ) {
        switch s {
        case 2: dataGradient(GroupsOfTwo.self, dy, w, dx, scratch, accumulate)
        case 4: dataGradient(GroupsOfFour.self, dy, w, dx, scratch, accumulate)
        case 8: dataGradient(GroupsOfEight.self, dy, w, dx, scratch, accumulate)
        default: dataGradient(GroupsOfSixteen.self, dy, w, dx, scratch, accumulate)
        }
    }

    /// dw = the gradient for the filters, or dw += it.
    package func filterGradient(
        _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, into dw: UnsafeMutablePointer<Float>,
        scratch: UnsafeMutablePointer<Float>, accumulate: Bool
    ) {
        switch s {
        case 2: filterGradient(GroupsOfTwo.self, x, dy, dw, scratch, accumulate)
        case 4: filterGradient(GroupsOfFour.self, x, dy, dw, scratch, accumulate)
        case 8: filterGradient(GroupsOfEight.self, x, dy, dw, scratch, accumulate)
        default: filterGradient(GroupsOfSixteen.self, x, dy, dw, scratch, accumulate)
        }
    }

    // MARK: - The three passes

    @inline(never) @_specialize(where Group == GroupsOfTwo) @_specialize(where Group == GroupsOfFour)
    @_specialize(where Group == GroupsOfEight) @_specialize(where Group == GroupsOfSixteen)
    private func forward<Group: ChannelGroup>(
        _: Group.Type, _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, _ bias: UnsafePointer<Float>?,
        _ rectify: Bool,
        _ y: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>
    ) {
        let filters = scratch + slabCount
        forEachFilterValue { output, tap, i, index in filters[place(output, tap, i)] = w[index] }
        correlate(Group.self, x, filters, Ending(bias: bias, rectify: rectify), into: y, slab: scratch)
    }

    @inline(never) @_specialize(where Group == GroupsOfTwo) @_specialize(where Group == GroupsOfFour)
    @_specialize(where Group == GroupsOfEight) @_specialize(where Group == GroupsOfSixteen)
    private func dataGradient<Group: ChannelGroup>(
        _: Group.Type, _ dy: UnsafePointer<Float>, _ w: UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>,
        _ scratch: UnsafeMutablePointer<Float>, _ accumulate: Bool
    ) {
        let filters = scratch + slabCount
        // Transposed within each group: the lanes are input channels.
        let mirrored = mirrored
        forEachFilterValue { output, tap, i, index in
            filters[place(output / s * s + i, mirrored == nil ? tap : taps - 1 - tap, output % s)] = w[index]
        }
        if let mirrored {
            mirrored.correlate(Group.self, dy, filters, Ending(accumulate: accumulate), into: dx, slab: scratch)
            return
        }
        for n in 0..<geometry.batch {
            for channel in stride(from: 0, to: c, by: 16) {
                scratch.update(repeating: 0, count: ph * pw * 16)
                for oh in 0..<geometry.outputHeight {
                    let row = dy + (n * geometry.outputHeight + oh) * geometry.outputWidth * c + channel
                    for ow in 0..<geometry.outputWidth {
                        let corner = scratch + (oh * geometry.strideHeight * pw + ow * geometry.strideWidth) * 16
                        addOutput(Group.self, row.vector(ow * c), filters + place(channel, 0, 0), to: corner)
                    }
                }
                copyGradient(scratch, n, channel, into: dx, accumulate: accumulate)
            }
        }
    }

    @inline(never) @_specialize(where Group == GroupsOfTwo) @_specialize(where Group == GroupsOfFour)
    @_specialize(where Group == GroupsOfEight) @_specialize(where Group == GroupsOfSixteen)
    private func filterGradient<Group: ChannelGroup>(
        _: Group.Type, _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, _ dw: UnsafeMutablePointer<Float>,
        _ scratch: UnsafeMutablePointer<Float>, _ accumulate: Bool
    ) {
        let filters = scratch + slabCount
        scratch.update(repeating: 0, count: scratchCount)
        for n in 0..<geometry.batch {
            for channel in stride(from: 0, to: c, by: 16) {
                copyImage(x, n, channel, into: scratch)
                for oh in 0..<geometry.outputHeight {
                    let row = dy + (n * geometry.outputHeight + oh) * geometry.outputWidth * c + channel
                    forEachTap { tap, offset in
                        let source = scratch + (oh * geometry.strideHeight * pw + offset) * 16
                        addRow(Group.self, source, row, to: filters + place(channel, tap, 0))
                    }
                }
            }
        }
        forEachFilterValue { output, tap, i, index in
            let value = filters[place(output, tap, i)]
            dw[index] = accumulate ? dw[index] + value : value
        }
    }

    // MARK: - Layout

    /// Where the filters for vectors hold value i under tap `tap` for channel `channel`.
    @inline(__always)
    func place(_ channel: Int, _ tap: Int, _ i: Int) -> Int {
        ((channel / 16 * taps + tap) * s + i) * 16 + channel % 16
    }

    /// Calls `body(output channel, tap, i, index in w)` for each filter value.
    @inline(__always)
    private func forEachFilterValue(_ body: (Int, Int, Int, Int) -> Void) {
        var index = 0
        for output in 0..<c {
            for tap in 0..<taps {
                for i in 0..<s {
                    body(output, tap, i, index)
                    index += 1
                }
            }
        }
    }

    /// Calls `body(tap, pixels from an output's first input)` for each tap.
    @inline(__always)
    func forEachTap(_ body: (Int, Int) -> Void) {
        for kh in 0..<geometry.kernelHeight {
            for kw in 0..<geometry.kernelWidth {
                body(kh * geometry.kernelWidth + kw, kh * geometry.dilationHeight * pw + kw * geometry.dilationWidth)
            }
        }
    }

    /// Sixteen channels of image n, into the part of the slab that is not padding.
    @inline(__always)
    func copyImage(_ x: UnsafePointer<Float>, _ n: Int, _ channel: Int, into slab: UnsafeMutablePointer<Float>) {
        for row in 0..<geometry.inputHeight {
            let source = x + (n * geometry.inputHeight + row) * geometry.inputWidth * c + channel
            let target = slab + ((row + geometry.paddingTop) * pw + geometry.paddingLeft) * 16
            for column in 0..<geometry.inputWidth { target.store(source.vector(column * c), column * 16) }
        }
    }

    /// The slab without its padding, as sixteen channels of image n, or added to them.
    @inline(__always)
    private func copyGradient(
        _ slab: UnsafePointer<Float>, _ n: Int, _ channel: Int, into dx: UnsafeMutablePointer<Float>, accumulate: Bool
    ) {
        for row in 0..<geometry.inputHeight {
            let target = dx + (n * geometry.inputHeight + row) * geometry.inputWidth * c + channel
            let source = slab + ((row + geometry.paddingTop) * pw + geometry.paddingLeft) * 16
            for column in 0..<geometry.inputWidth {
                let value = source.vector(column * 16)
                target.store(accumulate ? target.vector(column * c) + value : value, column * c)
            }
        }
    }
}
