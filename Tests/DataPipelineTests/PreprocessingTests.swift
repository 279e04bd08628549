import DataPipeline
import Kernels
import TensorCore
import Testing

struct PreprocessingTests {
    @Test("channel statistics equal a direct computation in double precision")
    func statistics() throws {
        let dataset = ComputedDataset(count: 37)
        let statistics = ChannelStatistics(try ChannelSums(scanning: dataset))
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
        let parts = try [0..<10, 10..<10, 10..<37].map { try ChannelSums(scanning: dataset, indices: $0) }
        #expect(try parts[0] + parts[1] + parts[2] == ChannelSums(scanning: dataset))
    }

    @Test("standardised samples have mean 0 and deviation 1 in each channel")
    func standardizes() throws {
        let dataset = ComputedDataset(count: 50)
        let transform = Preprocessing.standardize.transform(
            statistics: ChannelStatistics(try ChannelSums(scanning: dataset)), channels: 3, valueScale: 255)
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
    func ends(choice: Preprocessing, low: Float, high: Float) {
        let statistics = ChannelStatistics(mean: [0.25], standardDeviation: [0.1])
        let transform = choice.transform(
            statistics: choice.needsStatistics ? statistics : nil, channels: 1, valueScale: 255)
        #expect(transform.shift[0] == low)
        #expect(abs(255 * transform.scale[0] + transform.shift[0] - high) < 1e-6)
    }

    @Test("a constant channel is centred and not divided by zero")
    func constantChannel() {
        let transform = Preprocessing.standardize.transform(
            statistics: ChannelStatistics(mean: [0.5], standardDeviation: [0]), channels: 1, valueScale: 255)
        #expect(transform == ChannelTransform(scale: [1 / 255], shift: [-0.5]))
    }

    /// Calls `body` with each position and value of all samples as the loader prepares them.
    private func filled(_ dataset: ComputedDataset, _ transform: ChannelTransform, _ body: (Int, Float) -> Void) throws
    {
        let plan = EvaluationPlan(sampleCount: dataset.count, grainSize: 8)
        let loader = try BatchLoader(
            dataset: dataset, plan: plan, preprocessing: transform, key: RandomKey(seed: 1),
            grains: 0..<plan.grainsPerStep,
            steps: 0..<1, depth: 1, threads: 0)
        for grain in 0..<plan.grainsPerStep {
            try loader.withBatch(step: 0, grain: grain) {
                for (position, value) in $0.inputs.values.enumerated() { body(position, value) }
            }
        }
    }
}
