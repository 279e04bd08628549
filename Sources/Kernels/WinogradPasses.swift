/// The three passes of a Winograd convolution, by blocks of tiles and of filters.
///
/// Lavin and Gray 2016. Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A for each tile; summing over channels turns ⊙ into one matrix
/// product a product point. Both gradients are the exact adjoints of these linear maps, so they share the
/// transformed output gradient Ŷ = A dY Aᵀ:  dU = Ŷᵀ V, dg = Gᵀ dU G;  dV = Ŷ U, dd = B dV Bᵀ, overlapping tiles added.
///
/// Transformed filters are several times larger than the filters, so they are never stored: a block of 64 × 64 is
/// transformed into the second-level cache, multiplied with a block of tiles, and transformed again for the next block
/// of tiles.
struct WinogradPasses<Tile: WinogradTile> {
    let geometry: ConvolutionGeometry

    // Letters: c input channels, o output channels.
    var c: Int { geometry.inputChannels }
    var o: Int { geometry.outputChannels }
    var tilesHigh: Int { (geometry.outputHeight + Tile.outputs - 1) / Tile.outputs }
    var tilesWide: Int { (geometry.outputWidth + Tile.outputs - 1) / Tile.outputs }
    private var tiles: Int { geometry.batch * tilesHigh * tilesWide }

    /// Tiles of a block.
    private var block: Int { min(tiles, 128) }
    /// Channels of a slice.
    private var slice: Int { 64 }
    var inputSlices: Int { (c + slice - 1) / slice }
    private var outputSlices: Int { (o + slice - 1) / slice }

    // A plane's stride is not a power of two, so that the planes of one tile fall into different cache sets.
    private var inputPlane: Int { block * min(c, slice) + 16 }
    private var outputPlane: Int { block * min(o, slice) + 16 }
    private var filterPlane: Int { min(c, slice) * min(o, slice) + 16 }

    /// Floats of the transforms of one slice: V, M and U.
    private var inputCount: Int { Tile.samples * Tile.samples * inputPlane }
    private var outputCount: Int { Tile.points * Tile.points * outputPlane }
    private var filterCount: Int { Tile.filters * Tile.filters * filterPlane }
    private var smallCount: Int { slice + 16 * Tile.samples * Tile.samples + 256 * Tile.taps * Tile.taps }

    /// Floats of working memory that `forward` needs.
    var forwardScratchCount: Int { inputSlices * inputCount + outputCount + filterCount + smallCount }

    /// Floats of working memory that `gradients` needs.
    var gradientScratchCount: Int { inputCount + outputSlices * outputCount + filterCount + smallCount }

    /// Small pieces of working memory.
    struct Workspace {
        /// A slice of zeros: the pixels around the image.
        var zeros: UnsafeMutablePointer<Float>
        /// A tile after the first of its two one-dimensional transforms.
        var half: UnsafeMutablePointer<Vector>
        /// 16 × 16 filters with their outputs last: [taps, 16, 16].
        var transposed: UnsafeMutablePointer<Float>
    }

    private func workspace(_ memory: UnsafeMutablePointer<Float>) -> Workspace {
        memory.update(repeating: 0, count: slice)
        let half = memory + slice
        return Workspace(
            zeros: memory, half: UnsafeMutableRawPointer(half).assumingMemoryBound(to: Vector.self),
            transposed: half + 16 * Tile.samples * Tile.samples)
    }

    /// y = x ∗ w + bias, then max(0, y) where `rectify` says so.
    @inline(__always)
    func forward(
        _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, _ bias: UnsafePointer<Float>?, _ rectify: Bool,
        _ y: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>
    ) {
        let (m, u, v) = (scratch, scratch + outputCount, scratch + outputCount + filterCount)
        let work = workspace(v + inputSlices * inputCount)
        forEachBlock { tiles in
            forEachSlice(of: c) { index, channels in
                transformInput(
                    x, tiles, channels, into: WinogradPlanes(v + index * inputCount, inputPlane, channels), work)
            }
            forEachSlice(of: o) { _, filters in
                let m = WinogradPlanes(m, outputPlane, filters)
                let u = WinogradPlanes(u, filterPlane, filters)
                forEachSlice(of: c) { index, channels in
                    let v = WinogradPlanes(v + index * inputCount, inputPlane, channels)
                    if isNew(tiles) { transformTransposedFilters(w, filters, channels, into: u, work) }
                    forEachProduct { product in
                        multiplyInCache(
                            m: tiles.count, n: filters.count, k: channels.count, v[product.input], lda: v.width,
                            u[product.filter], ldb: u.width, into: m[product.output], ldc: m.width,
                            accumulate: index > 0 || !product.startsOutput)
                    }
                }
                let shift = bias.map { $0 + filters.lowerBound } ?? UnsafePointer(work.zeros)
                transformOutput(m, tiles, filters, bias: shift, rectify, into: y, work)
            }
        }
    }

    /// The gradients for the input and the filters, each only where asked for; `accumulate…` adds to what is there.
    @inline(__always)
    func gradients(
        _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, _ dy: UnsafePointer<Float>,
        _ dx: UnsafeMutablePointer<Float>?, _ accumulateData: Bool, _ dw: UnsafeMutablePointer<Float>?,
        _ accumulateFilter: Bool,
        _ scratch: UnsafeMutablePointer<Float>
    ) {
        let (v, u, m) = (scratch, scratch + inputCount, scratch + inputCount + filterCount)
        let work = workspace(m + outputSlices * outputCount)
        let addsData = accumulateData || !coversInput
        if let dx, addsData && !accumulateData { dx.update(repeating: 0, count: geometry.inputCount) }
        if let dw, !accumulateFilter, tiles == 0 { dw.update(repeating: 0, count: geometry.filterCount) }
        forEachBlock { tiles in
            forEachSlice(of: o) { index, filters in
                transformOutputGradient(
                    dy, tiles, filters, into: WinogradPlanes(m + index * outputCount, outputPlane, filters), work)
            }
            forEachSlice(of: c) { _, channels in
                let v = WinogradPlanes(v, inputPlane, channels)
                let u = WinogradPlanes(u, filterPlane, channels)
                if let dw {
                    transformInput(x, tiles, channels, into: v, work)
                    let accumulate = accumulateFilter || tiles.lowerBound > 0
                    forEachSlice(of: o) { index, filters in
                        let m = WinogradPlanes(m + index * outputCount, outputPlane, filters)
                        multiplyForFilters(m, v, tiles: tiles.count, into: u)
                        transformFilterGradient(u, filters, channels, into: dw, accumulate: accumulate, work)
                    }
                }
                if let dx {
                    forEachSlice(of: o) { index, filters in
                        let m = WinogradPlanes(m + index * outputCount, outputPlane, filters)
                        transformFilters(w, filters, channels, into: u, work)
                        multiplyForData(m, u, tiles: tiles.count, into: v, accumulate: index > 0)
                    }
                    addInputGradient(v, tiles, channels, into: dx, accumulate: addsData, work)
                }
            }
        }
    }

    // MARK: - Products

    /// dU = Ŷᵀ V.
    @inline(__always)
    private func multiplyForFilters(_ m: WinogradPlanes, _ v: WinogradPlanes, tiles: Int, into u: WinogradPlanes) {
        forEachProduct { product in
            multiplyTransposedInCache(
                m: m.width, n: v.width, k: tiles, m[product.output], lda: m.width, v[product.input], ldb: v.width,
                into: u[product.filter], ldc: u.width, accumulate: !product.startsFilter)
        }
    }

    /// dV = Ŷ U.
    @inline(__always)
    private func multiplyForData(
        _ m: WinogradPlanes, _ u: WinogradPlanes, tiles: Int, into v: WinogradPlanes, accumulate: Bool
    ) {
        forEachProduct { product in
            multiplyInCache(
                m: tiles, n: v.width, k: m.width, m[product.output], lda: m.width, u[product.filter], ldb: u.width,
                into: v[product.input], ldc: v.width, accumulate: accumulate)
        }
    }

    /// One matrix product: the planes of V, M and U, and whether it is the first of those that add up in its plane of
    /// M, and of U.
    private struct Product {
        var input: Int
        var output: Int
        var filter: Int
        var startsOutput: Bool
        var startsFilter: Bool
    }

    @inline(__always)
    private func forEachProduct(_ body: (Product) -> Void) {
        for i in 0..<Tile.samples {
            for j in 0..<Tile.samples {
                body(
                    Product(
                        input: i * Tile.samples + j, output: Tile.point(of: i) * Tile.points + Tile.point(of: j),
                        filter: Tile.filter(of: i) * Tile.filters + Tile.filter(of: j),
                        startsOutput: i < Tile.points && j < Tile.points,
                        startsFilter: i < Tile.filters && j < Tile.filters))
            }
        }
    }

    // MARK: - Blocks

    @inline(__always)
    private func forEachBlock(_ body: (Range<Int>) -> Void) {
        var first = 0
        while first < tiles {
            let end = min(first + block, tiles)
            body(first..<end)
            first = end
        }
    }

    /// Calls `body(slice's number, slice)` for the slices of `channels`.
    @inline(__always)
    private func forEachSlice(of channels: Int, _ body: (Int, Range<Int>) -> Void) {
        var first = 0
        while first < channels {
            let end = min(first + slice, channels)
            body(first / slice, first..<end)
            first = end
        }
    }

    /// Whether the filters of a block of tiles must be transformed: not again if there is but one block of them.
    private func isNew(_ tiles: Range<Int>) -> Bool { tiles.lowerBound == 0 || inputSlices * outputSlices > 1 }
}

/// Matrices of the same shape, one for each product point.
struct WinogradPlanes {
    let pointer: UnsafeMutablePointer<Float>
    /// Floats from one matrix to the next.
    let stride: Int
    /// Columns.
    let width: Int

    @inline(__always)
    init(_ pointer: UnsafeMutablePointer<Float>, _ stride: Int, _ columns: Range<Int>) {
        (self.pointer, self.stride, self.width) = (pointer, stride, columns.count)
    }

    @inline(__always) subscript(plane: Int) -> UnsafeMutablePointer<Float> { pointer + plane * stride }
}
