import Kernels
import TensorCore

/// Cross-correlation over the steps of a sequence; then max(0, y) where `rectify` says so.
///
/// x [N, T, C], w [O, 1, k, C / groups], b [O] → y [N, T′, O] with T′ = ⌊(T + P − d (k − 1) − 1) / s⌋ + 1. It is the
/// two-dimensional convolution of images of height 1, by the same kernels. Waibel et al., "Phoneme recognition using
/// time-delay neural networks", 1989; with dilation van den Oord et al., "WaveNet", 2016.
/// - Parameter attributes: of the image of height 1; the steps are its width.
package func convolution1D(
    _ x: Variable, _ filters: Variable, bias: Variable? = nil, _ attributes: ConvolutionAttributes = .init(),
    rectify: Bool = false
) -> Variable {
    precondition(x.shape.rank == 3, "convolution1D: input \(x.shape)")
    let image = reshape(x, [x.shape[0], 1, x.shape[1], x.shape[2]])
    let y = convolution2D(image, filters, bias: bias, attributes, rectify: rectify)
    precondition(y.shape[1] == 1, "convolution1D: filters \(filters.shape) make \(y.shape[1]) rows of one")
    return reshape(y, [y.shape[0], y.shape[2], y.shape[3]])
}
