/// 3×3 or 5×5 convolution with stride 1 by Winograd's minimal filtering, forward and both gradients; channels are multiples of 16.
///
/// Lavin and Gray 2016. Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A for each tile; summing over channels turns ⊙ into one matrix product a
/// product point, here over blocks of tiles. Both gradients are the exact adjoints of these linear maps, so they share the
/// transformed output gradient Ŷ = A dY Aᵀ:  dU = Ŷᵀ V, dg = Gᵀ dU G;  dV = Ŷ U, dd = B dV Bᵀ, overlapping tiles added.
public struct WinogradConvolution: Sendable {
    public let geometry: ConvolutionGeometry
    /// 4 for F(4×4, 3×3) and F(4×4, 5×5), 2 for F(2×2, 3×3).
    public let tileOutputs: Int

    public init(_ geometry: ConvolutionGeometry, tileOutputs: Int) {
        self.geometry = geometry
        self.tileOutputs = tileOutputs
    }

    /// Whether the algorithm computes this shape at all.
    public static func supports(_ g: ConvolutionGeometry) -> Bool {
        (g.kernelHeight == 3 || g.kernelHeight == 5) && g.kernelWidth == g.kernelHeight && g.strideHeight == 1 && g.strideWidth == 1 && g.dilationHeight == 1
            && g.dilationWidth == 1 && g.groups == 1 && g.inputChannels % 16 == 0 && g.outputChannels % 16 == 0
            && g.paddingTop < g.kernelHeight && g.paddingLeft < g.kernelWidth
    }

    // Letters: c input channels, o output channels, t tiles of a block, k × k taps, p = (tileOutputs + k − 1)² product points.
    var c: Int { geometry.inputChannels }
    var o: Int { geometry.outputChannels }
    var taps: Int { geometry.kernelHeight * geometry.kernelWidth }
    private var p: Int { (tileOutputs + geometry.kernelHeight - 1) * (tileOutputs + geometry.kernelWidth - 1) }
    var tilesHigh: Int { (geometry.outputHeight + tileOutputs - 1) / tileOutputs }
    var tilesWide: Int { (geometry.outputWidth + tileOutputs - 1) / tileOutputs }
    private var tiles: Int { geometry.batch * tilesHigh * tilesWide }
    /// Tiles a block holds: enough rows for an efficient matrix product, few enough to stay in cache.
    private var block: Int { min(tiles, 128) }
    // A plane's stride is not a power of two, so that the planes of one tile fall into different cache sets.
    var inputPlane: Int { block * c + 16 }
    var outputPlane: Int { block * o + 16 }
    var filterPlane: Int { o * c + 16 }
    private var zeroCount: Int { max(c, o) }
    /// Floats of V and M, which first hold the transposed filters.
    private var tileCount: Int { max(p * (inputPlane + outputPlane), geometry.filterCount) }
    private var tileScratch: Int { 64 * 16 }

    /// Floats of working memory that `forward` needs.
    public var forwardScratchCount: Int { p * filterPlane + tileCount + 2 * zeroCount + tileScratch }

    /// Floats of working memory that `gradients` needs.
    public var gradientScratchCount: Int { 2 * p * filterPlane + tileCount + 2 * zeroCount + tileScratch }

    /// y = x ∗ w + bias, then max(0, y) where `rectify` says so.
    public func forward(
        _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, bias: UnsafePointer<Float>?, rectify: Bool,
        into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        if geometry.kernelHeight == 5 {
            forward(WinogradF4Of5.self, x, w, bias, rectify, y, scratch)
        } else if tileOutputs == 4 {
            forward(WinogradF4.self, x, w, bias, rectify, y, scratch)
        } else {
            forward(WinogradF2.self, x, w, bias, rectify, y, scratch)
        }
    }

    /// The gradients for the input and the filters, each only where asked for; `accumulate…` adds to what is there.
    public func gradients(
        _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, _ dy: UnsafePointer<Float>,
        data dx: UnsafeMutablePointer<Float>?, accumulateData: Bool, filter dw: UnsafeMutablePointer<Float>?,
        accumulateFilter: Bool, scratch: UnsafeMutablePointer<Float>
    ) {
        if let dx, !accumulateData { dx.update(repeating: 0, count: geometry.inputCount) }
        if geometry.kernelHeight == 5 {
            gradients(WinogradF4Of5.self, x, w, dy, dx, dw, accumulateFilter, scratch)
        } else if tileOutputs == 4 {
            gradients(WinogradF4.self, x, w, dy, dx, dw, accumulateFilter, scratch)
        } else {
            gradients(WinogradF2.self, x, w, dy, dx, dw, accumulateFilter, scratch)
        }
    }

    // MARK: - The three passes

    @_specialize(where Tile == WinogradF4Of5) @_specialize(where Tile == WinogradF4) @_specialize(where Tile == WinogradF2)
    private func forward<Tile: WinogradTile>(
        _: Tile.Type, _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, _ bias: UnsafePointer<Float>?, _ rectify: Bool,
        _ y: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>
    ) {
        let u = scratch
        let v = u + p * filterPlane
        let m = v + p * inputPlane
        let zeros = v + tileCount
        let work = zeros + 2 * zeroCount
        zeros.update(repeating: 0, count: zeroCount)
        // With many filters their transposition costs more than the library's does.
        let isTransposed = c * o <= 131_072
        if isTransposed {
            // [k, k, c, o]; V and M are free until the first tiles.
            transpose(w, rows: o, columns: taps * c, into: v)
            transformFilter(Tile.self, v, rows: c, columns: o, rowStride: o, tapStride: c * o, into: u, work)
        } else {
            transformFilter(Tile.self, w, rows: o, columns: c, rowStride: taps * c, tapStride: c, into: u, work)
        }
        var first = 0
        while first < tiles {
            let t = min(block, tiles - first)
            transformInput(Tile.self, x, first: first, count: t, into: v, zeros, work)
            for point in 0..<p {
                let (vs, us, ms) = (v + point * inputPlane, u + point * filterPlane, m + point * outputPlane)
                if isTransposed {
                    multiplyFewRows(m: t, n: o, k: c, vs, lda: c, us, ldb: o, into: ms, ldc: o)
                } else {
                    multiply(m: t, n: o, k: c, vs, lda: c, us, ldb: c, transposeB: true, into: ms, ldc: o)
                }
            }
            transformOutput(Tile.self, m, first: first, count: t, bias: bias ?? UnsafePointer(zeros), rectify, into: y, work)
            first += t
        }
    }

    @_specialize(where Tile == WinogradF4Of5) @_specialize(where Tile == WinogradF4) @_specialize(where Tile == WinogradF2)
    private func gradients<Tile: WinogradTile>(
        _: Tile.Type, _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, _ dy: UnsafePointer<Float>,
        _ dx: UnsafeMutablePointer<Float>?, _ dw: UnsafeMutablePointer<Float>?, _ accumulateFilter: Bool,
        _ scratch: UnsafeMutablePointer<Float>
    ) {
        let u = scratch
        let du = u + p * filterPlane
        let v = du + p * filterPlane
        let m = v + p * inputPlane
        let zeros = v + tileCount
        let work = zeros + 2 * zeroCount
        zeros.update(repeating: 0, count: zeroCount)
        if dx != nil { transformFilter(Tile.self, w, rows: o, columns: c, rowStride: taps * c, tapStride: c, into: u, work) }
        var first = 0
        while first < tiles {
            let t = min(block, tiles - first)
            transformOutputGradient(Tile.self, dy, first: first, count: t, into: m, zeros, work)
            if dw != nil {
                transformInput(Tile.self, x, first: first, count: t, into: v, zeros, work)
                for point in 0..<p {
                    multiplyTransposed(
                        m: o, n: c, k: t, m + point * outputPlane, lda: o, v + point * inputPlane, ldb: c,
                        into: du + point * filterPlane, ldc: c, accumulate: first > 0)
                }
            }
            if let dx {
                for point in 0..<p {
                    multiplyFewRows(
                        m: t, n: c, k: o, m + point * outputPlane, lda: o, u + point * filterPlane, ldb: c,
                        into: v + point * inputPlane, ldc: c)
                }
                addInputGradient(Tile.self, v, first: first, count: t, into: dx, work)
            }
            first += t
        }
        if let dw {
            if tiles == 0 {
                if !accumulateFilter { dw.update(repeating: 0, count: geometry.filterCount) }
            } else {
                transformFilterGradient(Tile.self, du, into: dw, accumulate: accumulateFilter, work)
            }
        }
    }
}
