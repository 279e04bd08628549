/// 3×3 convolution with stride 1 by Winograd's minimal filtering, forward and both gradients; channels are multiples of 16.
///
/// Lavin and Gray 2016. Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A for each tile; summing over channels turns ⊙ into one matrix product a
/// product point, here over blocks of tiles. Both gradients are the exact adjoints of these linear maps, so they share the
/// transformed output gradient Ŷ = A dY Aᵀ:  dU = Ŷᵀ V, dg = Gᵀ dU G;  dV = Ŷ U, dd = B dV Bᵀ, overlapping tiles added.
public struct WinogradConvolution: Sendable {
    public let geometry: ConvolutionGeometry
    /// 4 for F(4×4, 3×3), 2 for F(2×2, 3×3).
    public let tileOutputs: Int

    public init(_ geometry: ConvolutionGeometry, tileOutputs: Int) {
        self.geometry = geometry
        self.tileOutputs = tileOutputs
    }

    /// Whether the algorithm computes this shape at all.
    public static func supports(_ g: ConvolutionGeometry) -> Bool {
        g.kernelHeight == 3 && g.kernelWidth == 3 && g.strideHeight == 1 && g.strideWidth == 1 && g.dilationHeight == 1
            && g.dilationWidth == 1 && g.groups == 1 && g.inputChannels % 16 == 0 && g.outputChannels % 16 == 0
            && g.paddingTop <= 2 && g.paddingLeft <= 2
    }

    // Letters: c input channels, o output channels, t tiles of a block, p = (tileOutputs + 2)² product points.
    private var c: Int { geometry.inputChannels }
    private var o: Int { geometry.outputChannels }
    private var p: Int { (tileOutputs + 2) * (tileOutputs + 2) }
    private var tilesHigh: Int { (geometry.outputHeight + tileOutputs - 1) / tileOutputs }
    private var tilesWide: Int { (geometry.outputWidth + tileOutputs - 1) / tileOutputs }
    private var tiles: Int { geometry.batch * tilesHigh * tilesWide }
    /// Tiles a block holds: enough rows for an efficient matrix product, few enough to stay in cache.
    private var block: Int { min(tiles, 128) }
    // A plane's stride is not a power of two, so that the planes of one tile fall into different cache sets.
    private var inputPlane: Int { block * c + 16 }
    private var outputPlane: Int { block * o + 16 }
    private var filterPlane: Int { o * c + 16 }
    private var zeroCount: Int { max(c, o) }
    /// Floats of V and M, which first hold the transposed filters.
    private var tileCount: Int { max(p * (inputPlane + outputPlane), geometry.filterCount) }
    private var tileScratch: Int { 36 * 16 }

    /// Floats of working memory that `forward` needs.
    public var forwardScratchCount: Int { p * filterPlane + tileCount + 2 * zeroCount + tileScratch }

    /// Floats of working memory that `gradients` needs.
    public var gradientScratchCount: Int { 2 * p * filterPlane + tileCount + 2 * zeroCount + tileScratch }

    /// y = x ∗ w + bias, then max(0, y) where `rectify` says so.
    public func forward(
        _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, bias: UnsafePointer<Float>?, rectify: Bool,
        into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        if tileOutputs == 4 {
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
        if tileOutputs == 4 {
            gradients(WinogradF4.self, x, w, dy, dx, dw, accumulateFilter, scratch)
        } else {
            gradients(WinogradF2.self, x, w, dy, dx, dw, accumulateFilter, scratch)
        }
    }

    // MARK: - The three passes

    @_specialize(where Tile == WinogradF4) @_specialize(where Tile == WinogradF2)
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
        // [3, 3, c, o], so that the products need no transposition; V and M are free until the first tiles.
        transpose(w, rows: o, columns: 9 * c, into: v)
        transformFilter(Tile.self, v, rows: c, columns: o, rowStride: o, tapStride: c * o, into: u, work)
        var first = 0
        while first < tiles {
            let t = min(block, tiles - first)
            transformInput(Tile.self, x, first: first, count: t, into: v, zeros, work)
            for point in 0..<p {
                multiplyFewRows(
                    m: t, n: o, k: c, v + point * inputPlane, lda: c, u + point * filterPlane, ldb: o,
                    into: m + point * outputPlane, ldc: o)
            }
            transformOutput(Tile.self, m, first: first, count: t, bias: bias ?? UnsafePointer(zeros), rectify, into: y, work)
            first += t
        }
    }

    @_specialize(where Tile == WinogradF4) @_specialize(where Tile == WinogradF2)
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
        if dx != nil { transformFilter(Tile.self, w, rows: o, columns: c, rowStride: 9 * c, tapStride: c, into: u, work) }
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

    // MARK: - Tiles

    /// Room for a tile after the first of its two one-dimensional transforms.
    @inline(__always)
    private func scratchVectors(_ work: UnsafeMutablePointer<Float>) -> UnsafeMutablePointer<Vector> {
        UnsafeMutableRawPointer(work).assumingMemoryBound(to: Vector.self)
    }

    /// The rows and columns of pixels that tile number `tile` touches, and the image it lies in.
    @inline(__always)
    private func origin(_ tile: Int) -> (image: Int, row: Int, column: Int) {
        let perImage = tilesHigh * tilesWide
        let inImage = tile % perImage
        return (tile / perImage, inImage / tilesWide * tileOutputs, inImage % tilesWide * tileOutputs)
    }

    /// Vᵖ[t, c] = (Bᵀ d B)ₚ for `count` tiles.
    @inline(__always)
    private func transformInput<Tile: WinogradTile>(
        _: Tile.Type, _ x: UnsafePointer<Float>, first: Int, count: Int, into v: UnsafeMutablePointer<Float>,
        _ zeros: UnsafePointer<Float>, _ work: UnsafeMutablePointer<Float>
    ) {
        let n = Tile.products
        let half = scratchVectors(work)
        let plane = inputPlane
        withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: 36) { pixels in
            for t in 0..<count {
                let (image, row, column) = origin(first + t)
                inputPixels(x, image, row - geometry.paddingTop, column - geometry.paddingLeft, n, zeros, pixels)
                var channel = 0
                while channel < c {
                    for i in 0..<n {
                        Tile.input({ pixels[i * n + $0].vector(channel) }, { half[i * n + $0] = $1 })
                    }
                    let target = v + t * c + channel
                    for j in 0..<n {
                        Tile.input({ half[$0 * n + j] }, { target.store($1, ($0 * n + j) * plane) })
                    }
                    channel += 16
                }
            }
        }
    }

    /// Fills `pixels` with pointers to the n × n input pixels from (row, column) on; those outside point at zeros.
    @inline(__always)
    private func inputPixels(
        _ x: UnsafePointer<Float>, _ image: Int, _ row: Int, _ column: Int, _ n: Int, _ zeros: UnsafePointer<Float>,
        _ pixels: UnsafeMutableBufferPointer<UnsafePointer<Float>>
    ) {
        for i in 0..<n {
            for j in 0..<n {
                let r = row + i
                let s = column + j
                let inside = r >= 0 && r < geometry.inputHeight && s >= 0 && s < geometry.inputWidth
                pixels[i * n + j] = inside ? x + ((image * geometry.inputHeight + r) * geometry.inputWidth + s) * c : zeros
            }
        }
    }

    /// y = Aᵀ m A + bias for the pixels of `count` tiles.
    @inline(__always)
    private func transformOutput<Tile: WinogradTile>(
        _: Tile.Type, _ m: UnsafePointer<Float>, first: Int, count: Int, bias: UnsafePointer<Float>, _ rectify: Bool,
        into y: UnsafeMutablePointer<Float>, _ work: UnsafeMutablePointer<Float>
    ) {
        let n = Tile.products
        let k = Tile.outputs
        let half = scratchVectors(work)
        let plane = outputPlane
        let (height, width) = (geometry.outputHeight, geometry.outputWidth)
        for t in 0..<count {
            let (image, row, column) = origin(first + t)
            let rows = min(k, height - row)
            let columns = min(k, width - column)
            let corner = y + ((image * height + row) * width + column) * o
            var channel = 0
            while channel < o {
                let source = m + t * o + channel
                let shift = bias.vector(channel)
                for i in 0..<n {
                    Tile.output({ source.vector((i * n + $0) * plane) }, { half[i * k + $0] = $1 })
                }
                for j in 0..<columns {
                    Tile.output(
                        { half[$0 * k + j] },
                        { i, sum in
                            guard i < rows else { return }
                            let value = sum + shift
                            corner.store(rectify ? value.replacing(with: 0, where: value .< Vector.zero) : value, (i * width + j) * o + channel)
                        })
                }
                channel += 16
            }
        }
    }

    /// Ŷᵖ[t, o] = (A dY Aᵀ)ₚ for `count` tiles.
    @inline(__always)
    private func transformOutputGradient<Tile: WinogradTile>(
        _: Tile.Type, _ dy: UnsafePointer<Float>, first: Int, count: Int, into m: UnsafeMutablePointer<Float>,
        _ zeros: UnsafePointer<Float>, _ work: UnsafeMutablePointer<Float>
    ) {
        let n = Tile.products
        let k = Tile.outputs
        let half = scratchVectors(work)
        let plane = outputPlane
        withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: 16) { pixels in
            for t in 0..<count {
                let (image, row, column) = origin(first + t)
                for i in 0..<k {
                    for j in 0..<k {
                        let inside = row + i < geometry.outputHeight && column + j < geometry.outputWidth
                        let index = (image * geometry.outputHeight + row + i) * geometry.outputWidth + column + j
                        pixels[i * k + j] = inside ? dy + index * o : zeros
                    }
                }
                var channel = 0
                while channel < o {
                    for i in 0..<k {
                        Tile.outputAdjoint({ pixels[i * k + $0].vector(channel) }, { half[i * n + $0] = $1 })
                    }
                    let target = m + t * o + channel
                    for j in 0..<n {
                        Tile.outputAdjoint({ half[$0 * n + j] }, { target.store($1, ($0 * n + j) * plane) })
                    }
                    channel += 16
                }
            }
        }
    }

    /// dx += B dV Bᵀ; neighbouring tiles overlap, so they add up, in the order of the tiles.
    @inline(__always)
    private func addInputGradient<Tile: WinogradTile>(
        _: Tile.Type, _ v: UnsafePointer<Float>, first: Int, count: Int, into dx: UnsafeMutablePointer<Float>,
        _ work: UnsafeMutablePointer<Float>
    ) {
        let n = Tile.products
        let half = scratchVectors(work)
        let plane = inputPlane
        for t in 0..<count {
            let origin = origin(first + t)
            let row = origin.row - geometry.paddingTop
            let column = origin.column - geometry.paddingLeft
            let rows = max(0, -row)..<max(max(0, -row), min(n, geometry.inputHeight - row))
            let columns = max(0, -column)..<max(max(0, -column), min(n, geometry.inputWidth - column))
            let corner = (origin.image * geometry.inputHeight + row) * geometry.inputWidth + column
            var channel = 0
            while channel < c {
                let source = v + t * c + channel
                for i in 0..<n {
                    Tile.inputAdjoint({ source.vector((i * n + $0) * plane) }, { half[i * n + $0] = $1 })
                }
                for j in columns {
                    Tile.inputAdjoint(
                        { half[$0 * n + j] },
                        { i, sum in
                            guard rows.contains(i) else { return }
                            let index = (corner + i * geometry.inputWidth + j) * c + channel
                            dx.store(dx.vector(index) + sum, index)
                        })
                }
                channel += 16
            }
        }
    }

    /// Uᵖ[row, column] = (G g Gᵀ)ₚ for the filters whose taps lie at row · rowStride + tap · tapStride + column.
    @inline(__always)
    private func transformFilter<Tile: WinogradTile>(
        _: Tile.Type, _ w: UnsafePointer<Float>, rows: Int, columns: Int, rowStride: Int, tapStride: Int,
        into u: UnsafeMutablePointer<Float>, _ work: UnsafeMutablePointer<Float>
    ) {
        let n = Tile.products
        let half = scratchVectors(work)
        let plane = filterPlane
        for row in 0..<rows {
            for column in stride(from: 0, to: columns, by: 16) {
                let source = w + row * rowStride + column
                for i in 0..<3 {
                    Tile.filter({ source.vector((i * 3 + $0) * tapStride) }, { half[i * n + $0] = $1 })
                }
                let target = u + row * columns + column
                for j in 0..<n {
                    Tile.filter({ half[$0 * n + j] }, { target.store($1, ($0 * n + j) * plane) })
                }
            }
        }
    }

    /// dw = Gᵀ dU G, or dw += it.
    @inline(__always)
    private func transformFilterGradient<Tile: WinogradTile>(
        _: Tile.Type, _ du: UnsafePointer<Float>, into dw: UnsafeMutablePointer<Float>, accumulate: Bool,
        _ work: UnsafeMutablePointer<Float>
    ) {
        let n = Tile.products
        let half = scratchVectors(work)
        let plane = filterPlane
        for filter in 0..<o {
            var channel = 0
            while channel < c {
                let source = du + filter * c + channel
                for i in 0..<n {
                    Tile.filterAdjoint({ source.vector((i * n + $0) * plane) }, { half[i * 3 + $0] = $1 })
                }
                let target = dw + filter * 9 * c + channel
                for j in 0..<3 {
                    Tile.filterAdjoint(
                        { half[$0 * 3 + j] },
                        { i, sum in
                            let tap = (i * 3 + j) * c
                            target.store(accumulate ? target.vector(tap) + sum : sum, tap)
                        })
                }
                channel += 16
            }
        }
    }
}
