import CProducts

/// Matrices of 16-bit fixed-point numbers, one for each product point of a Winograd convolution, packed as
/// `fixed_multiply` reads them.
///
/// Each is packed from [rows, width] floats. By rows, pairs lie along a row and a row has a scale: a first factor. By
/// columns, pairs lie down a column, of which each chunk of 64 rows has a scale: a second factor, or a first one
/// transposed.
struct FixedPointPlanes {
    enum Order { case byRows, byColumns }

    private let memory: UnsafeMutablePointer<UInt32>
    private let order: Order
    private let shape: (rows: Int, width: Int)

    /// Rows of a chunk, whose products add up exactly.
    private static var chunk: Int { fixed_depth }

    /// Words, of four bytes, of a matrix with its scales.
    private static func stride(_ order: Order, rows: Int, width: Int) -> Int {
        let count = wordCount(order, rows, width) + (order == .byRows ? rows : (rows + chunk - 1) / chunk * width)
        return (count + 15) / 16 * 16
    }

    private static func wordCount(_ order: Order, _ rows: Int, _ width: Int) -> Int {
        order == .byRows ? rows * ((width + 1) / 2) : (rows + 1) / 2 * width
    }

    /// Floats of memory for so many matrices of at most so many rows and columns.
    static func count(_ planes: Int, _ order: Order, rows: Int, width: Int) -> Int {
        planes * stride(order, rows: rows, width: width)
    }

    /// - Parameters:
    ///   - memory: ``count(_:_:rows:width:)`` floats.
    ///   - rows: the most that are packed.
    ///   - width: the columns, a multiple of 16; by rows at most 64.
    init(_ memory: UnsafeMutablePointer<Float>, _ order: Order, rows: Int, width: Int) {
        self.memory = UnsafeMutableRawPointer(memory).assumingMemoryBound(to: UInt32.self)
        (self.order, shape) = (order, (rows, width))
    }

    @inline(__always)
    private func words(_ plane: Int, _ chunk: Int = 0) -> UnsafeMutablePointer<UInt32> {
        memory + plane * FixedPointPlanes.stride(order, rows: shape.rows, width: shape.width)
            + chunk * FixedPointPlanes.chunk / 2 * shape.width
    }

    @inline(__always)
    private func scales(_ plane: Int, _ chunk: Int = 0) -> UnsafeMutablePointer<Float> {
        let first = words(plane) + FixedPointPlanes.wordCount(order, shape.rows, shape.width) + chunk * shape.width
        return UnsafeMutableRawPointer(first).assumingMemoryBound(to: Float.self)
    }

    /// Packs `rows` rows of each of `count` matrices.
    func pack(_ planes: WinogradPlanes, count: Int, rows: Int) {
        let (width, emulates) = (shape.width, Int32(ProductPrecision.isEmulated ? 1 : 0))
        for plane in 0..<count {
            if order == .byRows {
                fixed_pack_rows(
                    planes[plane], width, rows, width, words(plane), (width + 1) / 2, scales(plane), emulates)
                continue
            }
            for chunk in 0..<(rows + FixedPointPlanes.chunk - 1) / FixedPointPlanes.chunk {
                let first = chunk * FixedPointPlanes.chunk
                fixed_pack_columns(
                    planes[plane] + first * width, width, min(rows - first, FixedPointPlanes.chunk), width,
                    words(plane, chunk), width, scales(plane, chunk), emulates)
            }
        }
    }

    /// C = A · B, or C += it, for this A, by rows, and B, by columns; C has B's width.
    @inline(__always)
    func multiply(
        _ plane: Int, rows: Int, _ b: FixedPointPlanes, _ other: Int, into c: UnsafeMutablePointer<Float>,
        accumulate: Bool
    ) {
        fixed_multiply(
            rows, b.shape.width, shape.width, words(plane), (shape.width + 1) / 2, 1, scales(plane), b.words(other),
            b.shape.width, b.scales(other), c, b.shape.width, accumulate ? 1 : 0, ProductPrecision.isEmulated ? 1 : 0)
    }

    /// C = Aᵀ · B, or C += it, for this A and B, both by columns, of `rows` rows; C has B's width.
    @inline(__always)
    func multiplyTransposed(
        _ plane: Int, rows: Int, _ b: FixedPointPlanes, _ other: Int, into c: UnsafeMutablePointer<Float>,
        accumulate: Bool
    ) {
        for chunk in 0..<(rows + FixedPointPlanes.chunk - 1) / FixedPointPlanes.chunk {
            fixed_multiply(
                shape.width, b.shape.width, min(rows - chunk * FixedPointPlanes.chunk, FixedPointPlanes.chunk),
                words(plane, chunk), 1, shape.width, scales(plane, chunk), b.words(other, chunk), b.shape.width,
                b.scales(other, chunk), c, b.shape.width, accumulate || chunk > 0 ? 1 : 0,
                ProductPrecision.isEmulated ? 1 : 0)
        }
    }
}
