/// How a convolution is computed; the choice depends on the shape alone, so it is the same on every rank and machine.
public enum ConvolutionAlgorithm: Hashable, Sendable {
    case im2col
    /// In registers, for few channels, and channel by channel for depthwise convolutions.
    case direct
    /// Winograd's minimal filtering with tiles of 4×4 or 2×2 outputs; 4×4 at stride 2.
    case winograd(tileOutputs: Int)
}

/// A convolution with its algorithm chosen: forward, and both gradients.
public struct Convolution: Sendable {
    public let geometry: ConvolutionGeometry
    public let algorithm: ConvolutionAlgorithm

    /// - Parameter algorithm: overrides the choice; it must support the shape.
    public init(_ geometry: ConvolutionGeometry, algorithm: ConvolutionAlgorithm? = nil) {
        self.geometry = geometry
        self.algorithm = algorithm ?? Convolution.choose(geometry)
    }

    /// Winograd where it can; small images have too few tiles for F(4, 3) to fill its 36 matrix products. Direct where
    /// matrix products would be too thin.
    static func choose(_ g: ConvolutionGeometry) -> ConvolutionAlgorithm {
        if StridedWinogradConvolution.supports(g) { return .winograd(tileOutputs: 4) }
        if WinogradConvolution.supports(g) {
            return .winograd(tileOutputs: g.kernelHeight == 3 && min(g.outputHeight, g.outputWidth) <= 4 ? 2 : 4)
        }
        if DepthwiseConvolution.supports(g) { return .direct }
        return DirectConvolution.supports(g) && g.outputChannels <= 16 ? .direct : .im2col
    }

    /// Every algorithm that computes a shape.
    public static func algorithms(for g: ConvolutionGeometry) -> [ConvolutionAlgorithm] {
        var result: [ConvolutionAlgorithm] = [.im2col]
        if DirectConvolution.supports(g) || DepthwiseConvolution.supports(g) { result.append(.direct) }
        if StridedWinogradConvolution.supports(g) { result.append(.winograd(tileOutputs: 4)) }
        if WinogradConvolution.supports(g) {
            if g.kernelHeight == 3 { result.append(.winograd(tileOutputs: 2)) }
            result.append(.winograd(tileOutputs: 4))
        }
        return result
    }

    private var kernel: any ConvolutionKernel {
        switch algorithm {
        case .im2col: Im2colConvolution(geometry)
        case .direct: geometry.groups == 1 ? DirectConvolution(geometry) : DepthwiseConvolution(geometry)
        case .winograd(let m):
            geometry.strideHeight == 1
                ? WinogradConvolution(geometry, tileOutputs: m) : StridedWinogradConvolution(geometry)
        }
    }

    /// Floats of working memory for ``forward(_:_:bias:rectify:into:scratch:)``.
    public var forwardScratchCount: Int { kernel.forwardScratchCount }

    /// Floats of working memory for ``gradients(_:_:_:data:accumulateData:filter:accumulateFilter:scratch:)``.
    public var gradientScratchCount: Int { kernel.gradientScratchCount }

    /// y = x ∗ w + bias, then max(0, y) where `rectify` says so.
    public func forward(
        _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, bias: UnsafePointer<Float>?, rectify: Bool,
        into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        kernel.forward(x, w, bias: bias, rectify: rectify, into: y, scratch: scratch)
    }

    /// The gradients for the input and for the filters, each only where asked for.
    public func gradients(
        _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, _ dy: UnsafePointer<Float>,
        data dx: UnsafeMutablePointer<Float>?, accumulateData: Bool, filter dw: UnsafeMutablePointer<Float>?,
        accumulateFilter: Bool, scratch: UnsafeMutablePointer<Float>
    ) {
        kernel.gradients(
            x, w, dy, data: dx, accumulateData: accumulateData, filter: dw, accumulateFilter: accumulateFilter, scratch: scratch)
    }
}
