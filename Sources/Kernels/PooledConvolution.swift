/// A direct convolution, its bias, max(0, ·) and 2×2 max pooling in one pass, for stride 1 and few channels (LeNet's
/// layers).
///
/// The convolution's output never reaches memory: each window is computed, rectified and reduced in registers.
/// Backward, one pixel of a window at most has a gradient, so both gradients visit a quarter of the pixels: the
/// filters' gradient adds up the patch under each chosen pixel, and the input's adds the filters at each chosen pixel.
package struct PooledConvolution: Sendable {
    package let geometry: ConvolutionGeometry
    let direct: DirectConvolution

    /// - Parameter geometry: the convolution's, which `supports` with its pooling.
    package init(_ geometry: ConvolutionGeometry) {
        self.geometry = geometry
        direct = DirectConvolution(geometry)
    }

    /// Whether the algorithm computes this convolution with this pooling: whole windows of 2×2 pixels side by side.
    package static func supports(_ g: ConvolutionGeometry, pooling p: PoolingGeometry) -> Bool {
        DirectConvolution.supports(g) && p.kernelHeight == 2 && p.kernelWidth == 2 && p.strideHeight == 2
            && p.strideWidth == 2
            && p.paddingHeight == 0 && p.paddingWidth == 0 && p.outputHeight == g.outputHeight / 2
            && p.outputWidth == g.outputWidth / 2 && p.outputCount > 0
            && DirectConvolution(g).imageCount < 1 << 30
    }

    // Letters as in DirectConvolution: c input and o output channels, k values of a filter row.
    var c: Int { geometry.inputChannels }
    var o: Int { geometry.outputChannels }
    var k: Int { geometry.kernelWidth * c }

    package var pooledHeight: Int { geometry.outputHeight / 2 }
    package var pooledWidth: Int { geometry.outputWidth / 2 }

    /// Floats of an image's output, and of its choices.
    var pooledCount: Int { pooledHeight * pooledWidth * o }

    /// Floats of a padded image of an even width, and of what whole vectors at its end reach behind it.
    var imageSpace: Int { wholeVectors(direct.paddedHeight * (direct.paddedWidth + 1) * c) + 64 }

    /// Floats of the convolution's output of a group of windows, before they are reduced.
    var groupSpace: Int { 6 * 64 }

    /// Floats of working memory for ``forward(_:_:bias:into:choice:scratch:)``: an image, windows, filters.
    package var forwardScratchCount: Int { imageSpace + groupSpace + geometry.kernelHeight * k * wholeVectors(o) }

    /// `count` rounded up to whole vectors.
    func wholeVectors(_ count: Int) -> Int { (count + 15) / 16 * 16 }

    /// y = the largest of each window of max(0, x ∗ w + bias); `choice` keeps which of the window's pixels (2 · row +
    /// column) it was, the first of equal ones, as a 32-bit integer in the bits of a float.
    ///
    /// NaN wins over everything, as in ``maxPool(_:_:into:choice:)``.
    package func forward(
        _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
        into y: UnsafeMutablePointer<Float>,
        choice: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let group = scratch + imageSpace
        let filters = group + groupSpace
        if prefersPixelLanes {
            forwardByPixels(x, w, bias, y, choice, planes: scratch, group, filters)
        } else {
            forwardByChannels(x, w, bias, y, choice, image: scratch, group, filters)
        }
    }

    /// Whether vectors of output pixels waste fewer lanes than vectors of output channels.
    private var prefersPixelLanes: Bool {
        (pooledWidth + 15) / 16 * o < pooledWidth * wholeVectors(o) / 16
    }
}

/// The largest of the four pixels of a window and 0, one window a lane, and which pixel it is: the first of equal ones.
struct WindowMaximum {
    let value: Vector
    /// 2 · row + column as integers in the bits of floats: a mask of float comparisons selects floats in one
    /// instruction.
    let place: Vector

    @inline(__always)
    init(_ upperLeft: Vector, _ upperRight: Vector, _ lowerLeft: Vector, _ lowerRight: Vector) {
        // NaN stays, here and below.
        let first = upperLeft.replacing(with: Vector.zero, where: upperLeft .< Vector.zero)
        let secondWins = (upperRight .> first) .| (upperRight .!= upperRight)
        let second = first.replacing(with: upperRight, where: secondWins)
        let thirdWins = (lowerLeft .> second) .| (lowerLeft .!= lowerLeft)
        let third = second.replacing(with: lowerLeft, where: thirdWins)
        let fourthWins = (lowerRight .> third) .| (lowerRight .!= lowerRight)
        value = third.replacing(with: lowerRight, where: fourthWins)
        place = Vector.zero.replacing(with: Vector(repeating: Float(bitPattern: 1)), where: secondWins)
            .replacing(with: Vector(repeating: Float(bitPattern: 2)), where: thirdWins)
            .replacing(with: Vector(repeating: Float(bitPattern: 3)), where: fourthWins)
    }
}
