/// How a convolution is computed; the choice depends on the shape alone, so it is the same on every rank and machine.
package enum ConvolutionAlgorithm: Hashable, Sendable {
    case im2col
    /// In registers: for few channels, for small groups of channels, and channel by channel for depthwise convolutions.
    case direct
    /// Winograd's minimal filtering with tiles of 4×4 or 2×2 outputs; 4×4 at stride 2.
    case winograd(tileOutputs: Int)
    /// By Fourier transforms of tiles, for kernels of 4×4 to 11×11.
    case fft
    /// Over the steps of sequences: a matrix product a tap, of rows where they lie.
    case taps
}

/// What a configuration may say about how convolutions are computed.
package enum ConvolutionPreference: String, CaseIterable, Sendable {
    /// By the shape.
    case automatic
    /// These wherever they can compute the shape, else by the shape.
    case im2col, direct, winograd2, winograd4, fft

    /// The algorithm that this forces on a shape; nil where the shape decides.
    package func algorithm(for geometry: ConvolutionGeometry) -> ConvolutionAlgorithm? {
        Convolution.algorithms(for: geometry).first { $0.name == rawValue }
    }
}

extension ConvolutionAlgorithm {
    /// The name in tables and configurations.
    package var name: String {
        switch self {
        case .im2col: "im2col"
        case .direct: "direct"
        case .winograd(let outputs): "winograd\(outputs)"
        case .fft: "fft"
        case .taps: "taps"
        }
    }
}

/// A convolution with its algorithm chosen: forward, and both gradients.
///
/// Every algorithm's result differs from the exact one, for each pass, by at most 10⁻⁴ of the largest magnitude in that
/// result. The tests hold im2col, direct, FFT and F(2, 3) to 3 · 10⁻⁶, F(4, 3) and stride 2 to 2 · 10⁻⁵, F(4, 5) to 4 ·
/// 10⁻⁵. Where the thread rounds factors (``ProductPrecision``), im2col and Winograd have the error of
/// rounding instead.
package struct Convolution: Sendable {
    package let geometry: ConvolutionGeometry
    package let algorithm: ConvolutionAlgorithm

    /// - Parameter algorithm: overrides the choice; it must support the shape.
    package init(_ geometry: ConvolutionGeometry, algorithm: ConvolutionAlgorithm? = nil) {
        self.geometry = geometry
        self.algorithm = algorithm ?? Convolution.choose(geometry)
    }

    /// Tap by tap where images are sequences; Winograd where it can and its tiles are full enough, Fourier tiles for
    /// other large kernels, direct where matrix products would be too thin, else im2col; in groups what one group gets,
    /// unless they are computed together.
    /// docs/convolution-notes.md has the measurements.
    static func choose(_ g: ConvolutionGeometry) -> ConvolutionAlgorithm {
        if SequenceConvolution.supports(g) && SequenceConvolution.isWorthwhile(g) { return .taps }
        if g.groups > 1 {
            let group = choose(g.ofOneGroup)
            return isInRegisters(g) && (group == .im2col || g.strideHeight > 1) ? .direct : group
        }
        let tiles = ((g.outputHeight + 3) / 4) * ((g.outputWidth + 3) / 4)
        // Channels that are filled up make the direct algorithm's products fewer in comparison.
        let products = Double(g.outputHeight * g.outputWidth * g.kernelHeight * g.kernelWidth)
        let directProducts = Int(products / g.paddedShare)
        if WinogradConvolution.supports(g) && g.strideHeight == 2 {
            // 81 products a tile: a quarter of the direct algorithm's must be saved, and the filters' transforms shared
            // by enough tiles.
            if 4 * 81 * tiles <= 3 * directProducts && g.batch * tiles >= 32 { return .winograd(tileOutputs: 4) }
        } else if WinogradConvolution.supports(g) {
            let isWorthwhile = 2 * (g.kernelHeight == 5 ? 64 : 36) * tiles <= directProducts
            // One tile of F(2, 3) covers two pixels with 16 products; F(4, 3) takes 36.
            let outputs = g.kernelHeight == 3 && min(g.outputHeight, g.outputWidth) <= 2 ? 2 : 4
            if isWorthwhile || g == g.padded && g.kernelHeight == 3 { return .winograd(tileOutputs: outputs) }
            if g == g.padded { return .im2col }
        }
        if FFTConvolution.supports(g) && FFTConvolution.isWorthwhile(g) { return .fft }
        return DirectConvolution.supports(g) && g.outputChannels <= 16 ? .direct : .im2col
    }

    /// Whether groups are computed together, as lanes of a vector.
    private static func isInRegisters(_ g: ConvolutionGeometry) -> Bool {
        DepthwiseConvolution.supports(g) || SmallGroupConvolution.supports(g)
    }

    /// Every algorithm that computes a shape; in groups those that compute one of them.
    package static func algorithms(for g: ConvolutionGeometry) -> [ConvolutionAlgorithm] {
        if g.groups > 1 {
            let group = algorithms(for: g.ofOneGroup)
            return isInRegisters(g) && !group.contains(.direct) ? group + [.direct] : group
        }
        var result: [ConvolutionAlgorithm] = [.im2col]
        if DirectConvolution.supports(g) { result.append(.direct) }
        if WinogradConvolution.supports(g) {
            if g.kernelHeight == 3 && g.strideHeight == 1 { result.append(.winograd(tileOutputs: 2)) }
            result.append(.winograd(tileOutputs: 4))
        }
        if FFTConvolution.supports(g) { result.append(.fft) }
        if SequenceConvolution.supports(g) { result.append(.taps) }
        return result
    }

    /// Whether ``SequenceConvolution`` computes it.
    package var isByTaps: Bool { algorithm == .taps }

    private var kernel: any ConvolutionKernel { Convolution.kernel(geometry, algorithm) }

    private static func kernel(_ g: ConvolutionGeometry, _ algorithm: ConvolutionAlgorithm) -> any ConvolutionKernel {
        switch algorithm {
        case .im2col: Im2colConvolution(g)
        case .direct where DepthwiseConvolution.supports(g): DepthwiseConvolution(g)
        case .direct where SmallGroupConvolution.supports(g): SmallGroupConvolution(g)
        case _ where g.groups > 1: SplitGroupConvolution(g, kernel: kernel(g.ofOneGroup, algorithm))
        case .direct: DirectConvolution(g)
        case .winograd(let m) where g != g.padded:
            PaddedConvolution(g, kernel: WinogradConvolution(g.padded, tileOutputs: m))
        case .winograd(let m): WinogradConvolution(g, tileOutputs: m)
        case .fft: FFTConvolution(g)
        case .taps: SequenceConvolution(g)
        }
    }

    /// Floats of working memory for ``forward(_:_:bias:rectify:into:scratch:)``.
    package var forwardScratchCount: Int { kernel.forwardScratchCount }

    /// Floats of working memory for ``gradients(_:_:_:data:accumulateData:filter:accumulateFilter:scratch:)``.
    package var gradientScratchCount: Int { kernel.gradientScratchCount }

    /// y = x ∗ w + bias, then max(0, y) where `rectify` says so.
    package func forward(
        _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, bias: UnsafePointer<Float>?, rectify: Bool,
        into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        kernel.forward(x, w, bias: bias, rectify: rectify, into: y, scratch: scratch)
    }

    /// The gradients for the input and for the filters, each only where asked for.
    package func gradients(
        _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, _ dy: UnsafePointer<Float>,
        data dx: UnsafeMutablePointer<Float>?, accumulateData: Bool, filter dw: UnsafeMutablePointer<Float>?,
        accumulateFilter: Bool, scratch: UnsafeMutablePointer<Float>
    ) {
        kernel.gradients(
            x, w, dy, data: dx, accumulateData: accumulateData, filter: dw, accumulateFilter: accumulateFilter,
            scratch: scratch)
    }
}
