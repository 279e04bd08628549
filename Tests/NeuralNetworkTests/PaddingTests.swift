import Autograd
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

/// Whatever stands behind the ends of sequences, and however much of it, changes no value, gradient or statistic.
@Suite struct PaddingTests {
    private static let lengths = [4, 7, 1, 6]

    private static let models: [(name: String, layers: [LayerSpecification])] = [
        ("linear", [.linear(units: 5), .relu, .linear(units: 3)]),
        ("layerNorm", [.linear(units: 5), .layerNorm(), .activation("sigmoid")]),
        ("batchNorm", [.linear(units: 5), .batchNorm(), .relu, .linear(units: 3)]),
        ("residual batchNorm", [.linear(units: 3), .residual(main: [.linear(units: 3), .batchNorm()]), .relu]),
        ("globalAveragePool", [.linear(units: 5), .batchNorm(), .globalAveragePool, .linear(units: 2)]),
        ("globalMaxPool", [.linear(units: 5), .globalMaxPool, .linear(units: 2)]),
        (
            "conv1d same",
            [.conv1d(filters: 4, kernel: 3, padding: .same), .relu, .conv1d(filters: 2, kernel: 3, padding: .same)]
        ),
        ("conv1d causal", [.conv1d(filters: 4, kernel: 2, padding: .causal, dilation: 2), .relu, .globalAveragePool]),
        ("rnn", [.linear(units: 4), .rnn(units: 3, layers: 2, bidirectional: true)]),
        ("lstm last", [.lstm(units: 3, bidirectional: true, returns: .last), .linear(units: 2)]),
        ("gru state", [.gru(units: 3, layers: 2, returns: .state)]),
        ("lstm, conv1d", [.lstm(units: 3), .conv1d(filters: 2, kernel: 3, padding: .same), .globalMaxPool]),
    ]

    /// Outputs where there are steps, and everything that a grain gives.
    private static func run(_ model: Model, _ values: FlatBuffer, steps: Int, garbage: Float) throws -> [[Float]] {
        let tape = Tape(layout: model.layout, values: values)
        let vector = FlatBuffer(count: tape.wholeVector.count)
        tape.begin(gradients: vector.pointer)
        var numbers = [Float](repeating: garbage, count: lengths.count * steps * 3)
        for (row, length) in lengths.enumerated() {
            for i in 0..<length * 3 { numbers[row * steps * 3 + i] = Float((row * 31 + i * 17) % 41 - 20) / 15 }
        }
        var x = tape.input(Tensor(numbers, [lengths.count, steps, 3], pool: tape.pool))
        x.lengths = SequenceLengths(lengths)
        let plan = try model.plan(outputs: [model.outputName])
        let y = packed(plan([x], mode: .training(RandomKey(seed: 3)))[0])
        tape.backward(from: sum(multiply(y, y)))
        let dx = try #require(tape.gradient(of: x)).values
        var own: [Float] = []
        for (row, length) in lengths.enumerated() {
            let start = row * steps * 3
            own += dx[start..<start + length * 3]
            let behind = dx[start + length * 3..<start + steps * 3]
            #expect(behind.allSatisfy { $0 == 0 }, "no gradient reaches padding")
        }
        return [y.value.values, own, (0..<vector.count).map { vector.pointer[$0] }]
    }

    @Test(arguments: models.map(\.name))
    func paddingChangesNothing(_ name: String) throws {
        let layers = try #require(Self.models.first { $0.name == name }).layers
        let input = ModelInput(name: "x", shape: [12, 3], varies: true)
        let model = try Network([ModelDescription(name: "m", inputs: [input], layers: layers)]).models[0]
        let values = RecurrentTwin.values(model, seed: 8)
        let reference = try Self.run(model, values, steps: 7, garbage: 0)
        #expect(reference[2].contains { $0 != 0 })
        for (steps, garbage) in [(7, Float(100)), (12, 0), (12, -3)] {
            let other = try Self.run(model, values, steps: steps, garbage: garbage)
            for (a, b) in zip(reference, other) {
                #expect(relativeError(b, a) < 2e-6, "\(steps) steps, \(garbage) behind the ends")
            }
        }
    }
}
