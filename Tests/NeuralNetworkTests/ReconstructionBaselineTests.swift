import Autograd
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

/// What makes samples again without a network is judged by the metrics of an autoencoder.
@Suite struct ReconstructionBaselineTests {
    private static let image = FieldDescription(
        name: "image", elementType: .float32, shape: [1, 2, 1], meaning: .pixels(scale: 1, background: 0))

    private func objective(_ metrics: [any Metric], target: String = "image") throws -> any Objective {
        let label = FieldDescription(name: "other", elementType: .float32, shape: [2], meaning: .real(names: []))
        return try SupervisedSpecification(
            losses: [
                LossTerm(BinaryCrossEntropyLoss(), target: target), LossTerm(MeanSquaredErrorLoss(), target: target),
            ],
            metrics: metrics.map { MetricTerm($0) }
        ).make(
            ObjectiveSetup(
                network: try network([.linear(units: 2)], input: [2]), fields: [Self.image, label],
                defaultInput: "image", defaultTarget: nil))
    }

    @Test func metricsOfTheFieldMeasureWhatIsMade() throws {
        let objective = try objective([SquaredError(), RootMeanSquareError(), CoefficientOfDetermination()])
        let baseline = try #require(
            objective.judging(reconstructionOf: "image") { values, pool in
                let result = Tensor(values.shape, pool: pool)
                for index in 0..<values.count { result.pointer[index] = values.pointer[index] + Float(index) }
                return result
            })
        let tape = Tape.withoutParameters()
        tape.begin(gradients: nil)
        let batch = FieldBatch(
            count: 2, sampleIDs: [0, 1],
            memory: [
                FieldMemory(
                    field: Self.image, elements: .floats(Tensor([4, 8, 6, 2], [4], pool: StoragePool()).storage))
            ])
        let result = baseline(GrainContext(batch, on: tape, mode: .evaluation, key: RandomKey(seed: 1)))
        #expect(result.sums.count == baseline.sumCount && baseline.fields == ["image"])
        let values = MetricSums(samples: 2, weight: 2, own: result.sums).values(of: baseline.metrics)
        #expect(values.map(\.name) == ["squaredError", "rmse", "r2"])
        // 0 + 1 + 4 + 9 of four values in two samples; the values' squared distances from their mean 5 are 20.
        #expect(values[0].value == 7 && values[1].value == 3.5.squareRoot())
        #expect(abs(values[2].value - (1 - 14.0 / 20)) < 1e-12)
    }

    @Test func withoutAMetricOfTheFieldThereIsNothingToJudge() throws {
        let same: Reconstruction = { values, _ in values }
        #expect(try objective([]).judging(reconstructionOf: "image", by: same) == nil)
        #expect(try objective([SquaredError()], target: "other").judging(reconstructionOf: "image", by: same) == nil)
    }
}
