import Autograd
import Collectives
import DataParallel
import Kernels
import NeuralNetwork
import TestSupport
import TensorCore
import Testing
import Training

extension ActivityTests {
    /// Batch normalisation over all grains of a step, against the network in double precision that sees the batch as
    /// one.
    @Suite("Statistics of the whole batch", .timeLimit(.minutes(2)))
    struct WholeBatchTests {
        /// Σ cross-entropy; a grain that begins with class 0 has none, but its samples count for all statistics.
        private struct ExceptSilent: Objective {
            let model: Model
            var metrics: [MetricDefinition] { [.loss] }
            var sumCount: Int { 1 }
            var fields: [String] { ["input", "target"] }
            var models: [String] { [model.name] }
            var weightPerSample: Double { 1 }

            func callAsFunction(_ context: GrainContext) -> GrainResult {
                let labels = context.batch.integers("target").values
                let output = model(context.input(model.inputs[0], of: model, from: "input"), mode: context.mode)
                if labels[0] == 0 { return GrainResult(loss: nil, weight: 0, sums: [0]) }
                let loss = CrossEntropyLoss()(output, .classes(labels))
                return GrainResult(
                    loss: loss, weight: Double(labels.count), sums: [Double(loss.value.pointer[0])])
            }
        }

        /// Samples of [4, 4, 2]; the third grain is silent, the second has none.
        private static let labels: [[Int32]] = [[2, 0, 3], [], [0, 4], [1], [3, 3, 1, 2]]
        private static let count = labels.joined().count
        /// A normalisation with max(0, y) in the same pass, one at the end of a residual block, and one of vectors.
        private static func layers(_ over: NormalizationStatistics) -> [LayerSpecification] {
            let convolution = LayerSpecification.convolution(
                .init(filters: 3, kernel: .init(3), padding: .explicit(.init(1)), bias: false))
            return [
                convolution, .batchNorm(statistics: over), .relu,
                .residual(main: [convolution, .batchNorm(statistics: over)]), .relu, .flatten, .linear(units: 6),
                .batchNorm(statistics: over), .linear(units: 5),
            ]
        }

        private let pixels: [Float]
        private let network: Network
        private let values: FlatBuffer

        init() throws {
            var numbers = TestNumbers(seed: 4)
            // Far from 0 against their deviation, as sums of plain squares would show.
            pixels = numbers.floats(Self.count * 32, .uniform(4...6))
            network = try TestSupport.network(Self.layers(.batch), input: [4, 4, 2])
            values = FlatBuffer(count: network.layout.count)
            for parameter in network.layout.parameters where parameter.isTrainable {
                let centre: Double = parameter.initializer == .ones ? 1 : 0
                for index in 0..<parameter.shape.count {
                    values.pointer[network.layout.offsets[parameter.index] + index] = numbers.float(
                        in: centre - 0.6...centre + 0.6)
                }
            }
        }

        /// The summed vector of a step in which grains hold so many samples, and its layout.
        private func step(
            _ grains: [[Int32]], threads: Int, _ network: Network
        ) throws -> (vector: [Float], layout: GrainVectorLayout) {
            let objective = ExceptSilent(model: network.models[0])
            let layout = GrainVectorLayout(
                all: network.layout, metrics: objective.zeroSums.values.count, flags: 2)
            let replica = try Replica(
                network: network, values: values, vectors: [layout], threads: threads, grainCount: grains.count,
                ranks: try Ranks { SingleProcessCommunicator() })
            let pixels = pixels
            let sums = try replica.step(
                phase: 0, objective, key: RandomKey(seed: 2), hasSamples: { !grains[$0].isEmpty }
            ) { grain, body in
                let first = grains[..<grain].joined().count
                let own = pixels[first * 32..<(first + grains[grain].count) * 32]
                try body(FieldBatch(Array(own), [4, 4, 2], .classes(grains[grain], of: 5)))
            }
            return (Array(UnsafeBufferPointer(start: sums.vector, count: layout.count)), layout)
        }

        /// The network's loss over the batch, and the values that the first statistics are taken of; `p` holds the
        /// trainable parameters in order of use.
        private func reference(_ p: [DoubleTensor]) -> (loss: DoubleTensor, first: DoubleTensor) {
            typealias R = DoubleReference
            func normalize(_ x: DoubleTensor, _ index: Int) -> DoubleTensor {
                R.batchNormalization(x, gamma: p[index], beta: p[index + 1], epsilon: 1e-5)
            }
            let x = DoubleTensor(pixels, [Self.count, 4, 4, 2])
            let first = R.convolution(x, p[0], padding: [1, 1, 1, 1])
            let stem = R.relu(normalize(first, 1))
            let block = R.relu(R.add(normalize(R.convolution(stem, p[3], padding: [1, 1, 1, 1]), 4), stem))
            let hidden = normalize(R.linear(R.flatten(block), p[6], bias: p[7]), 8)
            let logits = R.linear(hidden, p[10], bias: p[11])
            let heard = Self.labels.enumerated().flatMap { grain, labels in
                labels.indices.map { _ in Self.labels[grain].first != 0 }
            }
            let labels = Array(Self.labels.joined())
            let rows = labels.indices.filter { heard[$0] }
            let spoken = DoubleTensor(
                rows.flatMap { logits.values[$0 * 5..<($0 + 1) * 5] }, [rows.count, 5])
            return (R.crossEntropy(spoken, R.oneHot(rows.map { labels[$0] }, classes: 5)), first)
        }

        @Test func gradientsAndStatisticsAreThoseOfTheBatchAsOne() throws {
            let (vector, layout) = try step(Self.labels, threads: 2, network)
            let trainable = network.layout.parameters.filter(\.isTrainable)
            let inputs = trainable.map { parameter in
                let start = values.pointer + network.layout.offsets[parameter.index]
                return DoubleTensor((0..<parameter.shape.count).map { start[$0] }, parameter.shape.dimensions)
            }
            let expected = reference(inputs)
            let loss = vector[layout.metrics.lowerBound + MetricSums.lossSlot]
            #expect(relativeError([loss], expected.loss.values) < 1e-4)

            let numerical = NumericalGradient(of: { reference($0).loss }, at: inputs, cotangent: [1])
            let gradients = try trainable.map { parameter in
                let start = try #require(layout.offset(of: parameter.index))
                return Array(vector[start..<start + parameter.shape.count])
            }
            let largest = gradients.joined().map { abs(Double($0)) }.max() ?? 0
            for (index, gradient) in gradients.enumerated() {
                // Rounding of a mean that is 9 deviations, through three normalisations; a bias before one has no
                // gradient.
                let scale = max(gradient.map { abs(Double($0)) }.max() ?? 0, 1e-2 * largest)
                for element in (0..<min(gradient.count, 24)).map({ $0 * 7919 % gradient.count }) {
                    let derivative = numerical.derivative(input: index, element: element)
                    #expect(
                        abs(Double(gradient[element]) - derivative) < 1e-3 * scale,
                        "\(trainable[index].name), element \(element)")
                }
            }

            // The batch's mean and unbiased variance, from zeros with momentum 0.1.
            layout.updateStatistics(values, sums: vector)
            let statistics = network.layout.parameters.filter(\.isStatistic).prefix(2).map { parameter in
                (0..<3).map { values.pointer[network.layout.offsets[parameter.index] + $0] }
            }
            let rows = Double(expected.first.rows)
            let columns = (0..<3).map { c in (0..<expected.first.rows).map { expected.first.values[$0 * 3 + c] } }
            let means = columns.map { $0.reduce(0, +) / rows }
            let variances = zip(columns, means).map { column, mean in
                column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (rows - 1)
            }
            #expect(relativeError(statistics[0], means.map { 0.1 * $0 }) < 1e-6)
            #expect(relativeError(statistics[1], variances.map { 0.1 * $0 }) < 1e-4)
        }

        @Test func aBatchOfOneGrainHasTheBitsOfGrainStatistics() throws {
            let all = [Array(Self.labels.joined())]
            let other = try TestSupport.network(Self.layers(.grain), input: [4, 4, 2])
            #expect(try step(all, threads: 2, network).vector == step(all, threads: 2, other).vector)
        }

        @Test func threadsDoNotChangeTheBits() throws {
            let once = try step(Self.labels, threads: 1, network).vector
            for threads in [2, 3, 8] { #expect(try step(Self.labels, threads: threads, network).vector == once) }
        }

        @Test func aGrainThatFailsEndsTheStepAndTheNextOneWorks() throws {
            struct Unreadable: Error {}
            let objective = ExceptSilent(model: network.models[0])
            let layout = GrainVectorLayout(
                all: network.layout, metrics: objective.zeroSums.values.count, flags: 2)
            for threads in [1, 2] {
                let replica = try Replica(
                    network: network, values: values, vectors: [layout], threads: threads, grainCount: 4,
                    ranks: try Ranks { SingleProcessCommunicator() })
                let pixels = pixels
                func step(failing: Int?) throws {
                    _ = try replica.step(phase: 0, objective, key: RandomKey(seed: 2)) { grain, body in
                        if grain == failing { throw Unreadable() }
                        try body(FieldBatch(Array(pixels[0..<64]), [4, 4, 2], .classes([1, 2], of: 5)))
                    }
                }
                for failing in 0..<4 {
                    #expect(throws: Unreadable.self) { try step(failing: failing) }
                    try step(failing: nil)
                }
                let before = replica.systemAllocations
                try step(failing: nil)
                #expect(replica.systemAllocations == before)
            }
        }
    }
}
