/// The transforms over a block of tiles, over the filters, and back.
extension FFTConvolution {
    /// The factor that every product carries: ``FFTTile`` doubles both spectra and leaves the inverse unscaled.
    private var scale: Float { 1 / Float(4 * tileHeight * tileWidth) }

    /// The first row and column of outputs of tile number `tile`, and the image it lies in.
    @inline(__always)
    private func origin(_ tile: Int) -> (image: Int, row: Int, column: Int) {
        let perImage = tilesHigh * tilesWide
        let inImage = tile % perImage
        return (tile / perImage, inImage / tilesWide * tileOutputHeight, inImage % tilesWide * tileOutputWidth)
    }

    /// The 16 channels at `source` as the real part, the next 16, where they exist, as the imaginary part.
    @inline(__always)
    private func pair(_ source: UnsafePointer<Float>, _ isPair: Bool) -> FFTLine.Complex {
        FFTLine.Complex(re: source.vector(0), im: isPair ? source.vector(16) : .zero)
    }

    /// Vᵖ[t, c] = the factors of F x for `count` tiles.
    func transformInput(
        _ tile: FFTTile, _ x: UnsafePointer<Float>, first: Int, count: Int, into v: UnsafeMutablePointer<Float>
    ) {
        let (height, width) = (geometry.inputHeight, geometry.inputWidth)
        for t in 0..<count {
            let origin = origin(first + t)
            let (row, column) = (origin.row - geometry.paddingTop, origin.column - geometry.paddingLeft)
            for channel in stride(from: 0, to: c, by: 32) {
                let isPair = channel + 16 < c
                tile.analyze(
                    FFTInputFactor.self, rows: tileHeight, columns: tileWidth, scale: 1, isPair: isPair,
                    into: v + (t * c + channel),
                    plane: inputPlane
                ) { i, j in
                    let (r, s) = (row + i, column + j)
                    guard r >= 0 && r < height && s >= 0 && s < width else {
                        return FFTLine.Complex(re: .zero, im: .zero)
                    }
                    return pair(x + (((origin.image * height + r) * width + s) * c + channel), isPair)
                }
            }
        }
    }

    /// Mᵖ[t, o] = the factors of F dy for `count` tiles.
    func transformOutputGradient(
        _ tile: FFTTile, _ dy: UnsafePointer<Float>, first: Int, count: Int, into m: UnsafeMutablePointer<Float>
    ) {
        let (height, width) = (geometry.outputHeight, geometry.outputWidth)
        for t in 0..<count {
            let origin = origin(first + t)
            let corner = (origin.image * height + origin.row) * width + origin.column
            for channel in stride(from: 0, to: o, by: 32) {
                let isPair = channel + 16 < o
                tile.analyze(
                    FFTOutputFactor.self, rows: min(tileOutputHeight, height - origin.row),
                    columns: min(tileOutputWidth, width - origin.column),
                    scale: 1, isPair: isPair, into: m + (t * o + channel), plane: outputPlane
                ) { i, j in pair(dy + ((corner + i * width + j) * o + channel), isPair) }
            }
        }
    }

    /// Uᵖ[row, column] = the factors of F w for the filters whose taps lie at row · rowStride + tap · tapStride +
    /// column.
    func transformFilter(
        _ tile: FFTTile, _ w: UnsafePointer<Float>, rows: Int, columns: Int, rowStride: Int, tapStride: Int,
        into u: UnsafeMutablePointer<Float>
    ) {
        for row in 0..<rows {
            for column in stride(from: 0, to: columns, by: 32) {
                let isPair = column + 16 < columns
                tile.analyze(
                    FFTFilterFactor.self, rows: geometry.kernelHeight, columns: geometry.kernelWidth, scale: scale,
                    isPair: isPair,
                    into: u + (row * columns + column), plane: filterPlane
                ) { i, j in pair(w + (row * rowStride + (i * geometry.kernelWidth + j) * tapStride + column), isPair) }
            }
        }
    }

    /// y = the tiles whose spectra M holds, + bias.
    func transformOutput(
        _ tile: FFTTile, _ m: UnsafePointer<Float>, first: Int, count: Int, bias: UnsafePointer<Float>?,
        _ rectify: Bool,
        into y: UnsafeMutablePointer<Float>
    ) {
        let (height, width) = (geometry.outputHeight, geometry.outputWidth)
        @inline(__always)
        func finish(_ sum: Vector) -> Vector { rectify ? sum.replacing(with: 0, where: sum .< Vector.zero) : sum }
        for t in 0..<count {
            let origin = origin(first + t)
            let corner = (origin.image * height + origin.row) * width + origin.column
            for channel in stride(from: 0, to: o, by: 32) {
                let isPair = channel + 16 < o
                let shift = bias.map { pair($0 + channel, isPair) } ?? FFTLine.Complex(re: .zero, im: .zero)
                tile.synthesize(
                    FFTOutputFactor.self, from: m + (t * o + channel), plane: outputPlane, isPair: isPair,
                    rows: min(tileOutputHeight, height - origin.row),
                    columns: min(tileOutputWidth, width - origin.column)
                ) { i, j, sum in
                    let index = (corner + i * width + j) * o + channel
                    y.store(finish(sum.re + shift.re), index)
                    if isPair { y.store(finish(sum.im + shift.im), index + 16) }
                }
            }
        }
    }

    /// dx += the tiles whose spectra V holds; neighbouring tiles overlap, so they add up, in the order of the tiles.
    func addInputGradient(
        _ tile: FFTTile, _ v: UnsafePointer<Float>, first: Int, count: Int, into dx: UnsafeMutablePointer<Float>
    ) {
        let (height, width) = (geometry.inputHeight, geometry.inputWidth)
        for t in 0..<count {
            let origin = origin(first + t)
            let (row, column) = (origin.row - geometry.paddingTop, origin.column - geometry.paddingLeft)
            for channel in stride(from: 0, to: c, by: 32) {
                let isPair = channel + 16 < c
                tile.synthesize(
                    FFTInputFactor.self, from: v + (t * c + channel), plane: inputPlane, isPair: isPair,
                    rows: max(0, min(tileHeight, height - row)), columns: max(0, min(tileWidth, width - column))
                ) { i, j, sum in
                    let (r, s) = (row + i, column + j)
                    guard r >= 0 && s >= 0 else { return }
                    let index = ((origin.image * height + r) * width + s) * c + channel
                    dx.store(dx.vector(index) + sum.re, index)
                    if isPair { dx.store(dx.vector(index + 16) + sum.im, index + 16) }
                }
            }
        }
    }

    /// dw = the first taps of the tiles whose spectra dU holds, or dw += them.
    func transformFilterGradient(
        _ tile: FFTTile, _ du: UnsafePointer<Float>, into dw: UnsafeMutablePointer<Float>, accumulate: Bool
    ) {
        let scale = scale
        for filter in 0..<o {
            for channel in stride(from: 0, to: c, by: 32) {
                let isPair = channel + 16 < c
                tile.synthesize(
                    FFTFilterFactor.self, from: du + (filter * c + channel), plane: filterPlane, isPair: isPair,
                    rows: geometry.kernelHeight, columns: geometry.kernelWidth
                ) { i, j, sum in
                    let index = filter * geometry.patchCount + (i * geometry.kernelWidth + j) * c + channel
                    dw.store((accumulate ? dw.vector(index) : .zero).plus(sum.re, times: scale), index)
                    if isPair {
                        dw.store((accumulate ? dw.vector(index + 16) : .zero).plus(sum.im, times: scale), index + 16)
                    }
                }
            }
        }
    }
}
