import Autograd
import ConfigurationReading
import Foundation
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

/// What losses and metrics make of samples that have been mixed with each other.
@Suite struct MixedTargetTests {
    private static let labels: [Int32] = [0, 2, 2, 1]
    private static let values: [Float] = [1, 2, -3, 4, 0.5, -2, 7, 1]
    /// Each is mixed with the one before it.
    private static let mixture = SampleMixture(share: 0.7, distance: 3, count: 4)

    private let network: Network
    private let memory: FlatBuffer

    init() throws {
        network = try TestSupport.network([.named("output", .linear(units: 3))], input: [2])
        memory = FlatBuffer(count: network.layout.count)
        for index in 0..<memory.count { memory.pointer[index] = Float((index * 7) % 5) / 3 - 0.6 }
    }

    private func result(_ loss: any Loss, metrics: [any Metric], _ labels: [Int32], _ mixture: SampleMixture?) throws
        -> (loss: Double, metric: Double)
    {
        let batch = FieldBatch(Self.values, [2], .classes(labels, of: 3), mixture: mixture)
        let objective = try network.objective(loss, metrics: metrics, like: batch)
        let tape = Tape(layout: network.layout, values: memory)
        tape.begin(gradients: nil)
        let key = RandomKey(seed: 1)
        let grain = objective(GrainContext(batch, on: tape, mode: .training(key), key: key))
        return (grain.sums[0], grain.sums.count > 1 ? grain.sums[1] : 0)
    }

    @Test func theLossIsThatOfBothClassesByTheirShares() throws {
        let others = (0..<4).map { Self.labels[Self.mixture.partner(of: $0)] }
        #expect(others == [1, 0, 2, 2])
        let losses: [any Loss] = [
            CrossEntropyLoss(), CrossEntropyLoss(labelSmoothing: 0.1),
            CrossEntropyLoss(labelSmoothing: 0.1, classWeights: .list([2, 1, 0.5])),
        ]
        for loss in losses {
            let mixed = try result(loss, metrics: [], Self.labels, Self.mixture).loss
            let own = try result(loss, metrics: [], Self.labels, nil).loss
            let its = try result(loss, metrics: [], others, nil).loss
            #expect(abs(mixed - (0.7 * own + 0.3 * its)) < 1e-5 * abs(mixed))
        }
        // Numbers: the squares' distance is from the mixed one-hot vectors.
        let squares = try result(MeanSquaredErrorLoss(), metrics: [], Self.labels, Self.mixture).loss
        let own = try result(MeanSquaredErrorLoss(), metrics: [], Self.labels, nil).loss
        let its = try result(MeanSquaredErrorLoss(), metrics: [], others, nil).loss
        // |o − s a − t b|² = s |o − a|² + t |o − b|² − s t |a − b|²; a and b differ in two of three places, of three
        // samples.
        #expect(abs(squares - (0.7 * own + 0.3 * its - 0.21 * 3 * 2 / 3)) < 1e-5)
    }

    @Test func metricsCountTheClassWithTheLargerShare() throws {
        let others = (0..<4).map { Self.labels[Self.mixture.partner(of: $0)] }
        let small = SampleMixture(share: 0.2, distance: 3, count: 4)
        func right(_ labels: [Int32], _ mixture: SampleMixture?) throws -> Double {
            try result(CrossEntropyLoss(), metrics: [Accuracy()], labels, mixture).metric
        }
        #expect(try right(Self.labels, Self.mixture) == right(Self.labels, nil))
        #expect(try right(Self.labels, small) == right(others, nil))
        #expect(try right(Self.labels, nil) != right(others, nil))
    }

    @Test func oneScoreOfTwoClassesIsComparedWithTheShareOfTheSecond() throws {
        let network = try TestSupport.network([.named("output", .linear(units: 1))], input: [2])
        let memory = FlatBuffer(count: network.layout.count)
        for index in 0..<memory.count { memory.pointer[index] = 0.3 }
        let batch = FieldBatch(Self.values, [2], .classes([0, 1, 1, 0], of: 2), mixture: Self.mixture)
        let objective = try network.objective(BinaryCrossEntropyLoss(), metrics: [Accuracy()], like: batch)
        let tape = Tape(layout: network.layout, values: memory)
        tape.begin(gradients: nil)
        let key = RandomKey(seed: 1)
        let grain = objective(GrainContext(batch, on: tape, mode: .training(key), key: key))
        let shares = [0, 0.7, 1, 0.3]
        var (expected, right) = (0.0, 0)
        for (row, share) in shares.enumerated() {
            let score = 0.3 * Double(Self.values[2 * row] + Self.values[2 * row + 1] + 1)
            expected += log(1 + exp(score)) - share * score
            if (score > 0) == (share > 0.5) { right += 1 }
        }
        #expect(abs(grain.sums[0] - expected) < 1e-4)
        #expect(grain.sums[1] == Double(right))
    }

    @Test func lossesOfOneClassAndWeighedSamplesAreRefused() throws {
        let input = FieldDescription(name: "input", elementType: .float32, shape: [2], meaning: .real(names: []))
        let target = FieldDescription(
            name: "target", elementType: .int32, shape: [], meaning: .classes(names: ["a", "b", "c"]))
        let count = FieldDescription(name: "count", elementType: .float32, shape: [1], meaning: .real(names: []))
        func problem(_ term: LossTerm, mixes: Bool = true) -> String? {
            do {
                _ = try SupervisedSpecification(losses: [term], metrics: []).make(
                    ObjectiveSetup(
                        network: network, fields: [input, target, count], defaultInput: "input",
                        defaultTarget: "target", mixesSamples: mixes))
                return nil
            } catch {
                return "\(error)"
            }
        }
        #expect(problem(LossTerm(MaxMarginLoss()))?.contains("make shares of two classes of target") == true)
        #expect(problem(LossTerm(MaxMarginLoss()), mixes: false) == nil)
        #expect(problem(LossTerm(CrossEntropyLoss())) == nil)
        #expect(problem(LossTerm(MeanSquaredErrorLoss())) == nil)
        let weighed = LossTerm(CrossEntropyLoss(), sampleWeights: "count")
        #expect(problem(weighed)?.contains("no weight of their own") == true)
        #expect(problem(weighed, mixes: false) == nil)
    }
}
