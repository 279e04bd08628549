import Autograd
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

/// Tables of classes, and means over classes.
@Suite struct ConfusionTests {
    private let matrix = ConfusionMatrix(
        output: "out", classes: ["a", "b", "c"], counts: [[3, 1, 0, 0], [2, 2, 0, 1], [0, 0, 0, 0]])

    @Test func ratesAreThoseOfRowsAndColumns() {
        #expect(matrix.total == 9 && matrix.hasUndecided)
        #expect(matrix.precision(of: 0) == 0.6 && matrix.recall(of: 0) == 0.75)
        #expect(abs(matrix.f1(of: 0) - 2 / 3.0) < 1e-12)
        // One of the second class was no number: it was missed.
        #expect(abs(matrix.precision(of: 1) - 2 / 3.0) < 1e-12 && matrix.recall(of: 1) == 0.4)
        #expect(matrix.precision(of: 2).isNaN && matrix.recall(of: 2).isNaN && matrix.f1(of: 2).isNaN)
        #expect(abs(matrix.mean(matrix.recall) - (0.75 + 0.4) / 3) < 1e-12)
    }

    /// The sums of an objective whose outputs are its inputs, over two grains.
    private func sums(
        _ metrics: [any Metric], _ scores: [[Float]], _ labels: [[Int32]], classes: Int
    ) throws -> (any Objective, MetricSums) {
        let units = scores[0].count / labels[0].count
        let network = try network([.activation("softmax")], input: [units])
        let values = FlatBuffer(count: network.layout.count)
        var total: MetricSums?
        var made: (any Objective)?
        for (inputs, own) in zip(scores, labels) {
            let batch = FieldBatch(inputs, [units], .classes(own, of: classes))
            let objective = try network.objective(CrossEntropyLoss(), metrics: metrics, like: batch)
            let tape = Tape(layout: network.layout, values: values)
            tape.begin(gradients: nil)
            let result = objective(GrainContext(batch, on: tape, mode: .evaluation, key: RandomKey(seed: 1)))
            var sum = total ?? objective.zeroEvaluationSums
            sum += MetricSums(samples: batch.count, weight: result.weight, own: result.sums)
            (total, made) = (sum, objective)
        }
        return (try #require(made), try #require(total))
    }

    @Test func anEvaluationTablesTheClassesOfAllItsGrains() throws {
        let (objective, sums) = try sums(
            [Accuracy()], [[2, 1, 0, 0, 1, 3], [0, 5, 1, .nan, 1, 1]], [[0, 2], [0, 1]], classes: 3)
        let table = try #require(objective.confusions.first)
        #expect(objective.confusions.count == 1 && table.count == 12)
        let matrix = table.matrix(of: sums)
        #expect(matrix.counts == [[1, 1, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]] && matrix.classes == ["0", "1", "2"])
        #expect(matrix.output == "0")
        // The figures that stand before the table are what they are without it.
        #expect(sums.values(of: objective.metrics)["accuracy"] == 0.5)
    }

    @Test func trainingHasNoTable() throws {
        let network = try network([.linear(units: 3)], input: [2])
        let batch = FieldBatch([1, 2], [2], .classes([1], of: 3))
        let objective = try network.objective(CrossEntropyLoss(), like: batch)
        #expect(objective.zeroSums.values.count + 12 == objective.zeroEvaluationSums.values.count)
        let many = FieldBatch([1, 2], [2], .classes([1], of: 101))
        let wide = try self.wide().objective(CrossEntropyLoss(), like: many)
        #expect(wide.confusions.isEmpty)
    }

    private func wide() throws -> Network { try network([.linear(units: 101)], input: [2]) }

    @Test func theMeanOfAllClassesRatesCountsAClassThatNeverOccursAsNothing() throws {
        let metrics: [any Metric] = ClassRate.Kind.allCases.map { ClassRate($0, isMacro: true) }
        let scores: [Float] = [2, 1, 0, 0, 1, 0, 5, 1, 0, 0, 3, 1]
        let (objective, sums) = try sums(metrics, [scores], [[0, 1, 1, 1]], classes: 3)
        let figures = sums.values(of: objective.metrics)
        #expect(figures.map(\.name) == ["loss", "macroF1", "macroPrecision", "macroRecall"])
        let table = try #require(objective.confusions.first).matrix(of: sums)
        #expect(figures["macroPrecision"] == table.mean(table.precision))
        #expect(figures["macroRecall"] == table.mean(table.recall))
        #expect(figures["macroF1"] == table.mean(table.f1))
        #expect(abs((figures["macroF1"] ?? 0) - (2 / 3.0 + 0.8) / 3) < 1e-12)
    }

    @Test func aSingleScoreHasATableOfTwoClasses() throws {
        let network = try network([.activation("sigmoid")], input: [1])
        let batch = FieldBatch([0.5, -0.5, 0.25, -3], [1], .classes([1, 1, 0, 0], of: 2))
        let objective = try network.objective(BinaryCrossEntropyLoss(), metrics: [Accuracy()], like: batch)
        let tape = Tape(layout: network.layout, values: FlatBuffer(count: network.layout.count))
        tape.begin(gradients: nil)
        let result = objective(GrainContext(batch, on: tape, mode: .evaluation, key: RandomKey(seed: 1)))
        let sums = MetricSums(samples: 4, weight: result.weight, own: result.sums)
        #expect(objective.confusions[0].matrix(of: sums).counts == [[1, 1, 0], [1, 1, 0]])
        // The sigmoid of 0.25 is above 0.5 as 0.25 is above 0.
        #expect(sums.values(of: objective.metrics)["accuracy"] == 0.5)
    }

    @Test func distributionsAreMeasuredByTheirLargestClass() throws {
        let network = try network([.linear(units: 2)], input: [2])
        let batch = FieldBatch([1, 2], [2], .values([0.25, 0.75], [2]))
        #expect(
            try network.objective(CrossEntropyLoss(), metrics: nil, like: batch).metrics.map(\.name)
                == ["loss", "accuracy"])
        #expect(
            try network.objective(CrossEntropyLoss(), metrics: [RootMeanSquareError()], like: batch).metrics.map(\.name)
                == ["loss", "rmse"])
        #expect(throws: (any Error).self) {
            try network.objective(MeanSquaredErrorLoss(), metrics: [Accuracy()], like: batch)
        }
    }
}
