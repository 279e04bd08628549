import Kernels

extension ConvolutionAlgorithm {
    /// Every algorithm that computes convolutions of this shape.
    public static func all(supporting geometry: ConvolutionGeometry) -> [ConvolutionAlgorithm] {
        [.im2col] + (WinogradConvolution.supports(geometry) ? [.winograd(tileOutputs: 2), .winograd(tileOutputs: 4)] : [])
    }
}
