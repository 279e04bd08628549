/// The two-dimensional transforms of a block of filters: `filters` of `channels`.
extension WinogradPasses {
    private var taps: Int { Tile.taps * Tile.taps }

    /// Fetches `count` channels of each of a filter's taps.
    @inline(__always)
    private func prefetchTaps(_ w: UnsafePointer<Float>, _ count: Int, for use: MemoryUse) {
        for tap in 0..<taps { prefetch(w + tap * c, count: count, for: use) }
    }

    /// Uᵖ[o, c] = (G g Gᵀ)ₚ.
    @inline(__always)
    func transformFilters(
        _ w: UnsafePointer<Float>, _ filters: Range<Int>, _ channels: Range<Int>, into u: WinogradPlanes,
        _ work: Workspace
    ) {
        for filter in filters {
            let source = w + filter * taps * c + channels.lowerBound
            let target = u.pointer + (filter - filters.lowerBound) * u.width
            if filter + 1 < filters.upperBound { prefetchTaps(source + taps * c, channels.count, for: .reading) }
            for channel in stride(from: 0, to: channels.count, by: 16) {
                transformFilter(source + channel, tapStride: c, into: target + channel, u.stride, work)
            }
        }
    }

    /// Uᵖ[c, o] = (G g Gᵀ)ₚ: the forward products' second factor, so that it needs no transposition.
    @inline(__always)
    func transformTransposedFilters(
        _ w: UnsafePointer<Float>, _ filters: Range<Int>, _ channels: Range<Int>, into u: WinogradPlanes,
        _ work: Workspace
    ) {
        let transposed = work.transposed
        for filter in stride(from: filters.lowerBound, to: filters.upperBound, by: 16) {
            for channel in stride(from: channels.lowerBound, to: channels.upperBound, by: 16) {
                for tap in 0..<taps {
                    transposeSixteen(
                        w + (filter * taps + tap) * c + channel, lineStride: taps * c, into: transposed + tap * 256)
                }
                let target = u.pointer + (channel - channels.lowerBound) * u.width + filter - filters.lowerBound
                for line in 0..<16 {
                    transformFilter(
                        transposed + line * 16, tapStride: 256, into: target + line * u.width, u.stride, work)
                }
            }
        }
    }

    /// (G g Gᵀ)ₚ of 16 filters whose taps lie `tapStride` apart.
    @inline(__always)
    private func transformFilter(
        _ w: UnsafePointer<Float>, tapStride: Int, into u: UnsafeMutablePointer<Float>, _ stride: Int, _ work: Workspace
    ) {
        let (n, half) = (Tile.filters, work.half)
        for i in 0..<Tile.taps {
            Tile.filter({ w.vector((i * Tile.taps + $0) * tapStride) }, { half[i * n + $0] = $1 })
        }
        for j in 0..<n {
            Tile.filter({ half[$0 * n + j] }, { u.store($1, ($0 * n + j) * stride) })
        }
    }

    /// dw = Gᵀ dU G, or dw += it.
    @inline(__always)
    func transformFilterGradient(
        _ du: WinogradPlanes, _ filters: Range<Int>, _ channels: Range<Int>, into dw: UnsafeMutablePointer<Float>,
        accumulate: Bool,
        _ work: Workspace
    ) {
        let (n, half) = (Tile.filters, work.half)
        for filter in filters {
            if filter + 1 < filters.upperBound {
                prefetchTaps(dw + (filter + 1) * taps * c + channels.lowerBound, channels.count, for: .writing)
            }
            for channel in stride(from: 0, to: channels.count, by: 16) {
                let source = du.pointer + (filter - filters.lowerBound) * du.width + channel
                for i in 0..<n {
                    Tile.filterAdjoint({ source.vector((i * n + $0) * du.stride) }, { half[i * Tile.taps + $0] = $1 })
                }
                let target = dw + filter * taps * c + channels.lowerBound + channel
                for j in 0..<Tile.taps {
                    Tile.filterAdjoint(
                        { half[$0 * Tile.taps + j] },
                        { i, sum in
                            let tap = (i * Tile.taps + j) * c
                            target.store(accumulate ? target.vector(tap) + sum : sum, tap)
                        })
                }
            }
        }
    }
}
