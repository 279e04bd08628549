import Kernels
import TestSupport
import Testing

/// Kernels over rows and flat memory against plain loops, at counts around a vector's sixteen lanes.
@Suite struct ElementwiseTests {
    static let counts = [0, 1, 15, 16, 17, 31, 32, 100]

    @Test(arguments: counts) func sumsProductsAndMultiples(count: Int) {
        var numbers = TestNumbers(seed: 1)
        let (a, b, c) = (numbers.floats(count), numbers.floats(count), numbers.floats(count))
        var y = c
        add(a, b, into: &y, count: count)
        #expect(y == zip(a, b).map { $0 + $1 })
        addRectified(a, b, into: &y, count: count)
        #expect(y == zip(a, b).map { max(0, $0 + $1) })
        y = c
        y.withUnsafeMutableBufferPointer { buffer in
            if let base = buffer.baseAddress { accumulate(a, into: base, count: count) }
        }
        #expect(y == zip(a, c).map { $1 + $0 })
        y = c
        product(a, b, into: &y, count: count)
        #expect(y == zip(a, b).map { $0 * $1 })
        scale(a, by: -2, into: &y, count: count)
        #expect(y == a.map { -2 * $0 })
        y = c
        scale(a, by: -2, into: &y, count: count, accumulate: true)
        #expect(relativeError(y, zip(a, c).map { Double($1) - 2 * Double($0) }) < 2e-7)
        y = c
        product(a, b, into: &y, count: count, accumulate: true)
        #expect(relativeError(y, (0..<count).map { Double(c[$0]) + Double(a[$0]) * Double(b[$0]) }) < 2e-7)
    }

    @Test(arguments: counts) func gradientOfTheRectifierPassesWhereTheOutputIsPositive(count: Int) {
        var numbers = TestNumbers(seed: 2)
        let y = numbers.floats(count).map { max(0, $0) }
        let dy = numbers.floats(count)
        var dx = [Float](repeating: 5, count: count)
        rectifyGradient(output: y, dy, into: &dx, count: count)
        #expect(dx == zip(y, dy).map { $0 > 0 ? $1 : 0 })
        rectifyGradient(output: y, dy, into: &dx, count: count, accumulate: true)
        #expect(dx == zip(y, dy).map { $0 > 0 ? $1 + $1 : 0 })
    }

    @Test(arguments: [(0, 3), (1, 1), (3, 16), (64, 17), (65, 33), (200, 5)])
    func rowsAreSummed(rows: Int, columns: Int) {
        var numbers = TestNumbers(seed: 3)
        let a = numbers.floats(rows * columns)
        let sums = (0..<columns).map { j in (0..<rows).reduce(0.0) { $0 + Double(a[$1 * columns + j]) } }
        var s = [Float](repeating: .nan, count: columns)
        sumRows(a, rows: rows, columns: columns, into: &s)
        #expect(relativeError(s, sums) < 1e-6)
        let start = numbers.floats(columns)
        s = start
        sumRows(a, rows: rows, columns: columns, into: &s, accumulate: true)
        #expect(relativeError(s, zip(sums, start).map { $0 + Double($1) }) < 1e-6)
    }

    @Test(arguments: [1, 15, 16, 17, 40]) func biasIsAddedToEveryRow(columns: Int) {
        var numbers = TestNumbers(seed: 4)
        let (x, bias) = (numbers.floats(3 * columns), numbers.floats(columns))
        let sum = x.indices.map { x[$0] + bias[$0 % columns] }
        var y = x
        addBias(bias, to: &y, rows: 3, columns: columns)
        #expect(y == sum)
        y = x
        addBias(bias, to: &y, rows: 3, columns: columns, rectify: true)
        #expect(y == sum.map { max(0, $0) })
    }

    @Test(arguments: [0, 1, 31, 32, 33, 1000]) func sumOfSquaresIsThatOfDoublePrecision(count: Int) {
        var numbers = TestNumbers(seed: 5)
        let x = numbers.floats(count).map { $0 * 1e20 }  // a square overflows single precision
        let expected = x.reduce(0.0) { $0 + Double($1) * Double($1) }
        #expect(abs(sumOfSquares(x, count: count) - expected) <= 1e-13 * expected)
    }

    @Test(arguments: [1, 5, 8, 16, 37]) func rectifyingInPlaceKeepsNaN(count: Int) {
        var y = TestNumbers.sample(count)
        y[count - 1] = .nan
        let expected = y.map { $0 < 0 ? 0 : $0 }
        rectify(&y, count: count)
        #expect(zip(y, expected).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) })
    }

    @Test(arguments: [0, 1, 15, 16, 4094, 4095, 4096, 4113, 9999], [Float.nan, .infinity, -.infinity])
    func firstNonFiniteElementIsFound(place: Int, value: Float) {
        var x = TestNumbers.sample(10_000)
        #expect(firstNonFinite(x, count: x.count) == nil)
        x[place] = value
        #expect(firstNonFinite(x, count: x.count) == place)
        x[9999] = .nan
        #expect(firstNonFinite(x, count: x.count) == place)
        #expect(firstNonFinite(x, count: place) == nil)
        #expect(!sumOfSquares(x, count: x.count).isFinite)
    }

    @Test func hugeFiniteNumbersAreFinite() {
        let x = [Float](repeating: .greatestFiniteMagnitude, count: 100)
        #expect(firstNonFinite(x, count: 100) == nil)
    }

    @Test func rectifiersKeepNaN() {
        for count in [5, 16, 21] {
            let x = [Float](repeating: .nan, count: count)
            let zeros = [Float](repeating: 0, count: count)
            var y = zeros
            addRectified(x, zeros, into: &y, count: count)
            #expect(y.allSatisfy { $0.isNaN })
            y = x
            addBias(zeros, to: &y, rows: 1, columns: count, rectify: true)
            #expect(y.allSatisfy { $0.isNaN })
        }
    }

    @Test(arguments: [(1, 1, 1), (3, 5, 7), (17, 16, 4), (2, 3, 0), (0, 3, 2), (33, 19, 21)])
    func matrixProductsInEveryArrangement(m: Int, n: Int, k: Int) {
        var numbers = TestNumbers(seed: 6)
        let (a, b, start) = (numbers.floats(m * k), numbers.floats(k * n), numbers.floats(m * n))
        for (transposeA, transposeB, accumulates) in [
            (false, false, false), (true, false, false), (false, true, true), (true, true, true),
        ] {
            let expected = (0..<m * n).map { index -> Double in
                let (i, j) = (index / n, index % n)
                return (0..<k).reduce(accumulates ? Double(start[index]) : 0) { sum, l in
                    sum + Double(a[transposeA ? l * m + i : i * k + l]) * Double(b[transposeB ? j * k + l : l * n + j])
                }
            }
            var c = start
            multiply(
                m: m, n: n, k: k, a, lda: max(transposeA ? m : k, 1), transposeA: transposeA, b,
                ldb: max(transposeB ? k : n, 1),
                transposeB: transposeB, into: &c, ldc: max(n, 1), accumulate: accumulates)
            #expect(relativeError(c, expected) < 2e-6)
        }
    }
}

extension TestNumbers {
    /// `count` values in −2…2.
    static func sample(_ count: Int) -> [Float] {
        var numbers = TestNumbers(seed: 8)
        return numbers.floats(count)
    }
}
