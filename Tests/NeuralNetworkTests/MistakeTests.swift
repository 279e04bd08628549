import Autograd
import Foundation
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

/// What an evaluation tells of samples that were taken for another class.
@Suite struct MistakeTests {
    /// Of an objective whose outputs are its inputs, in evaluation or training.
    private func mistakes(
        _ loss: any Loss, _ scores: [Float], _ labels: [Int32], classes: Int, ending layer: String = "softmax",
        isTraining: Bool = false
    ) throws -> [Mistake] {
        let network = try network([.activation(layer)], input: [scores.count / labels.count])
        let batch = FieldBatch(scores, [scores.count / labels.count], .classes(labels, of: classes))
        let objective = try network.objective(loss, like: batch)
        let tape = Tape(layout: network.layout, values: FlatBuffer(count: network.layout.count))
        tape.begin(gradients: nil)
        let key = RandomKey(seed: 1)
        return objective(
            GrainContext(batch, on: tape, mode: isTraining ? .training(key) : .evaluation, key: key)
        ).mistakes
    }

    @Test func aWrongSampleIsToldWithTheProbabilitiesOfBothClasses() throws {
        // Right, wrong, no number, wrong.
        let scores: [Float] = [2, 1, 0, 0, 5, 1, 0, .nan, 1, 1, 0, 0.5]
        let found = try mistakes(CrossEntropyLoss(), scores, [0, 2, 1, 1], classes: 3)
        #expect(found.map(\.sample) == [1, 3] && found.map(\.right) == [2, 1] && found.map(\.chosen) == [1, 0])
        #expect(found.map(\.margin) == [4, 1] && found.allSatisfy { $0.table == 0 })
        let sum = exp(0.0) + exp(5.0) + exp(1.0)
        #expect(abs((found[0].rightProbability ?? 0) - exp(1) / sum) < 1e-6)
        #expect(abs((found[0].chosenProbability ?? 0) - exp(5) / sum) < 1e-6)
    }

    @Test func aSingleScoreTellsOfTwoClasses() throws {
        let found = try mistakes(
            BinaryCrossEntropyLoss(), [0.5, -0.5, 2, -3], [1, 1, 0, 0], classes: 2, ending: "sigmoid")
        #expect(found.map(\.sample) == [1, 2] && found.map(\.chosen) == [0, 1] && found.map(\.margin) == [0.5, 2])
        #expect(abs((found[1].chosenProbability ?? 0) - 1 / (1 + exp(-2.0))) < 1e-6)
        #expect(abs((found[1].rightProbability ?? 0) + (found[1].chosenProbability ?? 0) - 1) < 1e-6)
    }

    @Test func scoresThatAreNoProbabilitiesHaveNone() throws {
        let found = try mistakes(MaxMarginLoss(), [0.5, 1, 3, -1], [0, 0], classes: 2, ending: "relu")
        #expect(found.count == 1 && found[0].margin == 0.5 && found[0].rightProbability == nil)
    }

    @Test func trainingTellsOfNone() throws {
        #expect(try mistakes(CrossEntropyLoss(), [0, 1], [0], classes: 2, isTraining: true).isEmpty)
    }

    @Test func theWorstAreKeptInWhateverOrderTheyCome() throws {
        // Equal margins among them.
        let one = try #require(try mistakes(CrossEntropyLoss(), [0, 1], [0], classes: 2).first)
        let all = (0..<60).map { index in
            var mistake = one
            (mistake.table, mistake.sample, mistake.margin) = (index % 2, index, Double(index * 37 % 20))
            return mistake
        }
        func kept(_ mistakes: [Mistake]) -> WorstMistakes {
            var worst = WorstMistakes(tables: 2)
            for mistake in mistakes { worst.add(mistake) }
            return worst
        }
        let sorted = all.filter { $0.table == 1 }.sorted { ($1.margin, $0.sample) < ($0.margin, $1.sample) }
        #expect(kept(all).mistakes[1] == Array(sorted.prefix(12)))
        #expect(kept(all.reversed()) == kept(all))
        #expect(kept(Array(all[30...]) + Array(all[..<30])) == kept(all))
    }
}

/// The first layer's weights as images.
@Suite struct ImageFilterTests {
    private func filters(
        _ layers: [LayerSpecification], input: Shape, pixels: Shape? = nil
    ) throws -> ImageFilters? {
        try network(layers, input: input).models[0].firstFilters(pixels: pixels)
    }

    @Test func aConvolutionHasItsFilters() throws {
        let layers: [LayerSpecification] = [
            .dropout(probability: 0.2), .named("edges", .convolution(Convolution(filters: 4, kernel: Size(3)))), .relu,
            .convolution(Convolution(filters: 2, kernel: Size(3))),
        ]
        for channels in [1, 3] {
            let found = try #require(try filters(layers, input: [8, 8, channels]))
            #expect(found.layer == "edges" && found.weight.name == "edges.weight")
            #expect(found.shape == [4, 3, 3, channels])
        }
        #expect(try filters(layers, input: [8, 8, 2]) == nil, "two channels are no picture")
        #expect(try filters([.relu] + layers, input: [8, 8, 1]) == nil, "what it reads is no picture any more")
        #expect(try filters([.convolution(Convolution(filters: 4, kernel: Size(1)))], input: [8, 8, 3]) == nil)
    }

    @Test func aLayerOverAllPixelsHasThemChannelByChannel() throws {
        let found = try #require(try filters([.flatten, .named("all", .linear(units: 2))], input: [1, 2, 3]))
        #expect(found.shape == [2, 1, 2, 3])
        // Weights of a unit: red of both pixels, green of both, blue of both.
        let weights: [Float] = [1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16]
        #expect(found.images(weights, units: 2) == [1, 3, 5, 2, 4, 6, 11, 13, 15, 12, 14, 16])
        #expect(found.images(weights, units: 1).count == 6)
    }

    @Test func anInputOfVectorsTakesAnImage() throws {
        let layers: [LayerSpecification] = [.linear(units: 2)]
        #expect(try filters(layers, input: [6], pixels: [2, 3, 1])?.shape == [2, 2, 3, 1])
        #expect(try filters(layers, input: [6], pixels: nil) == nil)
        #expect(try filters(layers, input: [5], pixels: [2, 3, 1]) == nil)
    }
}
