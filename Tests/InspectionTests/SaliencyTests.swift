import Autograd
import Foundation
import Inspection
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

@Suite struct SaliencyTests {
    private let model: Model
    private let tape: Tape

    init() throws {
        model = try Model(
            name: "small", input: [8, 8, 1],
            layers: [
                .named("c", .convolution(.init(filters: 3, kernel: .init(3), padding: .explicit(.init(1))))),
                .named("r", .relu), .flatten, .named("f", .linear(units: 4)),
            ])
        let values = FlatBuffer(count: model.layout.count)
        model.layout.initialize(values, key: RandomKey(seed: 4))
        tape = Tape(layout: model.layout, values: values)
    }

    private func sample(_ seed: UInt64, count: Int = 1) -> Tensor {
        var numbers = TestNumbers(seed: seed)
        return Tensor(numbers.floats(count * 64), [count, 8, 8, 1], pool: tape.pool)
    }

    @Test func `SmoothGrad without noise is the gradient, and with noise a mean of others`() throws {
        let saliency = try Saliency(model, scores: "f", on: tape)
        let x = sample(1)
        let gradient = saliency.gradient(x, classes: [2]).values
        let still = saliency.smoothGradient(x, class: 2, noise: 0, draws: 3, key: RandomKey(seed: 1))
        #expect(relativeError(still, gradient) < 1e-6)
        let noisy = saliency.smoothGradient(x, class: 2, noise: 0.5, draws: 3, key: RandomKey(seed: 1))
        #expect(relativeError(noisy, gradient) > 1e-3)
        #expect(noisy == saliency.smoothGradient(x, class: 2, noise: 0.5, draws: 3, key: RandomKey(seed: 1)))
    }

    @Test func `Grad-CAM of a mean and a linear layer is the class activation map`() throws {
        // With global average pooling αₖ is the class's weight over the number of positions (Selvaraju 2017,
        // section 3.1).
        let model = try Model(
            name: "cam", input: [6, 6, 1],
            layers: [
                .named("c", .convolution(.init(filters: 3, kernel: .init(3)))), .named("g", .globalAveragePool),
                .named("f", .linear(units: 4)),
            ])
        let values = FlatBuffer(count: model.layout.count)
        model.layout.initialize(values, key: RandomKey(seed: 6))
        let tape = Tape(layout: model.layout, values: values)
        var numbers = TestNumbers(seed: 8)
        let x = Tensor(numbers.floats(72), [2, 6, 6, 1], pool: tape.pool)
        let map = try Saliency.gradCAM(model, node: "c", scores: "f", x, classes: [1, 3], on: tape)
        let maps = try TappedGraph(model, to: ["c"]).values([x], on: tape)[0].values
        let weight = model.layout.parameters.first { $0.name == "f.weight" }!
        let start = values.pointer + model.layout.offsets[weight.index]
        var expected = [Double](repeating: 0, count: 32)
        for place in 0..<32 {
            let number = place < 16 ? 1 : 3
            for channel in 0..<3 {
                expected[place] += Double(start[number * 3 + channel]) / 16 * Double(maps[place * 3 + channel])
            }
            expected[place] = max(0, expected[place])
        }
        #expect(relativeError(map, expected) < 1e-5)
    }

    @Test func `ranks correlate as Spearman says`() {
        #expect(Saliency.rankCorrelation([1, 2, 3, 4], [10, 20, 25, 90]) == 1)
        #expect(Saliency.rankCorrelation([1, 2, 3, 4], [4, 3, 2, 1]) == -1)
        // Ties share ranks 0.5: scipy.stats.spearmanr([1, 1, 2, 3], [1, 2, 3, 4]) = 0.9486832980505138.
        #expect(abs(Saliency.rankCorrelation([1, 1, 2, 3], [1, 2, 3, 4]) - 0.9486832980505138) < 1e-12)
        #expect(Saliency.rankCorrelation([1, 1, 1], [1, 2, 3]) == 0)
    }

    @Test func `other random weights give a gradient of which ranks know nothing`() throws {
        var sum = 0.0
        for seed in 0..<20 {
            let values = FlatBuffer(count: model.layout.count)
            model.layout.initialize(values, key: RandomKey(seed: 100 + UInt64(seed)))
            let other = Tape(layout: model.layout, values: values)
            let x = sample(UInt64(seed))
            let own = try Saliency(model, scores: "f", on: tape).gradient(x, classes: [1]).values
            let random = try Saliency(model, scores: "f", on: other).gradient(x, classes: [1]).values
            sum += Saliency.rankCorrelation(own, random)
        }
        #expect(abs(sum / 20) < 0.1)
    }
}
