import DataPipeline
import TensorCore
import TestSupport
import Testing
import Training

@Suite struct PrincipalComponentsTests {
    private let samples: [[Int]]

    init() {
        var numbers = TestNumbers(seed: 4)
        samples = (0..<40).map { _ in (0..<6).map { _ in Int(numbers.float(in: 0...255)) } }
    }

    private func sums(of samples: [[Int]]) -> PixelProducts {
        let n = samples[0].count
        return PixelProducts(
            samples: samples.count, sums: (0..<n).map { i in Int64(samples.reduce(0) { $0 + $1[i] }) },
            products: (0..<n * n).map { index in
                Int64(samples.reduce(0) { $0 + $1[index / n] * $1[index % n] })
            })
    }

    /// The mean over the samples of the squared error, and what is reconstructed.
    private func reconstruct(
        _ samples: [[Int]], count: Int, _ preprocessing: FieldPreprocessing? = nil
    ) throws -> (error: Double, values: [Float]) {
        let components = try #require(
            PrincipalComponents(sums(of: samples), count: count, preprocessing: preprocessing))
        let x = samples.flatMap { sample in
            sample.enumerated().map { index, value in
                preprocessing.map { Float(value) * $0.scale[index % 2] + $0.shift[index % 2] } ?? Float(value)
            }
        }
        let made = components.reconstruction(
            of: Tensor(x, [samples.count, samples[0].count], pool: StoragePool()), pool: StoragePool())
        let error = zip(made.values, x).reduce(0.0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
        return (error / Double(samples.count), made.values)
    }

    @Test func allComponentsMakeASampleAgainAndFewerMakeItWorse() throws {
        let errors = try (1...6).map { try reconstruct(samples, count: $0).error }
        #expect(errors[5] < 1e-6)
        #expect(zip(errors, errors.dropFirst()).allSatisfy { $0 > $1 })
    }

    /// Points on a line need one number; the line is found.
    @Test func oneComponentIsEnoughForPointsOnALine() throws {
        let line = (0..<20).map { [10 + 3 * $0, 200 - 5 * $0, 7, 2 * $0] }
        #expect(try reconstruct(line, count: 1).error < 1e-6)
        let directions = try #require(
            PrincipalComponents(sums(of: line), count: 1, preprocessing: nil)
        ).directions
        let length = 38.0.squareRoot()  // of (3, −5, 0, 2)
        for (found, wanted) in zip(directions, [-3.0, 5, 0, -2]) { #expect(abs(found - wanted / length) < 1e-9) }
    }

    /// No linear autoencoder with as many numbers is better: here the one that keeps the first two values.
    @Test func twoComponentsAreBetterThanTwoOfTheValues() throws {
        let error = try reconstruct(samples, count: 2).error
        let means = (0..<6).map { i in Double(samples.reduce(0) { $0 + $1[i] }) / Double(samples.count) }
        let kept = samples.reduce(0.0) { sum, sample in
            sum + (2..<6).reduce(0.0) { $0 + (Double(sample[$1]) - means[$1]) * (Double(sample[$1]) - means[$1]) }
        }
        #expect(error < kept / Double(samples.count))
    }

    @Test func componentsAreThoseOfWhatAModelGets() throws {
        let preprocessing = FieldPreprocessing(field: "image", scale: [0.5, 0.01], shift: [-1, 3])
        // Channels 0 have 2500 times the variance of the others.
        let scaled = try reconstruct(samples, count: 3, preprocessing)
        let small = samples.flatMap { sample in [1, 3, 5].map { Double(sample[$0]) * 0.01 } }
        let mean = small.reduce(0, +) / Double(small.count)
        let variance = small.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(samples.count)
        #expect(scaled.error < 1.05 * variance)
        #expect(try reconstruct(samples, count: 6, preprocessing).error < 1e-6)
    }
}
