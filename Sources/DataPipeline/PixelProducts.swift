import Kernels
import TensorCore

/// Exact integer sums over samples of 8-bit pixels: of each value, and of each product of two.
///
/// Sums of parts add up to the sums of the whole in any order, so ranks may scan a part each and add them.
package struct PixelProducts: Equatable, Sendable {
    /// How many samples were summed.
    package var samples: Int
    /// Σ xᵢ, x in 0…255, [n].
    package var sums: [Int64]
    /// Σ xᵢ xⱼ, [n, n].
    package var products: [Int64]

    package init(samples: Int, sums: [Int64], products: [Int64]) {
        precondition(
            products.count == sums.count * sums.count,
            "PixelProducts: \(sums.count) sums, \(products.count) products")
        self.samples = samples
        self.sums = sums
        self.products = products
    }

    /// So many samples' products stay below 2²⁴, where 32-bit floats hold every whole number, in whatever order they
    /// are added: 257 · 255² < 2²⁴.
    private static let block = 257

    /// Reads the samples `indices` of `dataset`.
    ///
    /// - Parameters:
    ///   - field: the place of a field of 8-bit pixels.
    ///   - onBlock: called every so often.
    package init(
        scanning dataset: any Dataset, field: Int, indices: Range<Int>, onBlock: () -> Void = {}
    ) throws {
        let description = dataset.fields[field]
        precondition(
            description.isOfBytes, "PixelProducts: \(description.name) of \(dataset.name) holds no 8-bit pixels")
        let n = description.shape.count
        self.init(
            samples: indices.count, sums: Array(repeating: 0, count: n), products: Array(repeating: 0, count: n * n))
        var values = [Float](repeating: 0, count: PixelProducts.block * n)
        var partial = [Float](repeating: 0, count: n * n)
        for first in stride(from: indices.lowerBound, to: indices.upperBound, by: PixelProducts.block) {
            let rows = min(PixelProducts.block, indices.upperBound - first)
            try values.withUnsafeMutableBufferPointer { values in
                for row in 0..<rows {
                    let sample = UnsafeMutableBufferPointer(rebasing: values[row * n..<(row + 1) * n])
                    try dataset.read(first + row, field: field, into: sample)
                    for index in 0..<n { sums[index] += Int64(sample[index]) }
                }
            }
            multiply(
                m: n, n: n, k: rows, values, lda: n, transposeA: true, values, ldb: n, into: &partial, ldc: n)
            for index in 0..<n * n { products[index] += Int64(partial[index]) }
            onBlock()
        }
    }
}

extension FieldDescription {
    /// Whether every sample has as many pixels, of a byte each.
    package var isOfBytes: Bool {
        guard case .pixels(let scale, _) = meaning else { return false }
        return scale == 255 && variableAxis == nil
    }
}
