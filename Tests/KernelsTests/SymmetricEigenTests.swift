import Kernels
import Testing

@Suite struct SymmetricEigenTests {
    @Test func eigenvectorsRebuildTheMatrixAndAreOrthonormal() throws {
        let n = 37
        let key = RandomKey(seed: 3)
        var matrix = [Double](repeating: 0, count: n * n)
        for row in 0..<n {
            for column in 0...row {
                let value = Double(key.normals(at: UInt64(row * n + column)).0)
                matrix[row * n + column] = value
                matrix[column * n + row] = value
            }
        }
        let eigen = try #require(SymmetricEigen(matrix, count: n))
        #expect(zip(eigen.values, eigen.values.dropFirst()).allSatisfy { $0 <= $1 })
        var scaled = eigen.vectors
        for row in 0..<n { for column in 0..<n { scaled[row * n + column] *= eigen.values[row] } }
        let rebuilt = multiply(m: n, n: n, k: n, eigen.vectors, transposeA: true, scaled)
        let product = multiply(m: n, n: n, k: n, eigen.vectors, eigen.vectors, transposeB: true)
        for row in 0..<n {
            for column in 0..<n {
                #expect(abs(rebuilt[row * n + column] - matrix[row * n + column]) < 1e-12)
                #expect(abs(product[row * n + column] - (row == column ? 1 : 0)) < 1e-13)
            }
            let vector = eigen.vectors[row * n..<(row + 1) * n]
            #expect((vector.max { abs($0) < abs($1) } ?? 0) > 0)
        }
        #expect(SymmetricEigen([.nan], count: 1) == nil)
    }
}
