/// The two-dimensional transforms over a block of tiles.
extension WinogradConvolution {
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
    func transformInput<Tile: WinogradTile>(
        _: Tile.Type, _ x: UnsafePointer<Float>, first: Int, count: Int, into v: UnsafeMutablePointer<Float>,
        _ zeros: UnsafePointer<Float>, _ work: UnsafeMutablePointer<Float>
    ) {
        let n = Tile.products
        let half = scratchVectors(work)
        let plane = inputPlane
        withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: 64) { pixels in
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
    func transformOutput<Tile: WinogradTile>(
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
    func transformOutputGradient<Tile: WinogradTile>(
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
    func addInputGradient<Tile: WinogradTile>(
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
    func transformFilter<Tile: WinogradTile>(
        _: Tile.Type, _ w: UnsafePointer<Float>, rows: Int, columns: Int, rowStride: Int, tapStride: Int,
        into u: UnsafeMutablePointer<Float>, _ work: UnsafeMutablePointer<Float>
    ) {
        let n = Tile.products
        let half = scratchVectors(work)
        let plane = filterPlane
        for row in 0..<rows {
            for column in stride(from: 0, to: columns, by: 16) {
                let source = w + row * rowStride + column
                for i in 0..<Tile.taps {
                    Tile.filter({ source.vector((i * Tile.taps + $0) * tapStride) }, { half[i * n + $0] = $1 })
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
    func transformFilterGradient<Tile: WinogradTile>(
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
                    Tile.filterAdjoint({ source.vector((i * n + $0) * plane) }, { half[i * Tile.taps + $0] = $1 })
                }
                let target = dw + filter * taps * c + channel
                for j in 0..<Tile.taps {
                    Tile.filterAdjoint(
                        { half[$0 * Tile.taps + j] },
                        { i, sum in
                            let tap = (i * Tile.taps + j) * c
                            target.store(accumulate ? target.vector(tap) + sum : sum, tap)
                        })
                }
                channel += 16
            }
        }
    }
}
