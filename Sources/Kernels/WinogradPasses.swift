/// The three passes of a Winograd convolution, by blocks of tiles and of filters.
///
/// Lavin and Gray 2016. Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A for each tile; summing over channels turns ⊙ into one matrix
/// product a product point. Both gradients are the exact adjoints of these linear maps, so they share the
/// transformed output gradient Ŷ = A dY Aᵀ:  dU = Ŷᵀ V, dg = Gᵀ dU G;  dV = Ŷ U, dd = B dV Bᵀ, overlapping tiles added.
///
/// Transformed filters are several times larger than the filters, so they are never stored: a block of 64 × 64 is
/// transformed into the second-level cache, multiplied with a block of tiles, and transformed again for the next block
/// of tiles.
///
/// Where the thread rounds factors and there are channels enough, a block's factors become fixed-point numbers.
struct WinogradPasses<Tile: WinogradTile> {
    let geometry: ConvolutionGeometry
    let rounds: Bool

    init(geometry: ConvolutionGeometry) {
        self.geometry = geometry
        rounds =
            ProductPrecision.isRounding && Tile.allowsRounding
            && min(geometry.inputChannels, geometry.outputChannels) >= WinogradConvolution.leastRoundedChannels
    }

    // Letters: c input channels, o output channels.
    var c: Int { geometry.inputChannels }
    var o: Int { geometry.outputChannels }
    var tilesHigh: Int { (geometry.outputHeight + Tile.outputs - 1) / Tile.outputs }
    var tilesWide: Int { (geometry.outputWidth + Tile.outputs - 1) / Tile.outputs }
    private var tiles: Int { geometry.batch * tilesHigh * tilesWide }

    /// Tiles of a block.
    var block: Int { min(tiles, 128) }
    /// Channels of a slice.
    var slice: Int { 64 }
    var inputSlices: Int { (c + slice - 1) / slice }
    var outputSlices: Int { (o + slice - 1) / slice }

    // A plane's stride is not a power of two, so that the planes of one tile fall into different cache sets.
    private var inputPlane: Int { block * min(c, slice) + 16 }
    private var outputPlane: Int { block * min(o, slice) + 16 }
    private var filterPlane: Int { min(c, slice) * min(o, slice) + 16 }

    /// Floats of the transforms of one slice: V, M and U.
    private var inputCount: Int { Tile.samples * Tile.samples * inputPlane }
    private var outputCount: Int { Tile.points * Tile.points * outputPlane }
    private var filterCount: Int { Tile.filters * Tile.filters * filterPlane }
    private var smallCount: Int { slice + 16 * Tile.samples * Tile.samples + 256 * Tile.taps * Tile.taps }

    /// Matrices of V, of M and of U.
    private var inputPlanes: Int { Tile.samples * Tile.samples }
    private var outputPlanes: Int { Tile.points * Tile.points }
    private var filterPlanes: Int { Tile.filters * Tile.filters }

    /// Floats of a slice's factors in fixed point.
    func roundedInputCount(_ order: FixedPointPlanes.Order) -> Int {
        FixedPointPlanes.count(inputPlanes, order, rows: block, width: min(c, slice))
    }
    func roundedOutputCount(_ order: FixedPointPlanes.Order) -> Int {
        FixedPointPlanes.count(outputPlanes, order, rows: block, width: min(o, slice))
    }
    var roundedFilterCount: Int {
        FixedPointPlanes.count(filterPlanes, .byColumns, rows: slice, width: slice)
    }

    /// Floats of working memory that each of the passes needs.
    var scratchCount: Int { max(forwardScratchCount, gradientScratchCount) }

    private var forwardScratchCount: Int {
        let factors =
            rounds
            ? inputCount + inputSlices * roundedInputCount(.byRows) + roundedFilterCount : inputSlices * inputCount
        return factors + outputCount + filterCount + smallCount
    }

    private var gradientScratchCount: Int {
        let factors =
            rounds
            ? outputCount + outputSlices * (roundedOutputCount(.byRows) + roundedOutputCount(.byColumns))
                + roundedInputCount(.byColumns) + roundedFilterCount
            : outputSlices * outputCount
        return factors + inputCount + filterCount + smallCount
    }

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
        var memory = ScratchMemory(scratch)
        let (m, u, small) = (memory.take(outputCount), memory.take(filterCount), memory.take(smallCount))
        let v = memory.take(rounds ? inputCount : inputSlices * inputCount)
        let roundedU = memory.take(rounds ? roundedFilterCount : 0)
        let roundedV = memory.take(rounds ? inputSlices * roundedInputCount(.byRows) : 0)
        let work = workspace(small)
        func input(_ index: Int, _ channels: Range<Int>) -> WinogradPlanes {
            WinogradPlanes(rounds ? v : v + index * inputCount, inputPlane, channels)
        }
        func roundedInput(_ index: Int, _ channels: Range<Int>) -> FixedPointPlanes {
            FixedPointPlanes(
                roundedV + index * roundedInputCount(.byRows), .byRows, rows: block, width: channels.count)
        }
        forEachBlock { tiles in
            forEachSlice(of: c) { index, channels in
                transformInput(x, tiles, channels, into: input(index, channels), work)
                if rounds {
                    roundedInput(index, channels).pack(input(index, channels), count: inputPlanes, rows: tiles.count)
                }
            }
            forEachSlice(of: o) { _, filters in
                let m = WinogradPlanes(m, outputPlane, filters)
                let u = WinogradPlanes(u, filterPlane, filters)
                let rounded = FixedPointPlanes(roundedU, .byColumns, rows: slice, width: filters.count)
                forEachSlice(of: c) { index, channels in
                    if isNew(tiles) {
                        transformTransposedFilters(w, filters, channels, into: u, work)
                        if rounds { rounded.pack(u, count: filterPlanes, rows: channels.count) }
                    }
                    let (v, roundedV) = (input(index, channels), roundedInput(index, channels))
                    forEachProduct { product in
                        let accumulate = index > 0 || !product.startsOutput
                        if rounds {
                            return roundedV.multiply(
                                product.input, rows: tiles.count, rounded, product.filter, into: m[product.output],
                                accumulate: accumulate)
                        }
                        multiplyInCache(
                            m: tiles.count, n: filters.count, k: channels.count, v[product.input], lda: v.width,
                            u[product.filter], ldb: u.width, into: m[product.output], ldc: m.width,
                            accumulate: accumulate)
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
        var memory = ScratchMemory(scratch)
        let (v, u, small) = (memory.take(inputCount), memory.take(filterCount), memory.take(smallCount))
        let m = memory.take(rounds ? outputCount : outputSlices * outputCount)
        let work = workspace(small)
        let rounded = RoundedFactors(self, &memory)
        let addsData = accumulateData || !coversInput
        if let dx, addsData && !accumulateData { dx.update(repeating: 0, count: geometry.inputCount) }
        if let dw, !accumulateFilter, tiles == 0 { dw.update(repeating: 0, count: geometry.filterCount) }
        func outputGradient(_ index: Int, _ filters: Range<Int>) -> WinogradPlanes {
            WinogradPlanes(rounds ? m : m + index * outputCount, outputPlane, filters)
        }
        forEachBlock { tiles in
            forEachSlice(of: o) { index, filters in
                let m = outputGradient(index, filters)
                transformOutputGradient(dy, tiles, filters, into: m, work)
                if rounds && dx != nil { rounded.outputRows(index, m).pack(m, count: outputPlanes, rows: tiles.count) }
                if rounds && dw != nil {
                    rounded.outputColumns(index, m).pack(m, count: outputPlanes, rows: tiles.count)
                }
            }
            forEachSlice(of: c) { _, channels in
                let v = WinogradPlanes(v, inputPlane, channels)
                let u = WinogradPlanes(u, filterPlane, channels)
                if let dw {
                    transformInput(x, tiles, channels, into: v, work)
                    if rounds { rounded.input(v).pack(v, count: inputPlanes, rows: tiles.count) }
                    let accumulate = accumulateFilter || tiles.lowerBound > 0
                    forEachSlice(of: o) { index, filters in
                        let m = outputGradient(index, filters)
                        if rounds {
                            multiplyForFilters(
                                rounded.outputColumns(index, m), rounded.input(v), tiles: tiles.count, into: u)
                        } else {
                            multiplyForFilters(m, v, tiles: tiles.count, into: u)
                        }
                        transformFilterGradient(u, filters, channels, into: dw, accumulate: accumulate, work)
                    }
                }
                if let dx {
                    forEachSlice(of: o) { index, filters in
                        let m = outputGradient(index, filters)
                        transformFilters(w, filters, channels, into: u, work)
                        if rounds {
                            rounded.filters(u).pack(u, count: filterPlanes, rows: filters.count)
                            multiplyForData(
                                rounded.outputRows(index, m), rounded.filters(u), tiles: tiles.count, into: v,
                                accumulate: index > 0)
                        } else {
                            multiplyForData(m, u, tiles: tiles.count, into: v, accumulate: index > 0)
                        }
                    }
                    addInputGradient(v, tiles, channels, into: dx, accumulate: addsData, work)
                }
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
