/// What each convolution algorithm implements for a shape that it supports.
protocol ConvolutionKernel {
    /// Floats of working memory that `forward` needs.
    var forwardScratchCount: Int { get }

    /// Floats of working memory that `gradients` needs.
    var gradientScratchCount: Int { get }

    /// y = x ∗ w + bias, then max(0, y) where `rectify` says so.
    func forward(
        _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, bias: UnsafePointer<Float>?, rectify: Bool,
        into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>)

    /// The gradients for the input and for the filters, each only where asked for; `accumulate…` adds to what is there.
    func gradients(
        _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, _ dy: UnsafePointer<Float>,
        data dx: UnsafeMutablePointer<Float>?, accumulateData: Bool, filter dw: UnsafeMutablePointer<Float>?,
        accumulateFilter: Bool, scratch: UnsafeMutablePointer<Float>)
}

extension WinogradConvolution: ConvolutionKernel {}
extension FFTConvolution: ConvolutionKernel {}

/// An algorithm whose gradients share no work.
protocol SeparateGradientsKernel: ConvolutionKernel {
    /// Floats of working memory that any pass needs.
    var scratchCount: Int { get }

    func dataGradient(
        _ dy: UnsafePointer<Float>, _ w: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>,
        scratch: UnsafeMutablePointer<Float>, accumulate: Bool)

    func filterGradient(
        _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, into dw: UnsafeMutablePointer<Float>,
        scratch: UnsafeMutablePointer<Float>, accumulate: Bool)
}

extension SeparateGradientsKernel {
    var forwardScratchCount: Int { scratchCount }
    var gradientScratchCount: Int { scratchCount }

    func gradients(
        _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, _ dy: UnsafePointer<Float>,
        data dx: UnsafeMutablePointer<Float>?, accumulateData: Bool, filter dw: UnsafeMutablePointer<Float>?,
        accumulateFilter: Bool, scratch: UnsafeMutablePointer<Float>
    ) {
        if let dw { filterGradient(x, dy, into: dw, scratch: scratch, accumulate: accumulateFilter) }
        if let dx { dataGradient(dy, w, into: dx, scratch: scratch, accumulate: accumulateData) }
    }
}

extension DirectConvolution: SeparateGradientsKernel {}
extension DepthwiseConvolution: SeparateGradientsKernel {}
extension SmallGroupConvolution: SeparateGradientsKernel {}

extension Im2colConvolution: SeparateGradientsKernel {
    func forward(
        _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, bias: UnsafePointer<Float>?, rectify: Bool,
        into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        forward(x, w, into: y, scratch: scratch)
        if let bias {
            addBias(bias, to: y, rows: geometry.outputPixels, columns: geometry.outputChannels, rectify: rectify)
        } else if rectify {
            Kernels.rectify(y, count: geometry.outputCount)
        }
    }
}
