import Autograd
import Foundation
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

/// Evaluation over views of an image, against the mean of separate evaluations of the changed images.
struct TestTimeViewTests {
    private let built: Network
    private let values: FlatBuffer
    private let images: [Float]

    init() throws {
        built = try network(
            [.convolution(.init(filters: 3, kernel: .init(3))), .relu, .flatten, .named("output", .linear(units: 4))],
            input: [5, 6, 2])
        values = FlatBuffer(count: built.layout.count)
        built.layout.initialize(values, key: RandomKey(seed: 1))
        var numbers = TestNumbers(seed: 2)
        images = numbers.floats(3 * 60)
    }

    private func batch(_ images: [Float]) -> FieldBatch { FieldBatch(images, [5, 6, 2], .classes([0, 1, 2], of: 4)) }

    private func predictions(
        _ images: [Float], views: [TestTimeView], loss: any Loss = CrossEntropyLoss()
    ) throws -> [Double] {
        let batch = batch(images)
        let objective = try SupervisedSpecification(losses: [LossTerm(loss)], views: views).make(
            ObjectiveSetup(network: built, fields: batch.fields, defaultInput: "input", defaultTarget: "target"))
        let tape = Tape(layout: built.layout, values: values)
        let context = GrainContext(batch, on: tape, mode: .evaluation, key: RandomKey(seed: 3))
        return objective.predict(context)[0].value.values.map(Double.init)
    }

    private func changed(_ distance: Int, isMirrored: Bool) -> [Float] {
        func place(_ x: Int, _ extent: Int) -> Int { x < 0 ? -x : x >= extent ? 2 * (extent - 1) - x : x }
        return images.indices.map {
            let (sample, y, x, c) = ($0 / 60, $0 / 12 % 5, $0 / 2 % 6, $0 % 2)
            let column = place((isMirrored ? 5 - x : x) - distance, 6)
            return images[sample * 60 + (place(y - distance, 5) * 6 + column) * 2 + c]
        }
    }

    private func probabilities(_ scores: [Double]) -> [Double] {
        stride(from: 0, to: scores.count, by: 4).flatMap { row in
            let powers = scores[row..<row + 4].map(exp)
            return powers.map { $0 / powers.reduce(0, +) }
        }
    }

    @Test func probabilitiesAreAveragedOverAllCombinations() throws {
        let cases: [([TestTimeView], [(Int, Bool)])] = [
            ([.flip], [(0, false), (0, true)]),
            ([.shift(pixels: 2)], [(0, false), (-2, false), (2, false)]),
            (
                [.flip, .shift(pixels: 1)],
                [(0, false), (0, true), (-1, false), (-1, true), (1, false), (1, true)]
            ),
        ]
        for (views, changes) in cases {
            let expected = try changes.map {
                probabilities(try predictions(changed($0.0, isMirrored: $0.1), views: []))
            }
            let found = probabilities(try predictions(images, views: views))
            for i in found.indices {
                let mean = expected.reduce(0) { $0 + $1[i] } / Double(changes.count)
                #expect(abs(found[i] - mean) < 1e-6)
            }
        }
    }

    @Test func whatHasNoImageOrMovesWithItIsRefused() throws {
        func refusal(_ network: Network, _ shape: Shape, _ target: HandMadeTarget) -> String {
            do {
                let batch = FieldBatch([Float](repeating: 0, count: shape.count), shape, target)
                let setup = ObjectiveSetup(
                    network: network, fields: batch.fields, defaultInput: "input", defaultTarget: "target")
                _ = try SupervisedSpecification(losses: [LossTerm(MeanSquaredErrorLoss())], views: [.flip]).make(setup)
                return "none"
            } catch { return "\(error)" }
        }
        let vectors = try network([.linear(units: 2)], input: [3])
        #expect(refusal(vectors, [3], .values([0, 0], [2])).contains("no input of images"))
        let filter = try network([.convolution(.init(filters: 1, kernel: .init(1)))], input: [2, 2, 1])
        #expect(refusal(filter, [2, 2, 1], .values([0, 0, 0, 0], [2, 2, 1])).contains("would move with it"))
    }
}
