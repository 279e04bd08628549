import DataPipeline
import Foundation
import Kernels
import TensorCore
import Testing

struct PreprocessingTests {
    @Test("channel statistics equal a direct computation in double precision")
    func statistics() throws {
        let dataset = ComputedDataset(count: 37)
        let statistics = ChannelStatistics(try ChannelSums(scanning: dataset, field: 0))
        for channel in 0..<3 {
            let values = (0..<37).flatMap { index in
                (0..<20).map { Double(dataset.value(index, 3 * $0 + channel)) / 255 }
            }
            let mean = values.reduce(0, +) / Double(values.count)
            let variance = values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(values.count)
            #expect(abs(statistics.mean[channel] - mean) < 1e-14)
            #expect(abs(statistics.standardDeviation[channel] - variance.squareRoot()) < 1e-12)
        }
    }

    @Test("sums of parts add up exactly to the sums of the whole")
    func sumsMerge() throws {
        let dataset = ComputedDataset(count: 37)
        let parts = try [0..<10, 10..<10, 10..<37].map { try ChannelSums(scanning: dataset, field: 0, indices: $0) }
        #expect(try parts[0] + parts[1] + parts[2] == ChannelSums(scanning: dataset, field: 0))
    }

    @Test("standardised samples have mean 0 and deviation 1 in each channel")
    func standardizes() throws {
        let dataset = ComputedDataset(count: 50)
        let statistics = ChannelStatistics(try ChannelSums(scanning: dataset, field: 0))
        let transform = try #require(
            try Preprocessing.standardize.applied(to: dataset.fields[0], statistics: statistics))
        var (sums, squares) = ([0.0, 0, 0], [0.0, 0, 0])
        try filled(dataset, transform) { position, value in
            sums[position % 3] += Double(value)
            squares[position % 3] += Double(value) * Double(value)
        }
        for channel in 0..<3 {
            // 1000 single-precision values of size ~1, each within 2e-7
            #expect(abs(sums[channel] / 1000) < 1e-6)
            #expect(abs(squares[channel] / 1000 - 1) < 1e-6)
        }
    }

    @Test(
        "the other choices map 0 and 255 to their ends",
        arguments: [
            (Preprocessing.none, Float(0), Float(1)), (.scaleMinusOneToOne, -1, 1), (.meanSubtraction, -0.25, 0.75),
        ])
    func ends(choice: Preprocessing, low: Float, high: Float) throws {
        let statistics = ChannelStatistics(mean: [0.25], standardDeviation: [0.1])
        let transform = try #require(
            try choice.applied(to: grey, statistics: choice.needsStatistics(of: grey) ? statistics : nil))
        #expect(transform.shift[0] == low)
        #expect(abs(255 * transform.scale[0] + transform.shift[0] - high) < 1e-6)
    }

    @Test("a constant channel is centred and not divided by zero")
    func constantChannel() throws {
        let transform = try Preprocessing.standardize.applied(
            to: grey, statistics: ChannelStatistics(mean: [0.5], standardDeviation: [0]))
        #expect(transform == FieldPreprocessing(field: "grey", scale: [1 / 255], shift: [-0.5]))
    }

    @Test("columns of real numbers are standardised one by one, exactly as a computation in double precision says")
    func realColumns() throws {
        let dataset = BatchLoaderTests.Regression()
        let statistics = try ChannelStatistics(scanningReal: 1, of: dataset)
        #expect(statistics.mean == [40, 41, 42])
        // Of 0, 10, … 80: √(Σ (10·k)² / 9) for k from −4 to 4.
        #expect(statistics.standardDeviation.allSatisfy { abs($0 - (6000.0 / 9).squareRoot()) < 1e-12 })
        let transform = try Preprocessing.standardize.applied(to: dataset.fields[1], statistics: statistics)
        #expect(transform?.scale[0] == Float(1 / (6000.0 / 9).squareRoot()) && transform?.field == "y")
        #expect(try Preprocessing.none.applied(to: dataset.fields[1], statistics: nil) == nil)
        #expect(throws: DataError.onlyForPixels(preprocessing: "scaleMinusOneToOne", field: "y")) {
            try Preprocessing.scaleMinusOneToOne.applied(to: dataset.fields[1], statistics: nil)
        }
    }

    @Test("integers have nothing to preprocess")
    func integers() throws {
        let label = ComputedDataset(count: 1).fields[1]
        #expect(!Preprocessing.standardize.needsStatistics(of: label))
        #expect(try Preprocessing.standardize.applied(to: label, statistics: nil) == nil)
    }

    @Test("the factors of a field survive being stored")
    func codable() throws {
        let factors = FieldPreprocessing(field: "image", scale: [0.1, 1 / 3], shift: [-1, 2])
        let stored = try JSONEncoder().encode(factors)
        #expect(try JSONDecoder().decode(FieldPreprocessing.self, from: stored) == factors)
    }

    private let grey = FieldDescription(
        name: "grey", elementType: .float32, shape: [2, 2, 1], meaning: .pixels(scale: 255, background: 0))

    /// Calls `body` with each position and value of all samples as the loader prepares them.
    private func filled(
        _ dataset: ComputedDataset, _ transform: FieldPreprocessing, _ body: (Int, Float) -> Void
    ) throws {
        let source = try BatchSource(
            dataset: dataset, plan: EvaluationPlan(sampleCount: dataset.count, grainSize: 8),
            preprocessing: [transform], key: RandomKey(seed: 1))
        for values in try everyBatch(source, { $0.fields.floats("image").values }) {
            for (position, value) in values.enumerated() { body(position, value) }
        }
    }
}
