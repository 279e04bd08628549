import Foundation
import Kernels
import Testing

struct RandomPixelsTests {
    private let key = RandomKey(seed: 5)
    private let clean = (0..<1003).map { Float($0 % 97 + 1) }

    /// The numbers that a kernel writes behind `count` values of `clean`, of which one more must stay as it is.
    private func written(
        _ count: Int, _ kernel: (UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
    ) -> [Float] {
        var result = [Float](repeating: -7, count: count + 1)
        result.withUnsafeMutableBufferPointer { target in
            if let base = target.baseAddress { kernel(clean, base) }
        }
        #expect(result[count] == -7)
        return Array(result[..<count])
    }

    /// Word i mod 4 of block i / 4.
    private func word(_ index: Int) -> UInt32 { key.block(at: UInt64(index / 4))[index % 4] }

    @Test(arguments: [0, 1, 15, 16, 63, 64, 65, 200, 1003])
    func everyValueHasItsOwnWordOfTheStream(count: Int) {
        for probability in [0, 0.3, 1] {
            let limit = UInt64(probability * 0x1p32)
            let masked = written(count) { maskValues($0, into: $1, count: count, probability: probability, key: key) }
            for index in 0..<count { #expect(masked[index] == (UInt64(word(index)) < limit ? 0 : clean[index])) }
            let salted = written(count) {
                saltAndPepper($0, into: $1, count: count, probability: probability, low: -2, high: 300, key: key)
            }
            for index in 0..<count {
                let word = UInt64(word(index))
                let expected = word < UInt64(probability / 2 * 0x1p32) ? -2 : word < limit ? 300 : clean[index]
                #expect(salted[index] == expected)
            }
        }
        let uniform = written(count) { fillUniformly($1, count: count, below: 255, key: key) }
        for index in 0..<count { #expect(uniform[index] == Float(word(index) >> 9) * 0x1p-23 * 255) }
    }

    @Test(arguments: [1, 16, 31, 64, 100, 1003])
    func normalNoiseIsThatOfBoxAndMullerInDoublePrecision(count: Int) {
        let noisy = written(count) {
            addNormalNoise($0, into: $1, count: count, deviation: 10, full: nil, key: key)
        }
        for index in 0..<count {
            let (group, place) = (index / 64, index % 64)
            let words = key.block(at: UInt64(16 * group + place % 16))
            let (a, b) = place < 32 ? (words[0], words[1]) : (words[2], words[3])
            let radius = (-2 * log(1 - Double(a >> 9) * 0x1p-23)).squareRoot()
            let angle = 2 * Double.pi * Double(b >> 9) * 0x1p-23
            let expected = Double(clean[index]) + 10 * radius * (place % 32 < 16 ? cos(angle) : sin(angle))
            #expect(abs(Double(noisy[index]) - expected) < 6e-5, "\(index)")
        }
        let held = written(count) { addNormalNoise($0, into: $1, count: count, deviation: 10, full: 50, key: key) }
        for (value, free) in zip(held, noisy) { #expect(value == min(max(free, 0), 50)) }
    }

    @Test func normalNoiseHasItsDeviationAndNeighboursHaveNothingToDoWithEachOther() {
        let count = 100_000
        var noise = [Float](repeating: 0, count: count)
        let zeros = noise
        noise.withUnsafeMutableBufferPointer { target in
            if let base = target.baseAddress {
                addNormalNoise(zeros, into: base, count: count, deviation: 1, full: nil, key: key)
            }
        }
        /// The mean of what is made of a number and another one at some distance.
        func mean(_ distance: Int, _ product: (Double, Double) -> Double) -> Double {
            var sum = 0.0
            for index in 0..<count { sum += product(Double(noise[index]), Double(noise[(index + distance) % count])) }
            return sum / Double(count)
        }
        let error = 5 / Double(count).squareRoot()
        #expect(abs(mean(0) { x, _ in x }) < error)
        #expect(abs(mean(0) { x, y in x * y } - 1) < error * 2.0.squareRoot())
        #expect(abs(mean(0) { x, y in x * x * y * y } - 3) < error * 96.0.squareRoot())
        for distance in [1, 16, 32, 64] { #expect(abs(mean(distance) { x, y in x * y }) < error) }
    }

    /// Of Beta(α, α): the share below x.
    private static let distributions: [(alpha: Double, below: @Sendable (Double) -> Double)] = [
        (0.5, { 2 / .pi * asin($0.squareRoot()) }),
        (1, { $0 }),
        (2, { $0 * $0 * (3 - 2 * $0) }),
        (3, { $0 * $0 * $0 * (10 - 15 * $0 + 6 * $0 * $0) }),
    ]

    @Test(arguments: distributions.indices)
    func betaNumbersHaveTheirDistribution(index: Int) {
        let (alpha, below) = RandomPixelsTests.distributions[index]
        let count = 20_000
        let numbers = (0..<count).map { key.folding($0).symmetricBeta(alpha) }.sorted()
        // Kolmogorov and Smirnov: 1.95 / √n is passed once in a thousand times.
        var distance = 0.0
        for (index, number) in numbers.enumerated() {
            let expected = (Double(index) + 0.5) / Double(count)
            distance = max(distance, abs(below(number) - expected))
        }
        #expect(distance < 1.95 / Double(count).squareRoot())
    }

    @Test(arguments: [0.001, 0.05, 0.2, 0.7, 1.5, 30, 1000])
    func betaNumbersHaveTheirMeanAndDeviation(alpha: Double) {
        let count = 20_000
        let numbers = (0..<count).map { key.folding($0).symmetricBeta(alpha) }
        #expect(numbers.allSatisfy { $0 >= 0 && $0 <= 1 })
        let variance = 1 / (4 * (2 * alpha + 1))
        let mean = numbers.reduce(0, +) / Double(count)
        #expect(abs(mean - 0.5) < 5 * (variance / Double(count)).squareRoot())
        let found = numbers.reduce(0) { $0 + ($1 - 0.5) * ($1 - 0.5) } / Double(count)
        // The squares' own deviation is at most √2 times their mean, as of a normal distribution.
        #expect(abs(found - variance) < 5 * variance * (2 / Double(count)).squareRoot())
    }
}
