/// The two-dimensional transforms over a block of tiles and a slice of channels.
///
/// While a tile is transformed the next one's pixels are fetched: they lie in many short pieces, which the processor
/// does not foresee.
extension WinogradPasses {
    /// The image that a tile lies in, and its first output's row and column.
    @inline(__always)
    private func origin(_ tile: Int) -> (image: Int, row: Int, column: Int) {
        let perImage = tilesHigh * tilesWide
        let inImage = tile % perImage
        return (tile / perImage, inImage / tilesWide * Tile.outputs, inImage % tilesWide * Tile.outputs)
    }

    /// Vᵖ[t, c] = (Bᵀ d B)ₚ.
    @inline(__always)
    func transformInput(
        _ x: UnsafePointer<Float>, _ tiles: Range<Int>, _ channels: Range<Int>, into v: WinogradPlanes,
        _ work: Workspace
    ) {
        let n = Tile.samples
        let (half, zeros) = (work.half, UnsafePointer(work.zeros))
        withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: n * n) { pixels in
            for tile in tiles {
                inputPixels(x + channels.lowerBound, tile, zeros, pixels)
                if tile + 1 < tiles.upperBound {
                    prefetchInput(x + channels.lowerBound, tile + 1, v.width, for: .reading)
                }
                let row = v.pointer + (tile - tiles.lowerBound) * v.width
                for channel in stride(from: 0, to: v.width, by: 16) {
                    for i in 0..<n {
                        Tile.input({ pixels[i * n + $0].vector(channel) }, { half[i * n + $0] = $1 })
                    }
                    for j in 0..<n {
                        Tile.input({ half[$0 * n + j] }, { (row + channel).store($1, ($0 * n + j) * v.stride) })
                    }
                }
            }
        }
    }

    /// Fetches a tile's input pixels, but for the columns that the tile to its left has too.
    @inline(__always)
    private func prefetchInput(_ x: UnsafePointer<Float>, _ tile: Int, _ width: Int, for use: MemoryUse) {
        let origin = origin(tile)
        let row = origin.row * Tile.stride - geometry.paddingTop
        let column = origin.column * Tile.stride - geometry.paddingLeft
        let shared = origin.column == 0 ? 0 : sharedSamples
        for i in max(0, row)..<max(0, row, min(row + Tile.samples, geometry.inputHeight)) {
            for j in max(0, column + shared)..<max(0, column + shared, min(column + Tile.samples, geometry.inputWidth))
            {
                prefetch(
                    x + ((origin.image * geometry.inputHeight + i) * geometry.inputWidth + j) * c, count: width,
                    for: use)
            }
        }
    }

    /// Fetches a tile's output pixels.
    @inline(__always)
    private func prefetchOutput(_ y: UnsafePointer<Float>, _ tile: Int, _ width: Int, for use: MemoryUse) {
        let (image, row, column) = origin(tile)
        for i in row..<min(row + Tile.outputs, geometry.outputHeight) {
            for j in column..<min(column + Tile.outputs, geometry.outputWidth) {
                prefetch(
                    y + ((image * geometry.outputHeight + i) * geometry.outputWidth + j) * o, count: width, for: use)
            }
        }
    }

    /// Fills `pixels` with pointers to a tile's input pixels; those outside the image point at zeros.
    @inline(__always)
    private func inputPixels(
        _ x: UnsafePointer<Float>, _ tile: Int, _ zeros: UnsafePointer<Float>,
        _ pixels: UnsafeMutableBufferPointer<UnsafePointer<Float>>
    ) {
        let (height, width) = (geometry.inputHeight, geometry.inputWidth)
        let origin = origin(tile)
        let row = origin.row * Tile.stride - geometry.paddingTop
        let column = origin.column * Tile.stride - geometry.paddingLeft
        for i in 0..<Tile.samples {
            let isRow = row + i >= 0 && row + i < height
            let line = (origin.image * height + row + i) * width + column
            for j in 0..<Tile.samples {
                let isInside = isRow && column + j >= 0 && column + j < width
                pixels[i * Tile.samples + j] = isInside ? x + (line + j) * c : zeros
            }
        }
    }

    /// y = Aᵀ M A + bias, then max(0, y) where `rectify` says so; `bias` is the slice's.
    @inline(__always)
    func transformOutput(
        _ m: WinogradPlanes, _ tiles: Range<Int>, _ filters: Range<Int>, bias: UnsafePointer<Float>, _ rectify: Bool,
        into y: UnsafeMutablePointer<Float>, _ work: Workspace
    ) {
        let (n, k) = (Tile.points, Tile.outputs)
        let half = work.half
        let (height, width) = (geometry.outputHeight, geometry.outputWidth)
        for tile in tiles {
            let (image, row, column) = origin(tile)
            let (rows, columns) = (min(k, height - row), min(k, width - column))
            if tile + 1 < tiles.upperBound { prefetchOutput(y + filters.lowerBound, tile + 1, m.width, for: .writing) }
            let corner = y + ((image * height + row) * width + column) * o + filters.lowerBound
            for channel in stride(from: 0, to: m.width, by: 16) {
                let source = m.pointer + (tile - tiles.lowerBound) * m.width + channel
                let shift = bias.vector(channel)
                for i in 0..<n {
                    Tile.output({ source.vector((i * n + $0) * m.stride) }, { half[i * k + $0] = $1 })
                }
                for j in 0..<columns {
                    Tile.output(
                        { half[$0 * k + j] },
                        { i, sum in
                            guard i < rows else { return }
                            let value = sum + shift
                            corner.store(
                                rectify ? value.replacing(with: 0, where: value .< Vector.zero) : value,
                                (i * width + j) * o + channel)
                        })
                }
            }
        }
    }

    /// Ŷᵖ[t, o] = (A dY Aᵀ)ₚ.
    @inline(__always)
    func transformOutputGradient(
        _ dy: UnsafePointer<Float>, _ tiles: Range<Int>, _ filters: Range<Int>, into m: WinogradPlanes,
        _ work: Workspace
    ) {
        let (n, k) = (Tile.points, Tile.outputs)
        let (half, zeros) = (work.half, UnsafePointer(work.zeros))
        let (height, width) = (geometry.outputHeight, geometry.outputWidth)
        withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: k * k) { pixels in
            for tile in tiles {
                let (image, row, column) = origin(tile)
                if tile + 1 < tiles.upperBound {
                    prefetchOutput(dy + filters.lowerBound, tile + 1, m.width, for: .reading)
                }
                for i in 0..<k {
                    for j in 0..<k {
                        let isInside = row + i < height && column + j < width
                        pixels[i * k + j] =
                            isInside
                            ? dy + ((image * height + row + i) * width + column + j) * o + filters.lowerBound : zeros
                    }
                }
                let target = m.pointer + (tile - tiles.lowerBound) * m.width
                for channel in stride(from: 0, to: m.width, by: 16) {
                    for i in 0..<k {
                        Tile.outputAdjoint({ pixels[i * k + $0].vector(channel) }, { half[i * n + $0] = $1 })
                    }
                    for j in 0..<n {
                        Tile.outputAdjoint(
                            { half[$0 * n + j] }, { (target + channel).store($1, ($0 * n + j) * m.stride) })
                    }
                }
            }
        }
    }

    /// dx = B dV Bᵀ, or dx += it; neighbouring tiles overlap, so they add up, in the order of the tiles.
    @inline(__always)
    func addInputGradient(
        _ v: WinogradPlanes, _ tiles: Range<Int>, _ channels: Range<Int>, into dx: UnsafeMutablePointer<Float>,
        accumulate: Bool,
        _ work: Workspace
    ) {
        let (n, half) = (Tile.samples, work.half)
        let (height, width) = (geometry.inputHeight, geometry.inputWidth)
        for tile in tiles {
            let origin = origin(tile)
            let row = origin.row * Tile.stride - geometry.paddingTop
            let column = origin.column * Tile.stride - geometry.paddingLeft
            let (top, bottom) = (max(0, -row), min(n, height - row))
            let columns = max(0, -column)..<max(max(0, -column), min(n, width - column))
            // From this row and column on no tile has written before.
            let newRow = accumulate ? n : origin.row == 0 ? 0 : sharedSamples
            let newColumn = accumulate ? n : origin.column == 0 ? 0 : sharedSamples
            if tile + 1 < tiles.upperBound { prefetchInput(dx + channels.lowerBound, tile + 1, v.width, for: .writing) }
            let corner = (origin.image * height + row) * width + column
            for channel in stride(from: 0, to: v.width, by: 16) {
                let source = v.pointer + (tile - tiles.lowerBound) * v.width + channel
                for i in 0..<n {
                    Tile.inputAdjoint({ source.vector((i * n + $0) * v.stride) }, { half[i * n + $0] = $1 })
                }
                for j in columns {
                    let firstRow = j < newColumn ? n : newRow
                    Tile.inputAdjoint(
                        { half[$0 * n + j] },
                        { i, sum in
                            guard i >= top && i < bottom else { return }
                            let index = (corner + i * width + j) * c + channels.lowerBound + channel
                            dx.store(i < firstRow ? dx.vector(index) + sum : sum, index)
                        })
                }
            }
        }
    }

    /// Samples along one axis that a tile has in common with the next.
    @inline(__always) private var sharedSamples: Int { Tile.samples - Tile.outputs * Tile.stride }

    /// Whether tiles reach every input pixel; some shapes with stride 2 never read the last row or column.
    var coversInput: Bool {
        tilesHigh * Tile.outputs * Tile.stride + sharedSamples - geometry.paddingTop >= geometry.inputHeight
            && tilesWide * Tile.outputs * Tile.stride + sharedSamples - geometry.paddingLeft >= geometry.inputWidth
    }
}
