import Kernels
import TestSupport
import Testing

@Suite struct LayerNormalizationTests {
    /// y and the gradients of Σ dy · y for rows [rows, columns].
    private struct Result: Equatable {
        var y, mean, inverse, dx, sum, sumNormalized: [Float]

        init(_ x: [Float], _ dy: [Float], columns: Int, gamma: [Float], beta: [Float]) {
            let rows = x.count / columns
            (y, dx) = ([Float](repeating: .nan, count: x.count), [Float](repeating: .nan, count: x.count))
            (mean, inverse) = ([Float](repeating: .nan, count: rows), [Float](repeating: .nan, count: rows))
            sum = [Float](repeating: .nan, count: columns)
            sumNormalized = sum
            gamma.withUnsafeBufferPointer { gamma in
                beta.withUnsafeBufferPointer { beta in
                    guard let gamma = gamma.baseAddress, let beta = beta.baseAddress else { return }
                    normalizeRows(
                        x, rows: rows, columns: columns, epsilon: 1e-5, affine: (gamma, beta), mean: &mean,
                        inverseDeviation: &inverse, into: &y)
                }
            }
            rowNormalizationGradient(
                x, dy, rows: rows, columns: columns, mean: mean, inverseDeviation: inverse, gamma: gamma, into: &dx,
                accumulate: false)
            rowNormalizationSums(
                x, dy, rows: rows, columns: columns, mean: mean, inverseDeviation: inverse, sum: &sum,
                sumNormalized: &sumNormalized)
        }
    }

    /// Rows far from zero with a small spread, where Σx² − (Σx)²/n would lose every digit; long ones too.
    @Test(arguments: [(1, 2), (7, 17), (3, 64), (2, 1100), (2, 5000)], [0.0, 1000, -3e4])
    func deviationDoesNotCancel(shape: (Int, Int), offset: Double) {
        let (rows, columns) = shape
        var numbers = TestNumbers(seed: 2)
        let x = (0..<rows * columns).map { _ in numbers.float(in: offset - 1...offset + 1) }
        let result = Result(
            x, x, columns: columns, gamma: [Float](repeating: 1, count: columns),
            beta: [Float](repeating: 0, count: columns))
        let means = (0..<rows).map { r in
            (0..<columns).reduce(0.0) { $0 + Double(x[r * columns + $1]) } / Double(columns)
        }
        let inverses = (0..<rows).map { r in
            let squares = (0..<columns).reduce(0.0) {
                $0 + (Double(x[r * columns + $1]) - means[r]) * (Double(x[r * columns + $1]) - means[r])
            }
            return 1 / (squares / Double(columns) + 1e-5).squareRoot()
        }
        // Relative to the values, since a mean near zero has the rounding error of its terms.
        let scale = abs(offset) + 1
        #expect(zip(result.mean, means).allSatisfy { abs(Double($0) - $1) < 2e-7 * scale })
        #expect(relativeError(result.inverse, inverses) < 1e-4)
    }

    /// A row's bits do not depend on the rows around it, so neither on the grain nor on who computes it.
    @Test(arguments: [1, 3, 16, 37, 64, 130, 1100]) func aRowDependsOnNoOther(columns: Int) {
        var numbers = TestNumbers(seed: 3)
        let rows = 5
        let (x, dy) = (numbers.floats(rows * columns), numbers.floats(rows * columns))
        let (gamma, beta) = (numbers.floats(columns), numbers.floats(columns))
        let together = Result(x, dy, columns: columns, gamma: gamma, beta: beta)
        for row in 0..<rows {
            let range = row * columns..<(row + 1) * columns
            let alone = Result(Array(x[range]), Array(dy[range]), columns: columns, gamma: gamma, beta: beta)
            #expect(alone.y == Array(together.y[range]) && alone.dx == Array(together.dx[range]))
        }
        #expect(together == Result(x, dy, columns: columns, gamma: gamma, beta: beta))
    }

    /// A row of equal numbers has no deviation; what is not finite stays in its row.
    @Test func aRowWithoutDeviationGivesTheBias() {
        let x: [Float] = [3, 3, 3, 1, .infinity, 2, 1, 2, 3]
        let result = Result(x, [1, 2, 3, 1, 2, 3, 1, 2, 3], columns: 3, gamma: [2, 2, 2], beta: [0.5, -1, 4])
        #expect(Array(result.y[0..<3]) == [0.5, -1, 4])
        #expect(result.y[3..<6].allSatisfy(\.isNaN) && result.dx[3..<6].allSatisfy(\.isNaN))
        #expect(result.y[6..<9].allSatisfy(\.isFinite) && result.dx[6..<9].allSatisfy(\.isFinite))
    }
}
