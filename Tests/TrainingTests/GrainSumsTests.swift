import Autograd
import Collectives
import DataParallel
import DataPipeline
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing
import Training

extension ActivityTests {
    /// Grains that count nothing, in training and evaluation.
    @Suite("GrainSums", .timeLimit(.minutes(1)))
    struct GrainSumsTests {
        /// The mean square of the output over the samples of class 1; a grain without any has no loss.
        private struct OnlyLabelled: Objective {
            let model: Model
            var metrics: [MetricDefinition] { [.loss] }
            var sumCount: Int { 1 }
            var fields: [String] { ["input", "target"] }
            var models: [String] { [model.name] }
            var weightPerSample: Double { 1 }

            func callAsFunction(_ context: GrainContext) -> GrainResult {
                let labels = context.batch.integers("target").values
                let labelled = labels.count { $0 == 1 }
                let output = model(context.input(model.inputs[0], of: model, from: "input"), mode: context.mode)
                if labelled == 0 { return GrainResult(loss: nil, weight: 0, sums: [0]) }
                let loss = MeanSquaredErrorLoss()(output, .classes(labels))
                return GrainResult(
                    loss: loss, weight: Double(labelled), sums: [Double(loss.value.pointer[0])])
            }
        }

        /// Samples [index, 1] of class 1 from 6 on.
        private struct Pairs: Dataset {
            let name = "pairs"
            let count = 10
            let fields = [
                FieldDescription(name: "input", elementType: .float32, shape: [2], meaning: .real(names: [])),
                FieldDescription(
                    name: "target", elementType: .int32, shape: [],
                    meaning: .classes(names: ["unlabelled", "labelled"])
                ),
            ]
            let defaultInput = "input"
            let fingerprint: UInt64 = 1
            let labelledFrom: Int
            func read(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Float>) {
                (buffer[0], buffer[1]) = (Float(index), 1)
            }
            func readIntegers(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Int32>) {
                buffer[0] = index >= labelledFrom ? 1 : 0
            }
        }

        private let model: Network
        private let values: FlatBuffer
        private let objective: OnlyLabelled
        private let layout: GrainVectorLayout

        init() throws {
            model = try network([.linear(units: 2), .batchNorm(), .linear(units: 2)], input: [2])
            objective = OnlyLabelled(model: model.models[0])
            layout = GrainVectorLayout(all: model.layout, metrics: objective.zeroSums.values.count, flags: 2)
            values = FlatBuffer(count: model.layout.count)
            model.layout.initialize(values, key: RandomKey(seed: 1))
        }

        private func replica(_ ranks: Ranks) throws -> Replica {
            try Replica(
                network: model, values: values, vectors: [layout], threads: 2, grainCount: 3, ranks: ranks)
        }

        private func evaluate(
            labelledFrom: Int, unless isStopped: @escaping @Sendable () -> Bool = { false }
        ) throws -> MetricSums? {
            let ranks = try Ranks { SingleProcessCommunicator() }
            return try Evaluator(
                ranks: ranks, replica: try replica(ranks), dataset: Pairs(labelledFrom: labelledFrom),
                fields: objective.fields, preprocessing: [], grain: 2, lanes: 1, key: RandomKey(seed: 1)
            ).evaluate([objective], unless: isStopped)?[0]
        }

        @Test("an evaluation in which grains count nothing is a whole one", arguments: [6, 10])
        func evaluation(labelledFrom: Int) throws {
            let sums = try #require(try evaluate(labelledFrom: labelledFrom))
            #expect(sums.samples == 10 && sums.weight == Double(10 - labelledFrom))
        }

        @Test("one that is stopped gives nothing")
        func stopped() throws { #expect(try evaluate(labelledFrom: 6, unless: { true }) == nil) }

        @Test("a step in which grains have no loss sums the others' gradients and all statistics")
        func training() throws {
            let ranks = try Ranks { SingleProcessCommunicator() }
            let replica = try replica(ranks)
            func step(_ labels: [[Int32]]) throws -> (MetricSums, [Float]) {
                let sums = try replica.step(phase: 0, objective, key: RandomKey(seed: 2)) { grain, body in
                    let inputs = labels[grain].indices.flatMap { [Float(grain), Float($0)] }
                    try body(FieldBatch(inputs, [2], .classes(labels[grain], of: 2)))
                }
                return (sums.metrics, Array(UnsafeBufferPointer(start: sums.vector, count: layout.count)))
            }
            let (sums, mixed) = try step([[0, 0], [1, 0, 1], []])
            #expect(sums.samples == 5 && sums.weight == 2)
            let (_, alone) = try step([[], [1, 0, 1], []])
            let (none, nothing) = try step([[0, 0], [], []])
            #expect(none.samples == 2 && none.weight == 0 && none.loss == 0)
            for parameter in model.layout.parameters {
                let start = try #require(layout.offset(of: parameter.index))
                let range = start..<start + parameter.shape.count
                #expect(!mixed[range].allSatisfy { $0 == 0 })
                for index in range {
                    #expect(mixed[index] == alone[index] + nothing[index])
                    if parameter.isTrainable { #expect(nothing[index] == 0) }
                }
            }
        }
    }
}
