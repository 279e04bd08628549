/// Convolution with stride 1 and few channels, computed in registers without laying out patches (LeNet's layers, RGB stems).
///
/// The vector runs over output channels, 8 or 16 at a time; a block of neighbouring output pixels shares each load of
/// filter values, and a filter row over all input channels is one contiguous run of the channels-last image. After
/// Georganas et al., "Anatomy of high-performance deep learning convolutions on SIMD architectures", SC 2018.
public struct DirectConvolution: Sendable {
    public let geometry: ConvolutionGeometry

    public init(_ geometry: ConvolutionGeometry) { self.geometry = geometry }

    /// Whether the algorithm computes this shape at all.
    public static func supports(_ g: ConvolutionGeometry) -> Bool {
        g.strideHeight == 1 && g.strideWidth == 1 && g.dilationHeight == 1 && g.dilationWidth == 1 && g.groups == 1
            && g.outputPixels > 0 && g.kernelWidth * g.inputChannels <= 64
    }

    // Letters: k = kernelWidth · c values of a filter row, o output channels, q = o rounded up to whole vectors.
    private var c: Int { geometry.inputChannels }
    private var o: Int { geometry.outputChannels }
    private var k: Int { geometry.kernelWidth * c }
    private var lanes: Int { o <= 8 ? 8 : 16 }
    private var q: Int { (o + lanes - 1) / lanes * lanes }
    private var paddedHeight: Int { geometry.inputHeight + geometry.paddingTop + geometry.paddingBottom }
    private var paddedWidth: Int { geometry.inputWidth + geometry.paddingLeft + geometry.paddingRight }
    private var imageCount: Int { paddedHeight * paddedWidth * c }
    private var isPadded: Bool { paddedHeight != geometry.inputHeight || paddedWidth != geometry.inputWidth }
    /// Floats of one filter row for the data gradient, in whole vectors.
    private var runCount: Int { (k + 15) / 16 * 16 }

    /// Floats of working memory for any pass: a padded image, and the filters or their gradients laid out for vectors.
    public var scratchCount: Int {
        imageCount + 64 + max(geometry.kernelHeight * k * q, o * geometry.kernelHeight * runCount) + 64
    }

    // MARK: - Forward

    /// y = x ∗ w + bias, then max(0, y) where `rectify` says so.
    public func forward(
        _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, bias: UnsafePointer<Float>?, rectify: Bool,
        into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let filters = scratch + imageCount + 64
        // [kernel row, k, q]: a vector of output channels for each filter position.
        for position in 0..<geometry.kernelHeight * k {
            for channel in 0..<q { filters[position * q + channel] = channel < o ? w[channel * geometry.kernelHeight * k + position] : 0 }
        }
        if lanes == 8 {
            forward(SIMD8<Float>.self, x, filters, bias, rectify, y, scratch)
        } else {
            forward(SIMD16<Float>.self, x, filters, bias, rectify, y, scratch)
        }
    }

    @inline(__always)
    private func forward<V: SIMD>(
        _: V.Type, _ x: UnsafePointer<Float>, _ filters: UnsafePointer<Float>, _ bias: UnsafePointer<Float>?, _ rectify: Bool,
        _ y: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>
    ) where V.Scalar == Float {
        let outputCount = geometry.outputHeight * geometry.outputWidth * o
        for n in 0..<geometry.batch {
            let image = paddedImage(x, n, scratch)
            for first in stride(from: 0, to: o, by: V.scalarCount) {
                var shift = V.zero
                if let bias { for lane in 0..<min(V.scalarCount, o - first) { shift[lane] = bias[first + lane] } }
                // One input channel is a case of its own, so that the compiler knows the distance between pixels.
                if c == 1 {
                    forward(n, first, distance: 1, image, filters + first, shift, y)
                } else {
                    forward(n, first, distance: c, image, filters + first, shift, y)
                }
            }
            // While the image is in the first-level cache.
            if rectify { Kernels.rectify(y + n * outputCount, count: outputCount) }
        }
    }

    /// One vector of output channels of one image.
    @inline(__always)
    private func forward<V: SIMD>(
        _ n: Int, _ first: Int, distance: Int, _ image: UnsafePointer<Float>, _ filters: UnsafePointer<Float>, _ shift: V,
        _ y: UnsafeMutablePointer<Float>
    ) where V.Scalar == Float {
        let width = geometry.outputWidth
        let height = geometry.outputHeight
        let valid = min(V.scalarCount, o - first)
        let lastStore = geometry.outputCount - V.scalarCount
        for row in 0..<height {
            let source = image + row * paddedWidth * distance
            let line = (n * height + row) * width
            var column = 0
            while column < width {
                let left = width - column
                let count = left == 10 || left == 20 ? 10 : left >= 14 ? 14 : left >= 8 ? 8 : left >= 4 ? 4 : 1
                let place = (line + column) * o + first
                // A vector may write over the next pixels' channels, which come later; not behind the tensor or over earlier blocks.
                let isWhole = valid == V.scalarCount || first == 0 && place + (count - 1) * o <= lastStore
                let x = source + column * distance
                switch count {
                case 14: block(InlineArray<14, V>(repeating: shift), distance, x, filters, y + place, valid, isWhole)
                case 10: block(InlineArray<10, V>(repeating: shift), distance, x, filters, y + place, valid, isWhole)
                case 8: block(InlineArray<8, V>(repeating: shift), distance, x, filters, y + place, valid, isWhole)
                case 4: block(InlineArray<4, V>(repeating: shift), distance, x, filters, y + place, valid, isWhole)
                default: block(InlineArray<1, V>(repeating: shift), distance, x, filters, y + place, valid, isWhole)
                }
                column += count
            }
        }
    }

    /// `count` neighbouring output pixels.
    @inline(__always)
    private func block<let count: Int, V: SIMD>(
        _ start: InlineArray<count, V>, _ distance: Int, _ x: UnsafePointer<Float>, _ filters: UnsafePointer<Float>,
        _ y: UnsafeMutablePointer<Float>, _ valid: Int, _ storesWholeVectors: Bool
    ) where V.Scalar == Float {
        var sums = start
        for row in 0..<geometry.kernelHeight {
            let source = x + row * paddedWidth * distance
            let f = UnsafeRawPointer(filters + row * k * q)
            for i in 0..<k {
                let weight = (f + i * q * 4).loadUnaligned(as: V.self)
                for p in 0..<count { sums[p].addProduct(weight, V(repeating: source[p * distance + i])) }
            }
        }
        for p in 0..<count {
            if storesWholeVectors {
                UnsafeMutableRawPointer(y + p * o).storeBytes(of: sums[p], as: V.self)
            } else {
                for lane in 0..<valid { y[p * o + lane] = sums[p][lane] }
            }
        }
    }

    /// Image n with its zeros around it; the input itself where there is no padding.
    @inline(__always)
    private func paddedImage(_ x: UnsafePointer<Float>, _ n: Int, _ scratch: UnsafeMutablePointer<Float>) -> UnsafePointer<Float> {
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

    // MARK: - Filter gradient

    /// dw = the gradient for the filters, or dw += it.
    public func filterGradient(
        _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, into dw: UnsafeMutablePointer<Float>,
        scratch: UnsafeMutablePointer<Float>, accumulate: Bool
    ) {
        let sums = scratch + imageCount + 64
        sums.update(repeating: 0, count: geometry.kernelHeight * k * q)
        if lanes == 8 {
            filterGradient(SIMD8<Float>.self, x, dy, sums, scratch)
        } else {
            filterGradient(SIMD16<Float>.self, x, dy, sums, scratch)
        }
        for position in 0..<geometry.kernelHeight * k {
            for channel in 0..<o {
                let index = channel * geometry.kernelHeight * k + position
                dw[index] = accumulate ? dw[index] + sums[position * q + channel] : sums[position * q + channel]
            }
        }
    }

    @inline(__always)
    private func filterGradient<V: SIMD>(
        _: V.Type, _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, _ sums: UnsafeMutablePointer<Float>,
        _ scratch: UnsafeMutablePointer<Float>
    ) where V.Scalar == Float {
        for n in 0..<geometry.batch {
            let image = paddedImage(x, n, scratch)
            for first in stride(from: 0, to: o, by: V.scalarCount) {
                for row in 0..<geometry.kernelHeight {
                    var i = 0
                    while i < k {
                        let target = sums + (row * k + i) * q + first
                        let source = image + row * paddedWidth * c + i
                        switch k - i {
                        case 15...:
                            positions(InlineArray<15, V>(repeating: .zero), n, first, source, dy, target)
                            i += 15
                        case 10...:
                            positions(InlineArray<10, V>(repeating: .zero), n, first, source, dy, target)
                            i += 10
                        case 5...:
                            positions(InlineArray<5, V>(repeating: .zero), n, first, source, dy, target)
                            i += 5
                        default:
                            positions(InlineArray<1, V>(repeating: .zero), n, first, source, dy, target)
                            i += 1
                        }
                    }
                }
            }
        }
    }

    /// The gradients of `count` neighbouring positions of a filter row: Σ over the image's pixels of dy · x.
    @inline(__always)
    private func positions<let count: Int, V: SIMD>(
        _ zeros: InlineArray<count, V>, _ n: Int, _ first: Int, _ image: UnsafePointer<Float>, _ dy: UnsafePointer<Float>,
        _ target: UnsafeMutablePointer<Float>
    ) where V.Scalar == Float {
        var sums = zeros
        let height = geometry.outputHeight
        let width = geometry.outputWidth
        let lastLoad = geometry.outputCount - V.scalarCount
        for row in 0..<height {
            let source = image + row * paddedWidth * c
            let gradients = (n * height + row) * width * o
            for column in 0..<width {
                let offset = gradients + column * o + first
                let g: V
                if offset <= lastLoad {
                    g = UnsafeRawPointer(dy + offset).loadUnaligned(as: V.self)
                } else {
                    // The tensor's last pixels: a whole vector would reach behind them.
                    var partial = V.zero
                    for lane in 0..<min(V.scalarCount, o - first) { partial[lane] = dy[offset + lane] }
                    g = partial
                }
                for p in 0..<count { sums[p].addProduct(g, V(repeating: source[column * c + p])) }
            }
        }
        for p in 0..<count {
            let place = UnsafeMutableRawPointer(target + p * q)
            place.storeBytes(of: place.loadUnaligned(as: V.self) + sums[p], as: V.self)
        }
    }

    // MARK: - Data gradient

    /// dx = the gradient for the input, or dx += it.
    public func dataGradient(
        _ dy: UnsafePointer<Float>, _ w: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>,
        scratch: UnsafeMutablePointer<Float>, accumulate: Bool
    ) {
        let g = geometry
        // [o, kernel row, run]: filter rows in whole vectors.
        let filters = scratch + imageCount + 64
        for row in 0..<o * g.kernelHeight {
            for i in 0..<runCount { filters[row * runCount + i] = i < k ? w[row * k + i] : 0 }
        }
        let height = g.outputHeight
        let width = g.outputWidth
        for n in 0..<g.batch {
            scratch.update(repeating: 0, count: imageCount + 64)
            for row in 0..<height {
                for column in 0..<width {
                    let gradient = dy + ((n * height + row) * width + column) * o
                    spreadRows(gradient, filters, scratch + (row * paddedWidth + column) * c)
                }
            }
            addInterior(scratch, to: dx + n * g.inputHeight * g.inputWidth * c, accumulate: accumulate)
        }
    }

    /// Adds one output pixel's gradient, times the filters, to all rows of the padded image under the filter.
    @inline(__always)
    private func spreadRows(
        _ gradient: UnsafePointer<Float>, _ filters: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>
    ) {
        var kernelRow = 0
        while kernelRow < geometry.kernelHeight {
            let place = target + kernelRow * paddedWidth * c
            let f = filters + kernelRow * runCount
            if runCount == 32 && kernelRow + 5 <= geometry.kernelHeight {
                spread(InlineArray<10, Vector>(repeating: .zero), 2, 32, gradient, f, place)
                kernelRow += 5
            } else {
                for run in stride(from: 0, to: runCount, by: 16) {
                    spread(InlineArray<1, Vector>(repeating: .zero), 1, 16, gradient, f + run, place + run)
                }
                kernelRow += 1
            }
        }
    }

    /// Adds one output pixel's gradient, times the filters, to `count / runs` rows of the padded image, `rowCount` filter values a row.
    @inline(__always)
    private func spread<let count: Int>(
        _ zeros: InlineArray<count, Vector>, _ runs: Int, _ rowCount: Int, _ gradient: UnsafePointer<Float>,
        _ filters: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>
    ) {
        var sums = zeros
        let filterCount = geometry.kernelHeight * runCount
        for channel in 0..<o {
            let g = Vector(repeating: gradient[channel])
            let f = filters + channel * filterCount
            for i in 0..<count { sums[i].addProduct(g, f.vector(i / runs * rowCount + i % runs * 16)) }
        }
        for i in 0..<count {
            let place = i / runs * paddedWidth * c + i % runs * 16
            target.store(target.vector(place) + sums[i], place)
        }
    }

    private func addInterior(_ image: UnsafePointer<Float>, to dx: UnsafeMutablePointer<Float>, accumulate: Bool) {
        let g = geometry
        let count = g.inputWidth * c
        for row in 0..<g.inputHeight {
            let source = image + ((row + g.paddingTop) * paddedWidth + g.paddingLeft) * c
            let target = dx + row * count
            if accumulate {
                add(UnsafePointer(target), source, into: target, count: count)
            } else {
                target.update(from: source, count: count)
            }
        }
    }
}
