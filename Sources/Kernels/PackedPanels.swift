/// The second factor of products with few rows, in the order in which a kernel reads it: columns in panels of 32, each
/// panel row by row, so that every step of a recurrent layer reads the same memory from front to back.
///
/// The last panel has 16 columns where n is an odd multiple of 16.

/// How many floats the panels of a matrix [k, n] take; n is a multiple of 16.
package func panelCount(k: Int, n: Int) -> Int { k * n }

/// Packs B [k, n], whose value (row, column) is that of `source`, into panels.
///
/// - Parameter source: of the 16 values of row `row` from `column` on, a multiple of 16: where they begin, how far
///   apart they lie, and how many there are. The others are zero; nil stands for sixteen zeros.
@inline(__always)
private func pack(
    k: Int, n: Int, into panels: UnsafeMutablePointer<Float>,
    _ source: (_ row: Int, _ column: Int) -> (start: UnsafePointer<Float>, stride: Int, count: Int)?
) {
    var panel = panels
    for first in stride(from: 0, to: n, by: 32) {
        let width = min(32, n - first)
        for half in stride(from: 0, to: width, by: 16) {
            for row in 0..<k {
                let target = panel + (row * width + half)
                target.store(.zero, 0)
                guard let (start, stride, count) = source(row, first + half) else { continue }
                for i in 0..<count { target[i] = start[i * stride] }
            }
        }
        panel += k * width
    }
}

/// Blocks of `units` rows of a weight [blocks · units, inputs] as columns, each block padded to `padded` of them:
/// B [inputs, blocks · padded] = Wᵀ.
package func packTransposedBlocks(
    _ w: UnsafePointer<Float>, blocks: Int, units: Int, padded: Int, inputs: Int,
    into panels: UnsafeMutablePointer<Float>
) {
    pack(k: inputs, n: blocks * padded, into: panels) { row, column in
        let (block, unit) = column.quotientAndRemainder(dividingBy: padded)
        let count = min(16, units - unit)
        return count > 0 ? (w + ((block * units + unit) * inputs + row), inputs, count) : nil
    }
}

/// Blocks of `units` rows of a weight [blocks · units, inputs] as rows, each block padded to `padded` of them, and the
/// columns to `width`: B [blocks · padded, width] = W.
package func packBlocks(
    _ w: UnsafePointer<Float>, blocks: Int, units: Int, padded: Int, inputs: Int, width: Int,
    into panels: UnsafeMutablePointer<Float>
) {
    pack(k: blocks * padded, n: width, into: panels) { row, column in
        let (block, unit) = row.quotientAndRemainder(dividingBy: padded)
        guard unit < units, column < inputs else { return nil }
        return (w + ((block * units + unit) * inputs + column), 1, min(16, inputs - column))
    }
}

/// C = A · B, or C += A · B, for A [m, k] and the panels of B [k, n]; n is a multiple of 16.
package func multiplyPanels(
    m: Int, n: Int, k: Int, _ a: UnsafePointer<Float>, lda: Int, _ panels: UnsafePointer<Float>,
    into c: UnsafeMutablePointer<Float>, ldc: Int, accumulate: Bool
) {
    for first in stride(from: 0, to: n, by: 32) {
        let width = min(32, n - first)
        multiplyInCache(
            m: m, n: width, k: k, a, lda: lda, panels + first * k, ldb: width, into: c + first, ldc: ldc,
            accumulate: accumulate)
    }
}
