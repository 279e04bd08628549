/// Convolution with stride 1 by Fourier transforms of tiles, forward and both gradients, for large kernels; channels
/// are multiples of 16.
///
/// Mathieu, Henaff and LeCun, "Fast training of convolutional networks through FFTs", ICLR 2014; tiles as Zlateski,
/// Jia, Li and Durand, "The anatomy of efficient FFT and Winograd convolutions on modern CPUs", ICS 2019. A tile of th
/// × tw inputs gives (th − kh + 1) × (tw − kw + 1) outputs free of wrap-around: y = F⁻¹(F x ⊙ conj F w). Summing over
/// channels turns ⊙ into a matrix product for each real product of a spectrum's point. The gradients are the exact
/// adjoints, dx = F⁻¹(F dy ⊙ F w), overlapping tiles added, and dw = F⁻¹(F x ⊙ conj F dy), so they share the transform
/// of dy, zero where the tile has no outputs.
package struct FFTConvolution: Sendable {
    package let geometry: ConvolutionGeometry
    /// The size of a tile of inputs, chosen for the shape.
    package let tileHeight: Int
    package let tileWidth: Int

    package init(_ geometry: ConvolutionGeometry) {
        self.geometry = geometry
        let tile = FFTConvolution.tile(for: geometry)
        (tileHeight, tileWidth) = (tile.height, tile.width)
    }

    /// Whether the algorithm computes this shape at all: kernels from 4×4 to 11×11, filters' spectra of at most 128
    /// MiB.
    package static func supports(_ g: ConvolutionGeometry) -> Bool {
        let kernels = 4...11
        return kernels.contains(g.kernelHeight) && kernels.contains(g.kernelWidth) && g.strideHeight == 1
            && g.strideWidth == 1
            && g.dilationHeight == 1 && g.dilationWidth == 1 && g.groups == 1 && g.inputChannels % 16 == 0
            && g.outputChannels % 16 == 0
            && tile(for: g).height > 0
    }

    /// Whether it saves at least half of the direct algorithm's products for a shape that it supports, the filters'
    /// transforms counted.
    static func isWorthwhile(_ g: ConvolutionGeometry) -> Bool {
        2 * tile(for: g).cost <= g.outputPixels * g.kernelHeight * g.kernelWidth
    }

    /// The tile of least cost, in products for each pair of channels; height 0 where the spectra of every tile are too
    /// large.
    ///
    /// Transforming the filters costs about what `filterTiles` tiles of the image do.
    private static func tile(for g: ConvolutionGeometry) -> (height: Int, width: Int, cost: Int) {
        let filterTiles = 32
        let mostProducts = (1 << 25) / max(g.inputChannels * g.outputChannels, 1)
        var best = (height: 0, width: 0, cost: Int.max)
        for height in FFTLine.sizes where height > g.kernelHeight {
            for width in FFTLine.sizes where width > g.kernelWidth {
                let products = FFTTile.products(height: height, width: width)
                let high = (g.outputHeight + height - g.kernelHeight) / (height - g.kernelHeight + 1)
                let wide = (g.outputWidth + width - g.kernelWidth) / (width - g.kernelWidth + 1)
                let cost = products * (g.batch * high * wide + filterTiles)
                if products <= mostProducts && cost < best.cost { best = (height, width, cost) }
            }
        }
        return best
    }

    // Letters: c input channels, o output channels, t tiles of a block, p products of a tile for each pair of channels.
    var c: Int { geometry.inputChannels }
    var o: Int { geometry.outputChannels }
    private var p: Int { FFTTile.products(height: tileHeight, width: tileWidth) }
    /// Outputs of a tile along each axis.
    var tileOutputHeight: Int { tileHeight - geometry.kernelHeight + 1 }
    var tileOutputWidth: Int { tileWidth - geometry.kernelWidth + 1 }
    var tilesHigh: Int { (geometry.outputHeight + tileOutputHeight - 1) / tileOutputHeight }
    var tilesWide: Int { (geometry.outputWidth + tileOutputWidth - 1) / tileOutputWidth }
    private var tiles: Int { geometry.batch * tilesHigh * tilesWide }
    /// Tiles a block holds.
    private var block: Int { min(tiles, 64) }
    // A plane's stride is not a power of two, so that the planes of one tile fall into different cache sets.
    var inputPlane: Int { block * c + 16 }
    var outputPlane: Int { block * o + 16 }
    var filterPlane: Int { o * c + 16 }
    /// Floats of V and M, which first hold the transposed filters.
    private var tileCount: Int { max(p * (inputPlane + outputPlane), geometry.filterCount) }
    private var workCount: Int { FFTTile.workCount(height: tileHeight, width: tileWidth) }

    /// Floats of working memory that `forward` needs.
    package var forwardScratchCount: Int { p * filterPlane + tileCount + workCount }

    /// Floats of working memory that `gradients` needs.
    package var gradientScratchCount: Int { 2 * p * filterPlane + tileCount + workCount }

    /// y = x ∗ w + bias, then max(0, y) where `rectify` says so.
    package func forward(
        _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, bias: UnsafePointer<Float>?, rectify: Bool,
        into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let u = scratch
        let v = u + p * filterPlane
        let m = v + p * inputPlane
        let tile = FFTTile(height: tileHeight, width: tileWidth, work: v + tileCount)
        // [kh, kw, c, o], so that B of the products is not transposed; V and M are free until the first tiles.
        transpose(w, rows: o, columns: geometry.patchCount, into: v)
        transformFilter(tile, v, rows: c, columns: o, rowStride: o, tapStride: c * o, into: u)
        for first in stride(from: 0, to: tiles, by: max(block, 1)) {
            let t = min(block, tiles - first)
            transformInput(tile, x, first: first, count: t, into: v)
            for product in 0..<p {
                multiplyFewRows(
                    m: t, n: o, k: c, v + product * inputPlane, lda: c, u + product * filterPlane, ldb: o,
                    into: m + product * outputPlane, ldc: o)
            }
            transformOutput(tile, m, first: first, count: t, bias: bias, rectify, into: y)
        }
    }

    /// The gradients for the input and the filters, each only where asked for; `accumulate…` adds to what is there.
    package func gradients(
        _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, _ dy: UnsafePointer<Float>,
        data dx: UnsafeMutablePointer<Float>?, accumulateData: Bool, filter dw: UnsafeMutablePointer<Float>?,
        accumulateFilter: Bool, scratch: UnsafeMutablePointer<Float>
    ) {
        let u = scratch
        let du = u + p * filterPlane
        let v = du + p * filterPlane
        let m = v + p * inputPlane
        let tile = FFTTile(height: tileHeight, width: tileWidth, work: v + tileCount)
        if let dx, !accumulateData { dx.update(repeating: 0, count: geometry.inputCount) }
        if dx != nil {
            transformFilter(tile, w, rows: o, columns: c, rowStride: geometry.patchCount, tapStride: c, into: u)
        }
        for first in stride(from: 0, to: tiles, by: max(block, 1)) {
            let t = min(block, tiles - first)
            transformOutputGradient(tile, dy, first: first, count: t, into: m)
            if dw != nil {
                transformInput(tile, x, first: first, count: t, into: v)
                for product in 0..<p {
                    multiplyTransposed(
                        m: o, n: c, k: t, m + product * outputPlane, lda: o, v + product * inputPlane, ldb: c,
                        into: du + product * filterPlane, ldc: c, accumulate: first > 0)
                }
            }
            if let dx {
                for product in 0..<p {
                    multiplyFewRows(
                        m: t, n: c, k: o, m + product * outputPlane, lda: o, u + product * filterPlane, ldb: c,
                        into: v + product * inputPlane, ldc: c)
                }
                addInputGradient(tile, v, first: first, count: t, into: dx)
            }
        }
        guard let dw else { return }
        if tiles > 0 {
            transformFilterGradient(tile, du, into: dw, accumulate: accumulateFilter)
        } else if !accumulateFilter {
            dw.update(repeating: 0, count: geometry.filterCount)
        }
    }
}
