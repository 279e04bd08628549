import Kernels
import TestSupport
import Testing

@Suite("multiplyVector")
struct MatrixVectorTests {
    @Test(
        "values are those of double precision, and nothing else is written",
        arguments: [0, 1, 2, 3, 4, 5, 8, 11, 65], [0, 1, 15, 16, 17, 33, 256])
    func values(rows: Int, columns: Int) {
        func numbers(_ count: Int, _ seed: UInt64) -> [Float] {
            let key = RandomKey(seed: seed)
            return (0..<count).map { key.uniform(at: UInt64($0)) - 0.5 }
        }
        let (a, x) = (numbers(rows * columns, 1), numbers(columns, 2))
        let expected = (0..<rows).map { row in
            (0..<columns).reduce(0.0) { $0 + Double(a[row * columns + $1]) * Double(x[$1]) }
        }
        var y = [Float](repeating: 7, count: rows + 1)
        multiplyVector(rows: rows, columns: columns, a, x, into: &y)
        for row in 0..<rows { #expect(abs(Double(y[row]) - expected[row]) < 1e-5, "row \(row)") }
        multiplyVector(rows: rows, columns: columns, a, x, into: &y, accumulate: true)
        for row in 0..<rows { #expect(abs(Double(y[row]) - 2 * expected[row]) < 2e-5, "row \(row)") }
        #expect(y[rows] == 7)
    }

    @Test("a row's value does not depend on the rows beside it")
    func independence() {
        let columns = 37
        let a = (0..<9 * columns).map { Float($0 % 23) * 0.37 - 4 }
        let x = (0..<columns).map { Float($0 % 7) * 0.11 - 0.3 }
        var together = [Float](repeating: 0, count: 9)
        multiplyVector(rows: 9, columns: columns, a, x, into: &together)
        for row in 0..<9 {
            var alone: [Float] = [0]
            multiplyVector(rows: 1, columns: columns, Array(a[row * columns..<(row + 1) * columns]), x, into: &alone)
            #expect(alone[0] == together[row])
        }
    }
}
