import Autograd
import ConfigurationReading
import Foundation
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

/// Class weights and sample weights against PyTorch's formulas in double precision.
@Suite struct WeightedLossTests {
    private static let logits: [Float] = [1, -0.5, 0.25, 0, 2, -1, 0.5, 0.5, -2, 1.5, -0.25, 0.75]
    private static let labels: [Int32] = [0, 2, 1, 2]
    private static let classWeights = [0.5, 2, 1.25]
    private static let samples: [Float] = [1, 0, 3, 0.5]

    private func input(_ target: Target, weights: [Float]? = nil, on tape: Tape) -> LossInput {
        tape.begin(gradients: nil)
        let output = tape.input(Tensor(Self.logits, [4, 3], pool: tape.pool))
        return LossInput(output, target, weights: weights.map { Tensor($0, [4], pool: tape.pool) })
    }

    /// The resolved loss of a configuration's class weights.
    private func loss(smoothing: Float = 0) -> any Loss {
        CrossEntropyLoss(labelSmoothing: smoothing, classWeights: .list(Self.classWeights)).weighing(
            Self.classWeights.map { Float($0) })
    }

    private func logSoftmax(_ row: Int) -> [Double] {
        let x = Self.logits[3 * row..<3 * row + 3].map(Double.init)
        let sum = log(x.reduce(0) { $0 + exp($1) })
        return x.map { $0 - sum }
    }

    /// PyTorch's `CrossEntropyLoss(weight=w, label_smoothing=ε)` of class indices:
    /// Σₙ sₙ ((1 − ε) w_y ℓ_y + ε/K Σₖ wₖ ℓₖ) over Σₙ sₙ w_y, with a factor s of our own for samples.
    private func expected(smoothing: Double, samples: [Double]) -> (sum: Double, weight: Double) {
        var (sum, weight) = (0.0, 0.0)
        for (row, label) in Self.labels.enumerated() {
            let losses = logSoftmax(row).map { -$0 }
            let own = Self.classWeights[Int(label)]
            let spread = zip(Self.classWeights, losses).reduce(0) { $0 + $1.0 * $1.1 } / 3
            sum += samples[row] * ((1 - smoothing) * own * losses[Int(label)] + smoothing * spread)
            weight += samples[row] * own
        }
        return (sum, weight)
    }

    @Test(arguments: [0, 0.1], [false, true])
    func classAndSampleWeightsAreThoseOfPyTorch(smoothing: Double, weighsSamples: Bool) throws {
        let tape = Tape.withoutParameters()
        let loss = loss(smoothing: Float(smoothing))
        let input = input(.classes(Self.labels), weights: weighsSamples ? Self.samples : nil, on: tape)
        let expected = expected(
            smoothing: smoothing, samples: weighsSamples ? Self.samples.map(Double.init) : [1, 1, 1, 1])
        #expect(abs(Double(loss(input).value.pointer[0]) - expected.sum) < 1e-5)
        #expect(abs(loss.weight(input) - expected.weight) < 1e-6)
    }

    /// `torch.nn.functional.cross_entropy(x, y, weight=w, label_smoothing=ε)` of PyTorch 2.15 on these numbers.
    @Test(arguments: [(0, 1.450_715_3), (0.1, 1.462_217_8)]) func meansArePyTorchs(smoothing: Double, mean: Double) {
        let loss = loss(smoothing: Float(smoothing))
        let tape = Tape.withoutParameters()
        let input = input(.classes(Self.labels), on: tape)
        #expect(abs(Double(loss(input).value.pointer[0]) / loss.weight(input) - mean) < 1e-6)
    }

    @Test func distributionsAreWeighedByClassAndDividedByTheirNumber() throws {
        let tape = Tape.withoutParameters()
        let shares: [Float] = [0.2, 0.3, 0.5, 1, 0, 0, 0, 0.5, 0.5, 0.25, 0.25, 0.5]
        let loss = loss()
        let input = input(.values(Tensor(shares, [4, 3], pool: tape.pool)), on: tape)
        let expected = (0..<12).reduce(0.0) { sum, index in
            sum - Self.classWeights[index % 3] * Double(shares[index]) * logSoftmax(index / 3)[index % 3]
        }
        #expect(abs(Double(loss(input).value.pointer[0]) - expected) < 1e-5)
        #expect(loss.weight(input) == 4)
    }

    @Test func weightsOfSamplesHoldForAllTheirPositions() {
        let tape = Tape.withoutParameters()
        tape.begin(gradients: nil)
        let values = [Float](repeating: 0, count: 2 * 3 * 2)
        let output = tape.constant(Tensor(values, [2, 3, 2], pool: tape.pool))
        let weights = Tensor([2, 0.5], [2], pool: tape.pool)
        let input = LossInput(output, .classes([0, 1, 0, 1, 0, 1]), weights: weights)
        #expect(abs(CrossEntropyLoss()(input).value.pointer[0] - 7.5 * log(Float(2))) < 1e-5)
        #expect(CrossEntropyLoss().weight(input) == 7.5)
        #expect(MaxMarginLoss()(input).value.pointer[0] == 7.5)
        let numbers = LossInput(output, .values(output.value), weights: weights)
        #expect(MeanSquaredErrorLoss().weight(numbers) == 2.5)
    }

    // MARK: - In an objective

    private static let names = ["a", "b", "c"]
    private static let field = FieldDescription(
        name: "target", elementType: .int32, shape: [], meaning: .classes(names: names))

    private func objective(
        _ losses: [LossTerm], classCounts: [String: [Int]] = [:]
    ) throws -> any Objective {
        let network = try network([.named("output", .linear(units: 3))], input: [2])
        let input = FieldDescription(name: "input", elementType: .float32, shape: [2], meaning: .real(names: []))
        return try SupervisedSpecification(losses: losses, metrics: []).make(
            ObjectiveSetup(
                network: network, fields: [input, Self.field], defaultInput: "input", defaultTarget: "target",
                classCounts: classCounts))
    }

    private func weight(_ objective: any Objective) throws -> Double {
        let network = try network([.named("output", .linear(units: 3))], input: [2])
        let tape = Tape(layout: network.layout, values: FlatBuffer(count: network.layout.count))
        tape.begin(gradients: nil)
        let batch = FieldBatch([1, 2, 3, 4, 5, 6], [2], .classes([0, 0, 2], of: 3))
        return objective(GrainContext(batch, on: tape, mode: .evaluation, key: RandomKey(seed: 1))).weight
    }

    @Test func theWeightIsTheSumOfClassWeightsUnlessSeveralLossesWeighDifferently() throws {
        let weighted = LossTerm(CrossEntropyLoss(classWeights: .list([2, 1, 0.5])))
        #expect(try weight(objective([weighted])) == 4.5)
        #expect(try weight(objective([weighted, LossTerm(MeanSquaredErrorLoss())])) == 3)
        let margin = LossTerm(MaxMarginLoss())
        #expect(try weight(objective([margin, weighted])) == 3)
    }

    @Test func balancedClassesCountAlikeAndNamedOnesByName() throws {
        // N / (K nₖ) of 10 samples.
        let balanced = LossTerm(CrossEntropyLoss(classWeights: .balanced))
        let counted = try weight(objective([balanced], classCounts: ["target": [5, 3, 2]]))
        #expect(abs(counted - (2 * 10.0 / 15 + 10.0 / 6)) < 1e-6)
        // A class without samples has no weight.
        #expect(try weight(objective([balanced], classCounts: ["target": [2, 1, 0]])) == 1)
        let named = LossTerm(CrossEntropyLoss(classWeights: .named([PlacedName("c"): 7])))
        #expect(try weight(objective([named])) == 9)
    }

    @Test func weightsThatAreNoneOfTheClassesAreRefused() {
        func problem(_ weights: ClassWeights) -> String? {
            CrossEntropyLoss(classWeights: weights).problem(output: [3], target: Self.field)
        }
        #expect(problem(.list([1, 2, 3])) == nil && problem(.balanced) == nil)
        #expect(
            problem(.list([1, 2]))
                == "classWeights has 2 numbers, and target has 3 classes; give a number for each")
        #expect(problem(.list([0, 0, 0]))?.contains("nothing counts") == true)
        #expect(
            problem(.named([PlacedName("d"): 1]))
                == "classWeights names 'd' (did you mean 'a'?), and the classes of target are a, b, c; name these")
        #expect(throws: ConfigurationError.self) {
            try objective([LossTerm(CrossEntropyLoss(), sampleWeights: "target")])
        }
    }
}
