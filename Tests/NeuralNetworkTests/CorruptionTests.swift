import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

@Suite struct CorruptionTests {
    private let key = RandomKey(seed: 7)
    private static let count = 100_001
    private let clean = (0..<CorruptionTests.count).map { Float($0 % 97 + 1) / 128 }

    private func corrupted(_ corruption: Corruption, _ values: [Float], key: RandomKey) -> [Float] {
        let pool = StoragePool()
        let tensor = Tensor(values, [values.count], pool: pool)
        let result = corruption(tensor, key: key, pool: pool)
        #expect(result.shape == tensor.shape)
        #expect(tensor.values == values, "the clean values are as they were")
        return result.values
    }

    /// Five standard deviations of the share of n events of probability p.
    private func isNear(_ share: Double, _ p: Double, of n: Int = count) -> Bool {
        abs(share - p) <= 5 * (p * (1 - p) / Double(n)).squareRoot()
    }

    private func share(_ values: [Float], where isCounted: (Int, Float) -> Bool) -> Double {
        Double(values.enumerated().count { isCounted($0, $1) }) / Double(values.count)
    }

    @Test(arguments: [0, 0.1, 0.5, 0.9, 1])
    func maskingMakesTheShareOfItsProbabilityZeroAndLeavesTheRest(probability: Double) {
        let result = corrupted(.masking(probability: probability), clean, key: key)
        #expect(zip(result, clean).allSatisfy { $0 == 0 || $0 == $1 })
        #expect(isNear(share(result) { $1 == 0 }, probability))
        // Each place of a block of four words has its share.
        for place in 0..<4 {
            let own = stride(from: place, to: result.count, by: 4).map { result[$0] }
            #expect(isNear(share(own) { $1 == 0 }, probability, of: own.count), "place \(place)")
        }
    }

    @Test(arguments: [0, 0.1, 0.5, 1])
    func saltAndPepperMakeHalfOfTheirProbabilityLowAndHalfHigh(probability: Double) {
        let result = corrupted(.saltAndPepper(probability: probability, low: -2, high: 3), clean, key: key)
        #expect(zip(result, clean).allSatisfy { [-2, 3, $1].contains($0) })
        #expect(isNear(share(result) { $1 == -2 }, probability / 2))
        #expect(isNear(share(result) { $1 == 3 }, probability / 2))
    }

    @Test func gaussianNoiseHasItsDeviationAndNoMean() {
        let result = corrupted(.gaussian(deviation: 0.5), clean, key: key)
        let noise = zip(result, clean).map { Double($0 - $1) }
        let count = Double(noise.count)
        let mean = noise.reduce(0, +) / count
        let variance = noise.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
        // Five standard deviations of a mean and of a variance of normal numbers.
        #expect(abs(mean) < 5 * 0.5 / count.squareRoot())
        #expect(abs(variance - 0.25) < 5 * 0.25 * (2 / count).squareRoot())
        #expect(isNear(Double(noise.count { abs($0) < 0.5 }) / count, 0.682_689_492))
        let neighbours = zip(noise, noise.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 } / count
        #expect(abs(neighbours) < 5 * 0.25 / count.squareRoot(), "neighbours have nothing to do with each other")
    }

    @Test(arguments: [
        Corruption.masking(probability: 0.5), .saltAndPepper(probability: 0.5), .gaussian(deviation: 1),
    ])
    func theSameKeyGivesTheSameValuesAndAnotherOthers(corruption: Corruption) {
        let first = corrupted(corruption, clean, key: key)
        #expect(corrupted(corruption, clean, key: key) == first)
        #expect(corrupted(corruption, clean, key: key.folding(1)) != first)
        // What becomes of a value depends on its place, not on how many follow it.
        for count in [0, 1, 2, 3, 5, 63] {
            #expect(corrupted(corruption, Array(clean[..<count]), key: key) == Array(first[..<count]))
        }
    }
}
