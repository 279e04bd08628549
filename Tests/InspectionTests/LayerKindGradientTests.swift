import Autograd
import DataPipeline
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing
import Training

/// The input's gradient through a model of every kind of layer of images and sequences.
///
/// Each operation's own gradient is checked against numerical derivatives in double precision beside it; here it is
/// that a whole model passes it on. Differences of a model's values in single precision, over a distance of 2⁻⁷, have
/// an error of about 10⁻⁷ · 2⁷ and of the third derivative: some per cent of small gradients at most.
@Suite struct LayerKindGradientTests {
    private static let images = [
        "{conv: {filters: 3, kernel: 3, padding: 1}}", "{conv: {filters: 4, kernel: 3, groups: 2}}",
        "{convTranspose: {filters: 2, kernel: 3, stride: 2}}", "{local: {filters: 2, kernel: 3}}",
        "{imageKernel: edge}", "{groupConv: {filters: 2, kernel: 3, group: p4}}", "flatten, {linear: 3}", "batchNorm",
        "layerNorm",
        "{groupNorm: 2}", "instanceNorm", "{localResponseNorm: {size: 3}}", "relu", "{leakyRelu: 0.1}", "sigmoid",
        "tanh", "softmax",
        "logSoftmax", "elu",
        "gelu", "silu", "softplus", "scaledTanh", "identity", "{averagePool: 2}", "{l2Pool: 2}", "globalAveragePool",
        "{upsample: 2}", "{dropout: 0.5}", "{factor: 3}", "flatten",
        "{residual: [{conv: {filters: 4, kernel: 3, padding: 1}}]}",
    ]
    private static let sequences = [
        "{rnn: 3}", "{lstm: 3}", "{gru: 3}", "{conv1d: {filters: 3, kernel: 3}}", "{linear: 2}", "layerNorm",
    ]

    private func network(_ layer: String, input: String) throws -> Model {
        let yaml = """
            model: {input: \(input), layers: [\(layer)]}
            data: {name: digits, limit: 20, validation: 5}
            batch: 4
            maxSteps: 1
            loss: crossEntropy
            optimizer: {name: sgd, learningRate: 0.1}
            """
        let configuration = try RunConfiguration(yaml: yaml, file: "kinds.yaml")
        let digits = try configuration.data.dataset.open(.train, path: nil, imports: [:])
        return try configuration.network(for: WeightsUsage(digits, [])).models[0]
    }

    @Test(arguments: images.map { ($0, "[6, 6, 4]") } + sequences.map { ($0, "[5, 4]") })
    func `the gradient is the slope along any direction`(_ layer: String, _ input: String) throws {
        let model = try network(layer, input: input)
        var numbers = TestNumbers(seed: 17)
        let values = FlatBuffer(count: model.layout.count)
        model.layout.initialize(values, key: RandomKey(seed: 2))
        let tape = Tape(layout: model.layout, values: values)
        let graph = try TappedGraph(model, to: [model.outputName])
        let shape = model.inputShape.batched(2)
        let x = Tensor(numbers.floats(shape.count, .away(from: [0])), shape, pool: tape.pool)
        let seed = graph.values([x], on: tape)[0].values.map { _ in numbers.float(in: -1...1) }
        let made = graph.gradients([x], on: tape) { [Tensor(seed, $0[0].shape, pool: tape.pool)] }
        let gradient = made.batch[0].values
        func value(_ distance: Float, _ direction: [Float]) -> Double {
            let moved = Tensor(zip(x.values, direction).map { $0 + distance * $1 }, shape, pool: tape.pool)
            return zip(graph.values([moved], on: tape)[0].values, seed).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        }
        let size = gradient.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        #expect(size > 0)
        for _ in 0..<4 {
            let direction = gradient.map { _ in numbers.word() & 1 == 0 ? Float(1) : -1 }
            let slope = zip(gradient, direction).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
            let difference = (value(0x1p-7, direction) - value(-0x1p-7, direction)) / 0x1p-6
            #expect(abs(slope - difference) < 0.02 * size + 1e-3, "\(layer): \(slope) and \(difference)")
        }
    }
}
