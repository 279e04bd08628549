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

    /// Sums of bright pixels' products are above what 32-bit floats hold exactly.
    @Test func sumsOfBrightPixelsAreExact() throws {
        let bright = BrightDataset(count: 1000)
        let sums = try PixelProducts(scanning: bright, field: 0, indices: 0..<1000)
        for i in 0..<4 {
            for j in 0..<4 {
                let expected = (0..<1000).reduce(Int64(0)) { $0 + bright.level($1, i) * bright.level($1, j) }
                #expect(sums.products[i * 4 + j] == expected)
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

/// Odd levels near the brightest.
private struct BrightDataset: Dataset {
    let name = "bright"
    let count: Int
    let defaultInput = "image"
    let fingerprint: UInt64 = 1
    let fields = [
        FieldDescription(
            name: "image", elementType: .float32, shape: [2, 2, 1], meaning: .pixels(scale: 255, background: 0))
    ]

    func level(_ index: Int, _ position: Int) -> Int64 { 255 - 2 * Int64((index + position * position) % 3) }
    func read(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Float>) throws {
        for position in buffer.indices { buffer[position] = Float(level(index, position)) }
    }
}
