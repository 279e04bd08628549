import Kernels
import Testing

/// Values that units of Boltzmann machines draw.
@Suite struct BoltzmannUnitsTests {
    @Test(arguments: [1, 15, 16, 63, 64, 65, 1000])
    func binaryValuesAreAFunctionOfKeyAndPlaceAndHaveTheirChances(count: Int) {
        let p = (0..<count).map { Float($0 % 5) / 4 }
        var ones = Array(repeating: 0.0, count: 5)
        let trials = 4000
        for seed in 0..<trials {
            var y = Array(repeating: Float.nan, count: count + 1)
            sampleBinary(p, into: &y, count: count, key: RandomKey(seed: UInt64(seed)))
            #expect(y[count].isNaN)
            for i in 0..<count { ones[i % 5] += Double(y[i]) }
            if seed == 0 {
                var prefix = Array(repeating: Float.nan, count: count)
                sampleBinary(p, into: &prefix, count: count, key: RandomKey(seed: 0))
                #expect(Array(y[..<count]) == prefix)
            }
        }
        for (place, sum) in ones.enumerated() where place < count {
            let (number, p) = (Double(trials * ((count - place + 4) / 5)), Double(place) / 4)
            // Five standard errors; 0 and 1 are certain.
            #expect(abs(sum / number - p) <= 5 * (p * (1 - p) / number).squareRoot(), "\(place)")
        }
    }

    @Test func differentPlacesDrawByThemselves() {
        let p = Array(repeating: Float(0.5), count: 256)
        var sums = Array(repeating: 0.0, count: 256)
        var (near, far) = (sums, sums)
        for seed in 0..<2000 {
            var y = p
            sampleBinary(p, into: &y, count: 256, key: RandomKey(seed: UInt64(seed)))
            for i in 0..<256 {
                sums[i] += Double(y[i])
                near[i] += Double(y[i] * y[(i + 16) % 256])
                far[i] += Double(y[i] * y[(i + 64) % 256])
            }
        }
        #expect(sums.allSatisfy { abs($0 / 2000 - 0.5) < 0.06 })
        for products in [near, far] { #expect(products.allSatisfy { abs($0 / 2000 - 0.25) < 0.06 }) }
    }

    @Test(arguments: [1, 2, 7])
    func normalValuesLieAroundTheirMeans(count: Int) {
        let x = (0..<count).map { Float($0) - 2 }
        var (sum, squares) = (Array(repeating: 0.0, count: count), Array(repeating: 0.0, count: count))
        for seed in 0..<4000 {
            var y = x
            sampleNormal(around: x, into: &y, count: count, key: RandomKey(seed: UInt64(seed)))
            for i in 0..<count {
                sum[i] += Double(y[i] - x[i])
                squares[i] += Double((y[i] - x[i]) * (y[i] - x[i]))
            }
        }
        // Five standard errors of 4,000 numbers: 0.08 of the mean, 0.112 of the variance.
        #expect(sum.allSatisfy { abs($0 / 4000) < 0.08 } && squares.allSatisfy { abs($0 / 4000 - 1) < 0.112 })
    }
}
