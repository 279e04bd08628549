/// The products at all points of a block of tiles, and their factors in fixed point.
extension WinogradPasses {
    /// dU = Ŷᵀ V.
    @inline(__always)
    func multiplyForFilters(_ m: WinogradPlanes, _ v: WinogradPlanes, tiles: Int, into u: WinogradPlanes) {
        forEachProduct { product in
            multiplyTransposedInCache(
                m: m.width, n: v.width, k: tiles, m[product.output], lda: m.width, v[product.input], ldb: v.width,
                into: u[product.filter], ldc: u.width, accumulate: !product.startsFilter)
        }
    }

    /// dV = Ŷ U.
    @inline(__always)
    func multiplyForData(
        _ m: WinogradPlanes, _ u: WinogradPlanes, tiles: Int, into v: WinogradPlanes, accumulate: Bool
    ) {
        forEachProduct { product in
            multiplyInCache(
                m: tiles, n: v.width, k: m.width, m[product.output], lda: m.width, u[product.filter], ldb: u.width,
                into: v[product.input], ldc: v.width, accumulate: accumulate)
        }
    }

    /// The same of factors in fixed point.
    func multiplyForFilters(
        _ m: FixedPointPlanes, _ v: FixedPointPlanes, tiles: Int, into u: WinogradPlanes
    ) {
        forEachProduct { product in
            m.multiplyTransposed(
                product.output, rows: tiles, v, product.input, into: u[product.filter],
                accumulate: !product.startsFilter)
        }
    }

    func multiplyForData(
        _ m: FixedPointPlanes, _ u: FixedPointPlanes, tiles: Int, into v: WinogradPlanes, accumulate: Bool
    ) {
        forEachProduct { product in
            m.multiply(
                product.output, rows: tiles, u, product.filter, into: v[product.input], accumulate: accumulate)
        }
    }

    /// One matrix product: the planes of V, M and U, and whether it is the first of those that add up in its plane of
    /// M, and of U.
    struct Product {
        var input: Int
        var output: Int
        var filter: Int
        var startsOutput: Bool
        var startsFilter: Bool
    }

    @inline(__always)
    func forEachProduct(_ body: (Product) -> Void) {
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

    /// Where the gradients' factors in fixed point are.
    struct RoundedFactors {
        private let passes: WinogradPasses
        private let rows, columns, inputs, filters: UnsafeMutablePointer<Float>

        init(_ passes: WinogradPasses, _ memory: inout ScratchMemory) {
            self.passes = passes
            let rounds = passes.rounds
            rows = memory.take(rounds ? passes.outputSlices * passes.roundedOutputCount(.byRows) : 0)
            columns = memory.take(rounds ? passes.outputSlices * passes.roundedOutputCount(.byColumns) : 0)
            inputs = memory.take(rounds ? passes.roundedInputCount(.byColumns) : 0)
            filters = memory.take(rounds ? passes.roundedFilterCount : 0)
        }

        func outputRows(_ index: Int, _ m: WinogradPlanes) -> FixedPointPlanes {
            .init(
                rows + index * passes.roundedOutputCount(.byRows), .byRows, rows: passes.block, width: m.width)
        }

        func outputColumns(_ index: Int, _ m: WinogradPlanes) -> FixedPointPlanes {
            .init(
                columns + index * passes.roundedOutputCount(.byColumns), .byColumns, rows: passes.block,
                width: m.width)
        }

        func input(_ v: WinogradPlanes) -> FixedPointPlanes {
            .init(inputs, .byColumns, rows: passes.block, width: v.width)
        }

        func filters(_ u: WinogradPlanes) -> FixedPointPlanes {
            .init(filters, .byColumns, rows: passes.slice, width: u.width)
        }
    }
}
