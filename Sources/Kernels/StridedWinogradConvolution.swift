/// 3×3 convolution with stride 2 by Winograd's minimal filtering on the four images of even and odd rows and columns.
///
/// 81 products for 16 outputs, against 144 of the direct algorithm. Products of the four images at one point add up in one sum,
/// and those of odd samples share their filter over the four points, so four matrix products become one.
/// Both gradients are the exact adjoints of the same linear maps; see ``StridedWinogradTile`` for the transforms.
public struct StridedWinogradConvolution: Sendable {
    public let geometry: ConvolutionGeometry

    public init(_ geometry: ConvolutionGeometry) { self.geometry = geometry }

    /// Whether the algorithm computes this shape at all.
    public static func supports(_ g: ConvolutionGeometry) -> Bool {
        g.kernelHeight == 3 && g.kernelWidth == 3 && g.strideHeight == 2 && g.strideWidth == 2 && g.dilationHeight == 1
            && g.dilationWidth == 1 && g.groups == 1 && g.inputChannels % 16 == 0 && g.outputChannels % 16 == 0
            && g.paddingTop <= 2 && g.paddingLeft <= 2
    }

    // Letters: c input channels, o output channels, t tiles of a block, r = t + 1 rows of a plane, p points.
    var c: Int { geometry.inputChannels }
    var o: Int { geometry.outputChannels }
    var tilesHigh: Int { (geometry.outputHeight + 3) / 4 }
    var tilesWide: Int { (geometry.outputWidth + 3) / 4 }
    private var tiles: Int { geometry.batch * tilesHigh * tilesWide }
    private var block: Int { min(tiles, 64) }
    var filterPlane: Int { o * c + 16 }
    private var zeroCount: Int { max(c, o) }
    private static let productCount = 81
    private static let pointCount = 25
    private static let filterCount = 36

    /// Floats of V and M, which first hold the transposed filters.
    private var tileCount: Int { max((block + 1) * (Self.productCount * c + Self.pointCount * o), geometry.filterCount) }

    /// Floats of working memory that `forward` needs.
    public var forwardScratchCount: Int { gradientScratchCount - Self.filterCount * filterPlane }

    /// Floats of working memory that `gradients` needs.
    public var gradientScratchCount: Int {
        2 * Self.filterCount * filterPlane + tileCount + 2 * zeroCount + Self.productCount * 16
    }

    /// Where the parts of the working memory lie.
    private struct Workspace {
        var u: UnsafeMutablePointer<Float>
        var v: UnsafeMutablePointer<Float>
        var m: UnsafeMutablePointer<Float>
        var zeros: UnsafeMutablePointer<Float>
        var tile: UnsafeMutablePointer<Vector>
        var du: UnsafeMutablePointer<Float>
    }

    private func workspace(_ scratch: UnsafeMutablePointer<Float>) -> Workspace {
        let v = scratch + Self.filterCount * filterPlane
        let zeros = v + tileCount
        let tile = zeros + 2 * zeroCount
        zeros.update(repeating: 0, count: 2 * zeroCount)
        return Workspace(
            u: scratch, v: v, m: v + Self.productCount * (block + 1) * c, zeros: zeros, tile: UnsafeMutableRawPointer(tile).assumingMemoryBound(to: Vector.self),
            du: tile + Self.productCount * 16)
    }

    /// Calls `body(first tile, tiles)` block by block.
    @inline(__always)
    private func forEachBlock(_ body: (Int, Int) -> Void) {
        var first = 0
        while first < tiles {
            let count = min(block, tiles - first)
            body(first, count)
            first += count
        }
    }

    /// Calls `body(product plane, point plane, filter plane, planes)` for each matrix product; `planes` successive ones share the filter.
    @inline(__always)
    private func forEachProduct(_ body: (Int, Int, Int, Int) -> Void) {
        for i in 0..<9 {
            let (point, filter) = (i < 5 ? i : i - 5, min(i, 5))
            for j in 0..<5 { body(i * 9 + j, point * 5 + j, filter * 6 + j, 1) }
            body(i * 9 + 5, point * 5, filter * 6 + 5, 4)
        }
    }

    /// y = x ∗ w + bias, then max(0, y) where `rectify` says so.
    public func forward(
        _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, bias: UnsafePointer<Float>?, rectify: Bool,
        into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let work = workspace(scratch)
        // [3, 3, c, o], so that the products need no transposition; V is free until the first tiles.
        transpose(w, rows: o, columns: 9 * c, into: work.v)
        transformFilter(work.v, rows: c, columns: o, rowStride: o, tapStride: c * o, into: work.u, work.tile)
        forEachBlock { first, count in
            let rows = count + 1
            transformInput(x, first: first, count: count, into: work.v, work.zeros, work.tile)
            forEachProduct { product, point, filter, planes in
                multiplyFewRows(
                    m: planes * rows - 1, n: o, k: c, work.v + product * rows * c, lda: c, work.u + filter * filterPlane, ldb: o,
                    into: work.m + point * rows * o, ldc: o, accumulate: product >= 45 || product % 9 >= 5)
            }
            transformOutput(work.m, first: first, count: count, bias: bias ?? UnsafePointer(work.zeros), rectify, into: y, work.tile)
        }
    }

    /// The gradients for the input and the filters, each only where asked for; `accumulate…` adds to what is there.
    public func gradients(
        _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, _ dy: UnsafePointer<Float>,
        data dx: UnsafeMutablePointer<Float>?, accumulateData: Bool, filter dw: UnsafeMutablePointer<Float>?,
        accumulateFilter: Bool, scratch: UnsafeMutablePointer<Float>
    ) {
        let work = workspace(scratch)
        if let dx {
            if !accumulateData { dx.update(repeating: 0, count: geometry.inputCount) }
            transformFilter(w, rows: o, columns: c, rowStride: 9 * c, tapStride: c, into: work.u, work.tile)
        }
        forEachBlock { first, count in
            let rows = count + 1
            transformOutputGradient(dy, first: first, count: count, into: work.m, work.zeros, work.tile)
            if dw != nil {
                transformInput(x, first: first, count: count, into: work.v, work.zeros, work.tile)
                forEachProduct { product, point, filter, planes in
                    multiplyTransposed(
                        m: o, n: c, k: planes * rows - 1, work.m + point * rows * o, lda: o,
                        work.v + product * rows * c, ldb: c, into: work.du + filter * filterPlane, ldc: c,
                        accumulate: first > 0 || product >= 54)
                }
            }
            if let dx {
                forEachProduct { product, point, filter, planes in
                    multiplyFewRows(
                        m: planes * rows - 1, n: c, k: o, work.m + point * rows * o, lda: o, work.u + filter * filterPlane, ldb: c,
                        into: work.v + product * rows * c, ldc: c)
                }
                addInputGradient(work.v, first: first, count: count, into: dx, work.tile)
            }
        }
        if let dw {
            if tiles > 0 {
                transformFilterGradient(work.du, into: dw, accumulate: accumulateFilter, work.tile)
            } else if !accumulateFilter {
                dw.update(repeating: 0, count: geometry.filterCount)
            }
        }
    }
}
