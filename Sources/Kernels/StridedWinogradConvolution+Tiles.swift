/// The two-dimensional transforms over a block of tiles. A plane holds a row for each tile and a row of zeros behind them: planes
/// then do not start a power of two apart, where they would share cache sets, and matrix products may run over several planes.
extension StridedWinogradConvolution {
    private typealias Tile = StridedWinogradTile

    /// The image a tile lies in, and its first output row and column.
    @inline(__always)
    private func origin(_ tile: Int) -> (image: Int, row: Int, column: Int) {
        let perImage = tilesHigh * tilesWide
        let inImage = tile % perImage
        return (tile / perImage, inImage / tilesWide * 4, inImage % tilesWide * 4)
    }

    /// V[i, j][tile, c]: products' inputs for `count` tiles.
    func transformInput(
        _ x: UnsafePointer<Float>, first: Int, count: Int, into v: UnsafeMutablePointer<Float>, _ zeros: UnsafePointer<Float>,
        _ half: UnsafeMutablePointer<Vector>
    ) {
        let plane = (count + 1) * c
        for product in 0..<81 { (v + product * plane + count * c).update(repeating: 0, count: c) }
        withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: 81) { pixels in
            for t in 0..<count {
                inputPixels(x, first + t, zeros, pixels)
                for channel in stride(from: 0, to: c, by: 16) {
                    for i in 0..<9 {
                        Tile.input({ pixels[i * 9 + $0].vector(channel) }, { half[i * 9 + $0] = $1 })
                    }
                    let target = v + t * c + channel
                    for j in 0..<9 {
                        Tile.input({ half[$0 * 9 + j] }, { target.store($1, ($0 * 9 + j) * plane) })
                    }
                }
            }
        }
    }

    /// Fills `pixels` with pointers to a tile's 9 × 9 input pixels; those outside the image point at zeros.
    @inline(__always)
    private func inputPixels(
        _ x: UnsafePointer<Float>, _ tile: Int, _ zeros: UnsafePointer<Float>,
        _ pixels: UnsafeMutableBufferPointer<UnsafePointer<Float>>
    ) {
        let (image, outputRow, outputColumn) = origin(tile)
        let row = 2 * outputRow - geometry.paddingTop
        let column = 2 * outputColumn - geometry.paddingLeft
        for i in 0..<9 {
            let isRow = row + i >= 0 && row + i < geometry.inputHeight
            let line = ((image * geometry.inputHeight + row + i) * geometry.inputWidth + column) * c
            for j in 0..<9 {
                let isInside = isRow && column + j >= 0 && column + j < geometry.inputWidth
                pixels[i * 9 + j] = isInside ? x + (line + j * c) : zeros
            }
        }
    }

    /// dx += the adjoint of ``transformInput(_:first:count:into:_:_:)``; tiles overlap by a row and a column.
    func addInputGradient(
        _ v: UnsafePointer<Float>, first: Int, count: Int, into dx: UnsafeMutablePointer<Float>,
        _ half: UnsafeMutablePointer<Vector>
    ) {
        let plane = (count + 1) * c
        let (height, width) = (geometry.inputHeight, geometry.inputWidth)
        for t in 0..<count {
            let (image, outputRow, outputColumn) = origin(first + t)
            let row = 2 * outputRow - geometry.paddingTop
            let column = 2 * outputColumn - geometry.paddingLeft
            let (top, bottom) = (max(0, -row), min(9, height - row))
            let columns = max(0, -column)..<max(max(0, -column), min(9, width - column))
            let corner = (image * height + row) * width + column
            for channel in stride(from: 0, to: c, by: 16) {
                let source = v + t * c + channel
                for i in 0..<9 {
                    Tile.inputAdjoint({ source.vector((i * 9 + $0) * plane) }, { half[i * 9 + $0] = $1 })
                }
                for j in columns {
                    Tile.inputAdjoint(
                        { half[$0 * 9 + j] },
                        { i, sum in
                            guard i >= top && i < bottom else { return }
                            let index = (corner + i * width + j) * c + channel
                            dx.store(dx.vector(index) + sum, index)
                        })
                }
            }
        }
    }

    /// y = the outputs of `count` tiles + bias.
    func transformOutput(
        _ m: UnsafePointer<Float>, first: Int, count: Int, bias: UnsafePointer<Float>, _ rectify: Bool,
        into y: UnsafeMutablePointer<Float>, _ half: UnsafeMutablePointer<Vector>
    ) {
        let plane = (count + 1) * o
        let (height, width) = (geometry.outputHeight, geometry.outputWidth)
        for t in 0..<count {
            let (image, row, column) = origin(first + t)
            let (rows, columns) = (min(4, height - row), min(4, width - column))
            let corner = y + ((image * height + row) * width + column) * o
            for channel in stride(from: 0, to: o, by: 16) {
                let source = m + t * o + channel
                let shift = bias.vector(channel)
                for i in 0..<5 {
                    Tile.output({ source.vector((i * 5 + $0) * plane) }, { half[i * 4 + $0] = $1 })
                }
                for j in 0..<columns {
                    Tile.output(
                        { half[$0 * 4 + j] },
                        { i, sum in
                            guard i < rows else { return }
                            let value = sum + shift
                            corner.store(rectify ? value.replacing(with: 0, where: value .< Vector.zero) : value, (i * width + j) * o + channel)
                        })
                }
            }
        }
    }

    /// Ŷ[p, q][tile, o]: the adjoint of ``transformOutput(_:first:count:bias:_:into:_:)`` for `count` tiles.
    func transformOutputGradient(
        _ dy: UnsafePointer<Float>, first: Int, count: Int, into m: UnsafeMutablePointer<Float>, _ zeros: UnsafePointer<Float>,
        _ half: UnsafeMutablePointer<Vector>
    ) {
        let plane = (count + 1) * o
        for point in 0..<25 { (m + point * plane + count * o).update(repeating: 0, count: o) }
        let (height, width) = (geometry.outputHeight, geometry.outputWidth)
        withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: 16) { pixels in
            for t in 0..<count {
                let (image, row, column) = origin(first + t)
                for i in 0..<4 {
                    for j in 0..<4 {
                        let isInside = row + i < height && column + j < width
                        pixels[i * 4 + j] = isInside ? dy + ((image * height + row + i) * width + column + j) * o : zeros
                    }
                }
                for channel in stride(from: 0, to: o, by: 16) {
                    for i in 0..<4 {
                        Tile.outputAdjoint({ pixels[i * 4 + $0].vector(channel) }, { half[i * 5 + $0] = $1 })
                    }
                    let target = m + t * o + channel
                    for j in 0..<5 {
                        Tile.outputAdjoint({ half[$0 * 5 + j] }, { target.store($1, ($0 * 5 + j) * plane) })
                    }
                }
            }
        }
    }

    /// U[a, b][row, column]: the transforms of the filters whose taps lie at row · rowStride + tap · tapStride + column.
    func transformFilter(
        _ w: UnsafePointer<Float>, rows: Int, columns: Int, rowStride: Int, tapStride: Int, into u: UnsafeMutablePointer<Float>,
        _ half: UnsafeMutablePointer<Vector>
    ) {
        for row in 0..<rows {
            for column in stride(from: 0, to: columns, by: 16) {
                let source = w + row * rowStride + column
                for i in 0..<3 {
                    Tile.filter({ source.vector((i * 3 + $0) * tapStride) }, { half[i * 6 + $0] = $1 })
                }
                let target = u + row * columns + column
                for j in 0..<6 {
                    Tile.filter({ half[$0 * 6 + j] }, { target.store($1, ($0 * 6 + j) * filterPlane) })
                }
            }
        }
    }

    /// dw = the adjoint of ``transformFilter(_:rows:columns:rowStride:tapStride:into:_:)`` with rows of o, or dw += it.
    func transformFilterGradient(
        _ du: UnsafePointer<Float>, into dw: UnsafeMutablePointer<Float>, accumulate: Bool, _ half: UnsafeMutablePointer<Vector>
    ) {
        for filter in 0..<o {
            for channel in stride(from: 0, to: c, by: 16) {
                let source = du + filter * c + channel
                for i in 0..<6 {
                    Tile.filterAdjoint({ source.vector((i * 6 + $0) * filterPlane) }, { half[i * 3 + $0] = $1 })
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
            }
        }
    }
}
