/// 3×3 and 5×5 convolution with stride 1, 3×3 with stride 2, by Winograd's minimal filtering; channels are multiples of
/// 16, or are filled up to that by ``PaddedConvolution``.
///
/// The tile's transforms are chosen here; ``WinogradPasses`` does the work with them.
package struct WinogradConvolution: Sendable {
    package let geometry: ConvolutionGeometry
    /// 4 for F(4×4, 3×3), F(4×4, 5×5) and stride 2, 2 for F(2×2, 3×3).
    package let tileOutputs: Int

    package init(_ geometry: ConvolutionGeometry, tileOutputs: Int) {
        self.geometry = geometry
        self.tileOutputs = tileOutputs
    }

    /// With fewer input or output channels than these, rounding factors takes the time that it saves.
    static let leastRoundedChannels = 64

    /// Whether the algorithm computes this shape, with at most twice its channels' products.
    package static func supports(_ g: ConvolutionGeometry) -> Bool {
        let isSquare = g.kernelHeight == g.kernelWidth && g.strideHeight == g.strideWidth
        let isKnown =
            g.strideHeight == 1 && (g.kernelHeight == 3 || g.kernelHeight == 5)
            || g.strideHeight == 2 && g.kernelHeight == 3
        return isSquare && isKnown && g.dilationHeight == 1 && g.dilationWidth == 1 && g.groups == 1
            && g.paddedShare <= 2 && g.paddingTop < g.kernelHeight && g.paddingLeft < g.kernelWidth
    }

    /// What a shape and the outputs of a tile amount to.
    private enum Kind { case two, four, fourOfFive, strided }

    private var kind: Kind {
        if geometry.strideHeight == 2 { return .strided }
        if geometry.kernelHeight == 5 { return .fourOfFive }
        return tileOutputs == 4 ? .four : .two
    }

    // Both passes ask for the same memory, so that the pool of tensors keeps one block for them.
    package var forwardScratchCount: Int { scratchCount }
    package var gradientScratchCount: Int { scratchCount }

    /// Floats of working memory that `forward` and `gradients` need.
    private var scratchCount: Int {
        switch kind {
        case .two: WinogradPasses<WinogradF2>(geometry: geometry).scratchCount
        case .four: WinogradPasses<WinogradF4>(geometry: geometry).scratchCount
        case .fourOfFive: WinogradPasses<WinogradF4Of5>(geometry: geometry).scratchCount
        case .strided: WinogradPasses<WinogradStrided>(geometry: geometry).scratchCount
        }
    }

    /// y = x ∗ w + bias, then max(0, y) where `rectify` says so.
    package func forward(
        _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, bias: UnsafePointer<Float>?, rectify: Bool,
        into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        switch kind {
        case .two: WinogradPasses<WinogradF2>(geometry: geometry).forward(x, w, bias, rectify, y, scratch)
        case .four: WinogradPasses<WinogradF4>(geometry: geometry).forward(x, w, bias, rectify, y, scratch)
        case .fourOfFive: WinogradPasses<WinogradF4Of5>(geometry: geometry).forward(x, w, bias, rectify, y, scratch)
        case .strided: WinogradPasses<WinogradStrided>(geometry: geometry).forward(x, w, bias, rectify, y, scratch)
        }
    }

    /// The gradients for the input and the filters, each only where asked for; `accumulate…` adds to what is there.
    package func gradients(
        _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, _ dy: UnsafePointer<Float>,
        data dx: UnsafeMutablePointer<Float>?, accumulateData: Bool, filter dw: UnsafeMutablePointer<Float>?,
        accumulateFilter: Bool, scratch: UnsafeMutablePointer<Float>
    ) {
        switch kind {
        case .two:
            WinogradPasses<WinogradF2>(geometry: geometry).gradients(
                x, w, dy, dx, accumulateData, dw, accumulateFilter, scratch)
        case .four:
            WinogradPasses<WinogradF4>(geometry: geometry).gradients(
                x, w, dy, dx, accumulateData, dw, accumulateFilter, scratch)
        case .fourOfFive:
            WinogradPasses<WinogradF4Of5>(geometry: geometry).gradients(
                x, w, dy, dx, accumulateData, dw, accumulateFilter, scratch)
        case .strided:
            WinogradPasses<WinogradStrided>(geometry: geometry).gradients(
                x, w, dy, dx, accumulateData, dw, accumulateFilter, scratch)
        }
    }
}
