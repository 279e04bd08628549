import DataPipeline
import TensorCore
import Testing

@Suite struct PixelProductsTests {
    /// 5 more samples than two blocks of 257.
    private let dataset = ComputedDataset(count: 519, imageShape: [2, 3, 1])

    @Test func sumsAreThoseOfWholeNumbers() throws {
        let sums = try PixelProducts(scanning: dataset, field: 0, indices: 0..<519)
        for i in 0..<6 {
            #expect(sums.sums[i] == (0..<519).reduce(0) { $0 + Int64(dataset.value($1, i)) })
            for j in 0..<6 {
                #expect(
                    sums.products[i * 6 + j]
                        == (0..<519).reduce(0) { $0 + Int64(dataset.value($1, i)) * Int64(dataset.value($1, j)) })
            }
        }
    }

    @Test func partsAddUpToTheWhole() throws {
        let whole = try PixelProducts(scanning: dataset, field: 0, indices: 0..<519)
        let parts = try [0..<100, 100..<100, 100..<519].map {
            try PixelProducts(scanning: dataset, field: 0, indices: $0)
        }
        #expect(parts.reduce(0) { $0 + $1.samples } == whole.samples)
        #expect(whole.sums.indices.allSatisfy { index in parts.reduce(0) { $0 + $1.sums[index] } == whole.sums[index] })
        #expect(
            whole.products.indices.allSatisfy { index in
                parts.reduce(0) { $0 + $1.products[index] } == whole.products[index]
            })
    }
}
