import Kernels
import TestSupport
import Testing

@Suite struct BatchStatisticsTests {
    /// Channels far from zero with a small spread, where Σx² − (Σx)²/n would lose every digit.
    @Test(arguments: [(1, 1), (7, 17), (64, 16), (1000, 33)], [0.0, 1000, -3e4])
    func varianceDoesNotCancel(shape: (Int, Int), offset: Double) {
        let (rows, channels) = shape
        var numbers = TestNumbers(seed: 2)
        let x = (0..<rows * channels).map { _ in numbers.float(in: offset - 1...offset + 1) }
        var (mean, variance) = ([Float](repeating: .nan, count: channels), [Float](repeating: .nan, count: channels))
        batchStatistics(x, rows: rows, channels: channels, mean: &mean, variance: &variance)
        let means = (0..<channels).map { c in
            (0..<rows).reduce(0.0) { $0 + Double(x[$1 * channels + c]) } / Double(rows)
        }
        let variances = (0..<channels).map { c in
            (0..<rows).reduce(0.0) {
                $0 + (Double(x[$1 * channels + c]) - means[c]) * (Double(x[$1 * channels + c]) - means[c])
            }
                / Double(rows)
        }
        // Relative to the values, since a mean near zero has the rounding error of its terms.
        let scale = abs(offset) + 1
        #expect(zip(mean, means).allSatisfy { abs(Double($0) - $1) < 2e-7 * scale })
        if rows > 1 {
            #expect(relativeError(variance, variances) < 1e-5)
        } else {
            #expect(variance.allSatisfy { $0 == 0 })
        }
    }
}
