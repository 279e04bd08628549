import Foundation
import Kernels
import Testing

/// The vector functions against the C library in double precision, over their whole range.
@Suite struct TranscendentalTests {
    /// The largest |f(x) − reference(x)| / |reference(x)| over `count` points of `range`, evenly spaced.
    private func largestError(
        _ range: ClosedRange<Double>, count: Int = 400_000, _ f: (Vector) -> Vector, _ reference: (Double) -> Double
    ) -> Double {
        var largest = 0.0
        for i in stride(from: 0, to: count, by: 16) {
            var x = Vector.zero
            for lane in 0..<16 {
                x[lane] = Float(
                    range.lowerBound + (range.upperBound - range.lowerBound) * Double(i + lane) / Double(count))
            }
            let y = f(x)
            for lane in 0..<16 {
                let expected = reference(Double(x[lane]))
                if expected != 0 { largest = max(largest, abs(Double(y[lane]) - expected) / abs(expected)) }
                if y[lane].isNaN { return .infinity }
            }
        }
        return largest
    }

    // One rounding of single precision is at most 6·10⁻⁸ relative; the functions' documentation promises the bounds
    // below.

    @Test func exponentialIsExactToThreeRoundings() {
        #expect(largestError(-87.2...88.6, exponential, { exp($0) }) < 2e-7)
        #expect(largestError(-0.5...0.5, exponential, { exp($0) }) < 2e-7)
    }

    @Test func exponentialSaturatesAndKeepsNaN() {
        let x = Vector(0, -0.0, 88.6, 88.71, 1e30, .infinity, -87.31, -1e30, -.infinity, .nan, 1, -1, 0, 0, 0, 0)
        let y = exponential(x)
        #expect(y[0] == 1 && y[1] == 1)
        #expect(y[2].isFinite)
        #expect(y[3] == .infinity && y[4] == .infinity && y[5] == .infinity)
        #expect(y[6] == 0 && y[7] == 0 && y[8] == 0)
        #expect(y[9].isNaN)
        for lane in 0..<16 { #expect(exponential(x[lane]).bitPattern == y[lane].bitPattern) }
    }

    @Test func logarithmIsExactToThreeRoundings() {
        #expect(largestError(1.5...1e6, logarithm, { log($0) }) < 2e-7)
        #expect(largestError(1e-30...0.6, logarithm, { log($0) }) < 2e-7)
        // Near 1 the result is near 0, and the error is one of the distance from 1.
        for i in 0..<10_000 {
            let x = Float(0.6 + 0.9 * Double(i) / 10_000)
            #expect(abs(Double(logarithm(Vector(repeating: x))[0]) - log(Double(x))) < 1e-7)
        }
        let y = logarithm(
            Vector(0, -1, .infinity, .nan, 1, 1e-40, -.infinity, 1.175_494_4e-38, 3.4e38, 1, 1, 1, 1, 1, 1, 1))
        #expect(y[0] == -.infinity && y[1].isNaN && y[2] == .infinity && y[3].isNaN && y[4] == 0)
        #expect(y[5] == -.infinity && y[6].isNaN)
        #expect(abs(y[7] + 87.33655) < 1e-5 && abs(y[8] - 88.722_008) < 1e-5)
    }

    @Test func hyperbolicTangentIsExactToFiveRoundings() {
        #expect(largestError(-10...10, hyperbolicTangent, { Foundation.tanh($0) }) < 3e-7)
        #expect(largestError(-0.7...0.7, hyperbolicTangent, { Foundation.tanh($0) }) < 3e-7)
        #expect(largestError(1e-12...1e-3, hyperbolicTangent, { Foundation.tanh($0) }) < 3e-7)
        let y = hyperbolicTangent(Vector(0, .infinity, -.infinity, .nan, 100, -100, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
        #expect(y[0] == 0 && y[1] == 1 && y[2] == -1 && y[3].isNaN && y[4] == 1 && y[5] == -1)
    }

    @Test func logisticIsExactToFiveRoundings() {
        #expect(largestError(-87...87, logistic, { 1 / (1 + exp(-$0)) }) < 3e-7)
        let y = logistic(Vector(0, .infinity, -.infinity, .nan, 200, -200, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
        #expect(y[0] == 0.5 && y[1] == 1 && y[2] == 0 && y[3].isNaN && y[4] == 1 && y[5] == 0)
    }

    @Test func theNormalDistributionIsExactInItsTailsToo() {
        func distribution(_ x: Double) -> Double { erfc(-x / 2.0.squareRoot()) / 2 }
        func density(_ x: Double) -> Double { exp(-x * x / 2) / (2 * Double.pi).squareRoot() }
        for (range, bound) in [(-1.0...1, 5e-7), (-4...0, 6.8e-6), (-13...0, 6.8e-5), (0...20, 5e-7)] {
            #expect(largestError(range, { normalDistribution($0).cumulative }, distribution) < bound)
        }
        #expect(largestError(-1...1, { normalDistribution($0).density }, density) < 5e-7)
        #expect(largestError(-13...13, { normalDistribution($0).density }, density) < 6.8e-5)
        let y = normalDistribution(Vector(0, .infinity, -.infinity, .nan, 1e30, -1e30, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
        #expect(abs(y.cumulative[0] - 0.5) < 1e-7 && y.cumulative[1] == 1 && y.cumulative[2] == 0)
        #expect(y.cumulative[3].isNaN && y.cumulative[4] == 1 && y.cumulative[5] == 0 && y.density[1] == 0)
    }

    @Test func scalarFunctionsAreRoundedFromDouble() {
        for x in stride(from: Float(-30), to: 30, by: 0.173) {
            #expect(softplus(x) == Float(x > 0 ? Double(x) + log1p(exp(-Double(x))) : log1p(exp(Double(x)))))
        }
        #expect(softplus(1000) == 1000 && softplus(-1000) == 0)
        #expect(logarithm(Float(0)) == -.infinity && logarithm(Float(-1)).isNaN && logarithm(Float(1)) == 0)
    }
}
