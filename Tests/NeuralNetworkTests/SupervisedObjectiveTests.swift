import Autograd
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

struct SupervisedObjectiveTests {
    /// y = W x without bias: outputs equal inputs for the identity matrix that `values` begins with.
    private let identity: Network
    private let values: FlatBuffer

    init() throws {
        identity = try network([.named("output", .linear(units: 2))], input: [2])
        values = FlatBuffer(count: identity.layout.count)
        values.pointer.update(repeating: 0, count: values.count)
        for parameter in identity.layout.parameters where parameter.name.hasSuffix("weight") {
            let weight = values.pointer + identity.layout.offsets[parameter.index]
            (weight[0], weight[3]) = (1, 1)
        }
    }

    private typealias Run = (result: GrainResult, gradients: [Float], sums: MetricSums, objective: any Objective)

    private func run(
        _ losses: [LossTerm], metrics: [any Metric]? = [], _ inputs: [Float], _ target: HandMadeTarget
    ) throws -> Run {
        let batch = FieldBatch(inputs, [2], target)
        let objective = try identity.objective(losses, metrics: metrics, fields: batch.fields)
        let tape = Tape(layout: identity.layout, values: values)
        let gradients = FlatBuffer(count: tape.wholeVector.count)
        tape.begin(gradients: gradients.pointer)
        let key = RandomKey(seed: 1)
        let result = objective(GrainContext(batch, on: tape, mode: .training(key), key: key))
        if let loss = result.loss { tape.backward(from: loss) }
        let sums = MetricSums(samples: batch.count, weight: result.weight, own: result.sums)
        #expect(result.sums.count == objective.sumCount)
        return (result, Array(UnsafeBufferPointer(start: gradients.pointer, count: gradients.count)), sums, objective)
    }

    private func run(
        _ loss: any Loss, metrics: [any Metric]? = [], _ inputs: [Float], _ target: HandMadeTarget
    ) throws -> Run {
        try run([LossTerm(loss)], metrics: metrics, inputs, target)
    }

    private func values(_ values: [Float]) -> HandMadeTarget { .values(values, [2]) }

    @Test func regressionMeasuresItsErrors() throws {
        let (_, _, sums, objective) = try run(
            MeanSquaredErrorLoss(), metrics: nil, [1, 2, 3, 6], values([0, 2, 5, 9]))
        let figures = sums.values(of: objective.metrics)
        #expect(figures.map(\.name) == ["loss", "rmse", "mae"])
        #expect(figures.map(\.value) == [3.5, 3.5.squareRoot(), 1.5])
        #expect(sums.samples == 2 && sums.weight == 2)
    }

    @Test func classesBecomeOneHotVectorsForLossesOfValues() throws {
        let byClass = try run(
            MeanSquaredErrorLoss(), metrics: [Accuracy()], [1, 2, 3, 6], .classes([1, 0], of: 2))
        let byVector = try run(MeanSquaredErrorLoss(), [1, 2, 3, 6], values([0, 1, 1, 0]))
        #expect(byClass.sums.loss == byVector.sums.loss && byClass.gradients == byVector.gradients)
        #expect(byClass.result.sums.suffix(2) == [1, 2])
    }

    @Test func theHingeLossTakesClassesForMinusOneAndOne() throws {
        let single = try network([.named("output", .linear(units: 1))], input: [1])
        let values = FlatBuffer(count: single.layout.count)
        values.pointer.update(repeating: 0, count: values.count)
        values.pointer[single.layout.offsets[single.layout.parameters[0].index]] = 1
        func figures(_ target: HandMadeTarget, metrics: [any Metric]?) throws -> [MetricValue] {
            let batch = FieldBatch([0.5, -0.5, 3, 1], [1], target)
            let objective = try single.objective(HingeLoss(margin: 2), metrics: metrics, like: batch)
            let tape = Tape(layout: single.layout, values: values)
            tape.begin(gradients: nil)
            let result = objective(GrainContext(batch, on: tape, mode: .evaluation, key: RandomKey(seed: 1)))
            return MetricSums(samples: batch.count, weight: result.weight, own: result.sums)
                .values(of: objective.metrics)
        }
        let byClass = try figures(.classes([1, 0, 1, 0], of: 2), metrics: nil)
        #expect(byClass.map(\.name) == ["loss", "accuracy"])
        #expect(byClass.map(\.value) == [(1.5 + 1.5 + 0 + 3) / 4, 0.75])
        #expect(try figures(.values([1, -1, 1, -1], [1]), metrics: []).map(\.value) == [1.5])
    }

    @Test func lossesOfDifferencesAddOverSamplesWhatTheirNamesSay() throws {
        let (inputs, target): ([Float], _) = ([1, 2, 3, 6], values([0, 2, 5, 9]))
        // Over two samples the sum of: the mean |d|, ½ Σ d² and Σ d² of differences 1, 0 and −2, −3.
        #expect(try run(AbsoluteErrorLoss(), inputs, target).sums.loss == 3)
        #expect(try run(SquareSumLoss.halfSquare, inputs, target).sums.loss == 7)
        #expect(try run(SquareSumLoss.sumSquares, inputs, target).sums.loss == 14)
        let half = try run(SquareSumLoss.halfSquare, inputs, target).gradients
        let whole = try run(SquareSumLoss.sumSquares, inputs, target).gradients
        #expect(zip(half, whole).allSatisfy { 2 * $0 == $1 } && half.contains { $0 != 0 })
    }

    @Test func theMarginLossComparesTheClassWithItsBestRival() throws {
        // 2 + 1 − 1 and 3 + 1 − 6 < 0; 2 + 4 − 1 and 3 + 4 − 6.
        #expect(try run(MaxMarginLoss(), [1, 2, 3, 6], .classes([0, 1], of: 2)).sums.loss == 2)
        #expect(try run(MaxMarginLoss(margin: 4), [1, 2, 3, 6], .classes([0, 1], of: 2)).sums.loss == 6)
    }

    @Test func severalLossesAreWeighedAndMeasuredOneByOne() throws {
        let terms = [LossTerm(CrossEntropyLoss()), LossTerm(MeanSquaredErrorLoss(), weight: 0.25)]
        let target = HandMadeTarget.classes([1, 0], of: 2)
        let first = try run(CrossEntropyLoss(), [1, 2, 3, 6], target)
        let second = try run(MeanSquaredErrorLoss(), [1, 2, 3, 6], target)
        let (_, gradients, sums, both) = try run(terms, metrics: [Accuracy()], [1, 2, 3, 6], target)
        #expect(both.metrics.map(\.name) == ["loss", "outputCrossEntropy", "outputMse", "accuracy"])
        #expect(abs(sums.loss - (first.sums.loss + 0.25 * second.sums.loss)) < 1e-6)
        #expect(both.metrics[2].value(of: sums) == second.sums.loss / 2)
        for index in gradients.indices {
            #expect(abs(gradients[index] - (first.gradients[index] + 0.25 * second.gradients[index])) < 1e-5)
        }
    }

    @Test func aLossForTrainingOnlyIsLeftOutOfEvaluation() throws {
        let terms = [
            LossTerm(CrossEntropyLoss()), LossTerm(MeanSquaredErrorLoss(), weight: 0.25, isForTrainingOnly: true),
        ]
        let batch = FieldBatch([1, 2, 3, 6], [2], .classes([1, 0], of: 2))
        let alone = try identity.objective(CrossEntropyLoss(), like: batch)
        let both = try identity.objective(terms, fields: batch.fields)
        func loss(_ objective: any Objective) -> Double {
            let tape = Tape(layout: identity.layout, values: values)
            tape.begin(gradients: nil)
            return objective(GrainContext(batch, on: tape, mode: .evaluation, key: RandomKey(seed: 1))).sums[0]
        }
        #expect(loss(both) == loss(alone))
    }

    @Test func positionsOfSequencesAreTheWeight() throws {
        let sequences = try network([.relu], input: [7, 65])
        let classes = FieldBatch(Array(repeating: 0, count: 7 * 65), [7, 65], .classes([0, 1, 2, 3, 4, 5, 6], of: 65))
        #expect(try sequences.objective(CrossEntropyLoss(), like: classes).weightPerSample == 7)
        let numbers = [Float](repeating: 0, count: 7 * 65)
        let values = FieldBatch(numbers, [7, 65], .values(numbers, [7, 65]))
        #expect(try sequences.objective(MeanSquaredErrorLoss(), like: values).weightPerSample == 1)
    }
}
