import CProducts

/// The second factor of products with few rows, in the order in which a kernel reads it: columns in panels of 32, each
/// panel row by row, so that every step of a recurrent layer reads the same memory from front to back.
///
/// The last panel has 16 columns where n is an odd multiple of 16. Where the thread rounds factors a panel has pairs of
/// bfloat16 in half the memory; it is packed and multiplied in the same scope of ``ProductPrecision/use(_:)``.

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

/// Calls `pack` for every 16 columns of B [k, n], to write their pairs of rows from `target` on, `stride` apart.
@inline(__always)
private func packPairs(
    k: Int, n: Int, into panels: UnsafeMutablePointer<Float>,
    _ pack: (_ column: Int, _ target: UnsafeMutablePointer<UInt32>, _ stride: Int) -> Void
) {
    let pairs = (k + 1) / 2
    panels.withMemoryRebound(to: UInt32.self, capacity: pairs * n) { words in
        for first in stride(from: 0, to: n, by: 32) {
            let width = min(32, n - first)
            for half in stride(from: 0, to: width, by: 16) { pack(first + half, words + first * pairs + half, width) }
        }
    }
}

/// Blocks of `units` rows of a weight [blocks · units, inputs] as columns, each block padded to `padded` of them:
/// B [inputs, blocks · padded] = Wᵀ.
package func packTransposedBlocks(
    _ w: UnsafePointer<Float>, blocks: Int, units: Int, padded: Int, inputs: Int,
    into panels: UnsafeMutablePointer<Float>
) {
    if ProductPrecision.isRounding {
        return packPairs(k: inputs, n: blocks * padded, into: panels) { column, target, stride in
            let (block, unit) = column.quotientAndRemainder(dividingBy: padded)
            bf16_pack(
                w + (block * units + unit) * inputs, inputs, 1, inputs, max(0, min(16, units - unit)), target, stride,
                ProductPrecision.isEmulated ? 1 : 0)
        }
    }
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
    if ProductPrecision.isRounding {
        let (all, own) = (padded / 2, (units + 1) / 2)
        return packPairs(k: blocks * padded, n: width, into: panels) { column, target, stride in
            for block in 0..<blocks {
                let target = target + block * all * stride
                bf16_pack(
                    w + (block * units * inputs + column), inputs, 0, units, max(0, min(16, inputs - column)), target,
                    stride, ProductPrecision.isEmulated ? 1 : 0)
                for pair in own..<all { (target + pair * stride).update(repeating: 0, count: 16) }
            }
        }
    }
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
    if ProductPrecision.isRounding {
        return panels.withMemoryRebound(to: UInt32.self, capacity: (k + 1) / 2 * n) { pairs in
            bf16_multiply_panels(
                m, n, k, a, lda, pairs, c, ldc, accumulate ? 1 : 0, ProductPrecision.isEmulated ? 1 : 0)
        }
    }
    for first in stride(from: 0, to: n, by: 32) {
        let width = min(32, n - first)
        multiplyInCache(
            m: m, n: width, k: k, a, lda: lda, panels + first * k, ldb: width, into: c + first, ldc: ldc,
            accumulate: accumulate)
    }
}
