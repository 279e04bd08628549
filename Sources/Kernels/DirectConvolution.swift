/// Convolution with stride 1 and few channels, computed in registers without laying out patches (LeNet's layers, RGB
/// stems).
///
/// The vector runs over output channels, 8 or 16 at a time; a block of neighbouring output pixels shares each load of
/// filter values, and a filter row over all input channels is one contiguous run of the channels-last image. After
/// Georganas et al., "Anatomy of high-performance deep learning convolutions on SIMD architectures", SC 2018.
package struct DirectConvolution: Sendable {
    package let geometry: ConvolutionGeometry

    package init(_ geometry: ConvolutionGeometry) { self.geometry = geometry }

    /// Whether the algorithm computes this shape at all.
    package static func supports(_ g: ConvolutionGeometry) -> Bool {
        g.strideHeight == 1 && g.strideWidth == 1 && g.dilationHeight == 1 && g.dilationWidth == 1 && g.groups == 1
            && g.outputPixels > 0 && g.kernelWidth * g.inputChannels <= 64
    }

    // Letters: k = kernelWidth · c values of a filter row, o output channels, q = o rounded up to whole vectors.
    var c: Int { geometry.inputChannels }
    var o: Int { geometry.outputChannels }
    var k: Int { geometry.kernelWidth * c }
    var lanes: Int { o <= 8 ? 8 : 16 }
    var q: Int { (o + lanes - 1) / lanes * lanes }
    var paddedHeight: Int { geometry.inputHeight + geometry.paddingTop + geometry.paddingBottom }
    var paddedWidth: Int { geometry.inputWidth + geometry.paddingLeft + geometry.paddingRight }
    var imageCount: Int { paddedHeight * paddedWidth * c }
    var isPadded: Bool { paddedHeight != geometry.inputHeight || paddedWidth != geometry.inputWidth }
    /// Floats of one filter row for the data gradient, in whole vectors.
    var runCount: Int { (k + 15) / 16 * 16 }

    /// Floats of working memory for any pass: a padded image, and the filters or their gradients laid out for vectors.
    package var scratchCount: Int {
        imageCount + 64 + max(geometry.kernelHeight * k * q, o * geometry.kernelHeight * runCount) + 64
    }

    /// Image n with its zeros around it; the input itself where there is no padding.
    @inline(__always)
    func paddedImage(_ x: UnsafePointer<Float>, _ n: Int, _ scratch: UnsafeMutablePointer<Float>) -> UnsafePointer<
        Float
    > {
        let g = geometry
        let source = x + n * g.inputHeight * g.inputWidth * c
        if !isPadded { return source }
        if n == 0 { scratch.update(repeating: 0, count: imageCount) }
        for row in 0..<g.inputHeight {
            (scratch + ((row + g.paddingTop) * paddedWidth + g.paddingLeft) * c).update(
                from: source + row * g.inputWidth * c, count: g.inputWidth * c)
        }
        return UnsafePointer(scratch)
    }

    /// The filters as [kernel row, k, width]: the output channels at each filter position, zeros behind the last.
    func layOutFilters(_ w: UnsafePointer<Float>, width: Int, into filters: UnsafeMutablePointer<Float>) {
        let positions = geometry.kernelHeight * k
        for position in 0..<positions {
            for channel in 0..<width {
                filters[position * width + channel] = channel < o ? w[channel * positions + position] : 0
            }
        }
    }
}
