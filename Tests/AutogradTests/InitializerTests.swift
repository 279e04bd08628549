import Autograd
import Foundation
import Kernels
import TensorCore
import Testing

/// Each distribution's bound, mean and variance, for filters [64, 3, 3, 32]: fan-in 288, fan-out 576.
@Suite struct InitializerTests {
    struct Expectation: Sendable, CustomStringConvertible {
        var initializer: Initializer
        var variance: Double
        /// The largest absolute value of a uniform distribution; nil for a normal one.
        var bound: Double?
        var description: String { "\(initializer)" }
    }

    private static func uniform(_ initializer: Initializer, _ bound: Double) -> Expectation {
        Expectation(initializer: initializer, variance: bound * bound / 3, bound: bound)
    }

    static let expectations = [
        uniform(.xavierUniform, (6.0 / (288 + 576)).squareRoot()), uniform(.heUniform, (6.0 / 288).squareRoot()),
        uniform(.uniformFanIn(1), 1 / 288.0.squareRoot()), uniform(.uniformFanIn(2), 2 / 288.0.squareRoot()),
        uniform(.uniformBias(fanIn: 25), 0.2),
        Expectation(initializer: .xavierNormal, variance: 2.0 / (288 + 576)),
        Expectation(initializer: .heNormal, variance: 2.0 / 288),
        Expectation(initializer: .heNormalFanOut, variance: 2.0 / 576),
        Expectation(initializer: .normalFanIn(1), variance: 1.0 / 288),
        Expectation(initializer: .normalFanIn(3), variance: 9.0 / 288),
        Expectation(initializer: .normal(0.01), variance: 1e-4),
    ]

    @Test(arguments: expectations) func hasItsBoundMeanAndVariance(_ expectation: Expectation) {
        let shape: Shape = [64, 3, 3, 32]
        let values = filled(expectation.initializer, shape).map(Double.init)
        let count = Double(values.count)
        let mean = values.reduce(0, +) / count
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
        // Five standard errors: σ/√n of the mean, at most √(2/n) σ² of the variance (a normal distribution's).
        #expect(abs(mean) < 5 * (expectation.variance / count).squareRoot())
        #expect(abs(variance / expectation.variance - 1) < 5 * (2 / count).squareRoot())
        if let bound = expectation.bound {
            let largest = values.map(abs).max() ?? 0
            #expect(largest <= bound * 1.000001 && largest > bound * 0.99)
        }
        #expect(Set(values).count > values.count * 9 / 10)
    }

    @Test func constantsAreConstant() {
        #expect(filled(.zeros, [3, 5]).allSatisfy { $0 == 0 } && filled(.ones, [3, 5]).allSatisfy { $0 == 1 })
    }

    @Test func signsAreBothAsOften() {
        let values = filled(.signs, [100, 300])
        #expect(values.allSatisfy { abs($0) == 1 })
        // Five standard errors of a share of 30 000; and of neighbours that agree.
        let share = Double(values.count { $0 == 1 }) / 30_000
        let pairs = Double(zip(values, values.dropFirst()).count { $0 == $1 }) / 29_999
        #expect(abs(share - 0.5) < 2.5 / 30_000.0.squareRoot() && abs(pairs - 0.5) < 2.5 / 30_000.0.squareRoot())
    }

    @Test(arguments: [GaborArrangement.random, .grid]) func gaborFiltersAreWavesOfManyDirections(
        _ arrangement: GaborArrangement
    ) {
        let (filters, extent, channels) = (96, 11, 3)
        let values = filled(.gabor(arrangement), [filters, extent, extent, channels]).map(Double.init)
        let size = extent * extent * channels
        var differing: Set<[Double]> = []
        var strongest: Set<Int> = []
        for filter in 0..<filters {
            let own = Array(values[filter * size..<(filter + 1) * size])
            #expect(abs(own.reduce(0, +)) < 1e-4)
            #expect(abs(own.reduce(0) { $0 + $1 * $1 } - 2) < 1e-4)
            #expect((0..<size).allSatisfy { own[$0] == own[$0 / channels * channels] })
            differing.insert(own)
            // The direction, in eighths of a half turn, in which neighbours differ most: Σ (∂g/∂u)².
            let slopes = (0..<8).map { direction -> Double in
                let (dx, dy) = (cos(.pi * Double(direction) / 8), sin(.pi * Double(direction) / 8))
                var sum = 0.0
                for row in 1..<extent - 1 {
                    for column in 1..<extent - 1 {
                        func at(_ r: Int, _ c: Int) -> Double { own[(r * extent + c) * channels] }
                        let slope =
                            dx * (at(row, column + 1) - at(row, column - 1))
                            + dy * (at(row + 1, column) - at(row - 1, column))
                        sum += slope * slope
                    }
                }
                return sum
            }
            strongest.insert(slopes.indices.max { slopes[$0] < slopes[$1] } ?? 0)
        }
        #expect(differing.count == filters)
        #expect(strongest.count == 8)
    }

    @Test func givenValuesAreTakenAsTheyAre() { #expect(filled(.values([3, 1, 2]), [3]) == [3, 1, 2]) }

    /// Rows of 288 values with a fan-in of 288, 72 and 18 have the deviation of each, and all other numbers.
    @Test func unitsOfOtherFansHaveTheirOwnScale() {
        let fans = [288, 72, 18].map { Initializer.Fans(fanIn: $0, fanOut: 3 * $0) }
        for (initializer, variance) in [(Initializer.uniformFanIn(1), 1 / 3.0), (.xavierNormal, 0.5)] {
            let values = filled(.withFans(initializer, fans), [3, 4000]).map(Double.init)
            for (row, fans) in fans.enumerated() {
                let own = values[row * 4000..<(row + 1) * 4000]
                let scaled = own.reduce(0) { $0 + $1 * $1 } / 4000 * Double(fans.fanIn)
                #expect(abs(scaled / variance - 1) < 5 * (2 / 4000.0).squareRoot(), "\(initializer), row \(row)")
            }
            #expect(Set(values).count > values.count * 9 / 10)
        }
    }

    @Test(arguments: [1, 2, 3, 5, 17]) func everyElementIsWritten(count: Int) {
        for initializer in Self.expectations.map(\.initializer) {
            #expect(filled(initializer, [count]).allSatisfy { $0.isFinite && $0 != 0 })
        }
    }

    @Test func identityHandsOnEachChannelInTheFirstFilters() {
        let shape: Shape = [7, 3, 4, 5]
        let values = filled(.identity, shape)
        let others = filled(.uniformFanIn(1), shape)
        for index in values.indices {
            let (filter, tap, channel) = (index / 60, index / 5 % 12, index % 5)
            let expected = filter >= 5 ? others[index] : tap == 4 + 2 && channel == filter ? 1 : 0
            #expect(values[index] == expected)
        }
        #expect(filled(.identity, [3, 3]) == [1, 0, 0, 0, 1, 0, 0, 0, 1])
    }

    /// What the filters make of the patches that they were found in: uncorrelated numbers of variance 1.
    @Test func whiteningMakesPatchesUncorrelated() throws {
        let shape: Shape = [9, 8, 2]
        var products = PatchProducts(patch: (2, 3), of: shape)
        let images = (0..<40).map { seed -> [Float] in
            let noise = filled(.normal(1), [shape.count + 2], seed: UInt64(seed))
            // Neighbours are alike, and one channel is much weaker.
            return (0..<shape.count).map { (noise[$0] + noise[$0 + 2]) * ($0 % 2 == 0 ? 1 : 0.1) }
        }
        for image in images { image.withUnsafeBufferPointer { if let base = $0.baseAddress { products.add(base) } } }
        let filters = try #require(PatchWhitening(epsilon: 1e-12).filters(24, products: products.mean)).map(Double.init)
        #expect(zip(filters[..<144], filters[144...]).allSatisfy { $0 == -$1 })
        var moments = [Double](repeating: 0, count: 144)
        var count = 0.0
        for image in images {
            for (y, x) in (0..<8).flatMap({ y in (0..<6).map { (y, $0) } }) {
                let patch = (0..<12).map { image[((y + $0 / 6) * 8 + x + $0 % 6 / 2) * 2 + $0 % 2] }
                let given = (0..<12).map { f in (0..<12).reduce(0) { $0 + filters[f * 12 + $1] * Double(patch[$1]) } }
                for i in 0..<144 { moments[i] += given[i / 12] * given[i % 12] }
                count += 1
            }
        }
        for i in 0..<144 { #expect(abs(moments[i] / count - (i % 13 == 0 ? 1 : 0)) < 1e-4) }
        // Components by falling variance: the strongest is shrunk most.
        let norms = (0..<12).map { f in (0..<12).reduce(0) { $0 + filters[f * 12 + $1] * filters[f * 12 + $1] } }
        #expect(norms == norms.sorted() && norms[11] > 10 * norms[0])
    }

    private func filled(_ initializer: Initializer, _ shape: Shape, seed: UInt64 = 3) -> [Float] {
        var values = [Float](repeating: .nan, count: shape.count)
        values.withUnsafeMutableBufferPointer { buffer in
            if let base = buffer.baseAddress { initializer.fill(base, shape: shape, key: RandomKey(seed: seed)) }
        }
        return values
    }
}
