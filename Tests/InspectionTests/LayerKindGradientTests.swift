import Autograd
import DataPipeline
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing
import Training

/// The gradient with respect to a model's input, through every kind of layer of the catalogue.
///
/// Each operation is checked against its formula in double precision, with numerical derivatives, in
/// `Tests/AutogradTests/Contracts`; here it is that whole models pass the gradient on. Differences are those of a
/// model's values in single precision, summed in double precision, along directions of ±1 in every value. Two steps of
/// Richardson's extrapolation from distances h, h/2 and h/4 leave an error of order h⁶, so that h can be as large as
/// 1/16 and rounding is small: differences and slopes agree within 10⁻⁴ of the gradient's norm, where an error of the
/// gradient of that size, anywhere, changes most slopes by as much.
@Suite struct LayerKindGradientTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let kind: String
        let layers: String
        let input: String
        let domain: TestDomain
        /// The largest distance; from kinks of a function the values of `domain` are farther away.
        let distance: Float
        /// How far slopes and differences may be apart, as a share of the gradient's norm.
        let tolerance: Double

        init(
            _ kind: String, _ layers: String, _ input: String, _ domain: TestDomain = .standard,
            distance: Float = 0x1p-4, tolerance: Double = 1e-4
        ) {
            self.kind = kind
            self.layers = layers
            self.input = input
            self.domain = domain
            self.distance = distance
            self.tolerance = tolerance
        }

        var testDescription: String { layers }
    }

    private static let image = "[6, 6, 4]"
    private static let sequence = "[5, 4]"
    private static let vector = "[8]"

    private static let filters: [Case] = [
        Case("conv", "{conv: {filters: 3, kernel: 3, padding: 1}}", image),
        Case("conv", "{conv: {filters: 4, kernel: 3, groups: 2, stride: 2}}", image),
        Case("conv1d", "{conv1d: {filters: 3, kernel: 3}}", sequence),
        Case("convTranspose", "{convTranspose: {filters: 2, kernel: 3, stride: 2}}", image),
        Case("local", "{local: {filters: 2, kernel: 3}}", image), Case("imageKernel", "{imageKernel: edge}", image),
        // A modulus has its kink at 0, and bends near it.
        Case("scattering", "{scattering: {J: 1, L: 2}}", "[8, 8, 1]", distance: 0x1p-7, tolerance: 3e-4),
        Case("groupConv", "{groupConv: {filters: 2, kernel: 3, group: p4}}", image),
        Case("groupPool", "{groupConv: {filters: 2, kernel: 3, group: p4m}}, {groupPool: mean}", image),
        Case("linear", "flatten, {linear: 3}", image), Case("linear", "{linear: 2}", sequence),
        Case("radialBasis", "{radialBasis: 3}", vector), Case("rbm", "{rbm: 3}", vector),
        // Cells that are about to fall silent have a kink: few of them, so that none is.
        Case("simpleCells", "{simpleCells: {planes: 3, kernel: 3}}", "[3, 3, 2]", .uniform(0.5...2), distance: 0x1p-4),
        Case("complexCells", "{complexCells: {kernel: 3}}", "[3, 3, 4]", .uniform(0.5...2), distance: 0x1p-6),
    ]
    private static let normalizations: [Case] = [
        Case("batchNorm", "batchNorm", image), Case("layerNorm", "layerNorm", image),
        Case("layerNorm", "layerNorm", sequence), Case("groupNorm", "{groupNorm: 2}", image),
        Case("instanceNorm", "instanceNorm", image),
        Case("localResponseNorm", "{localResponseNorm: {size: 3, alpha: 0.5}}", image),
        Case("scale", "scale", image),
    ]
    private static let activations: [Case] =
        ["sigmoid", "tanh", "softmax", "logSoftmax", "gelu", "silu", "softplus", "scaledTanh", "identity"].map {
            Case($0, $0, image)
        } + [
            Case("relu", "relu", image, .away(from: [0]), distance: 0x1p-5),
            Case("leakyRelu", "{leakyRelu: 0.1}", image, .away(from: [0]), distance: 0x1p-5),
            Case("elu", "elu", image, .away(from: [0]), distance: 0x1p-5),
            Case("ramp", "ramp", image, .away(from: [-1, 1]), distance: 0x1p-5),
        ]
    private static let pools: [Case] = [
        Case("maxPool", "{maxPool: 2}", image, .distinct, distance: 0x1p-8),
        Case("globalMaxPool", "globalMaxPool", image, .distinct, distance: 0x1p-8),
        Case("averagePool", "{averagePool: 2}", image), Case("globalAveragePool", "globalAveragePool", image),
        Case("globalAveragePool", "globalAveragePool", sequence),
        Case("l2Pool", "{l2Pool: 2}", image, .uniform(0.5...2)),
        Case("stochasticPool", "{stochasticPool: 2}", image, .uniform(0.5...2)),
        Case("subsampling", "{subsampling: 2}", image), Case("upsample", "{upsample: 2}", image),
        Case("upsample", "{upsample: {factor: 2, mode: bilinear}}", image),
    ]
    private static let others: [Case] = [
        Case("dropout", "{dropout: 0.5}", image), Case("gaussianNoise", "{gaussianNoise: 0.5}", image),
        Case("factor", "{factor: 3}", image), Case("flatten", "flatten", image),
        Case("unflatten", "{unflatten: [2, 2, 2]}, {conv: {filters: 2, kernel: 2}}", vector),
        Case(
            "normalSample",
            "{name: m, linear: 3}, {name: v, from: input, linear: 3}, {from: [m, v], normalSample: {}}", vector),
        Case("rnn", "{rnn: 3}", sequence), Case("lstm", "{lstm: 3}", sequence), Case("gru", "{gru: 3}", sequence),
        Case("residual", "{residual: [{conv: {filters: 4, kernel: 3, padding: 1}}, tanh]}", image),
        Case("gatedResidual", "{name: g, gatedResidual: {kernel: 2}}", sequence),
        Case("concatenate", "{concatenate: [[tanh], [], [{conv: {filters: 2, kernel: 1}}]]}", image),
        Case("add", "{name: a, tanh: {}}, {from: [a, input], add: {}}", image),
        Case("multiply", "{name: a, tanh: {}}, {from: [a, input], multiply: {}}", image),
        Case("gate", "gate", image), Case("sequence", "{sequence: [tanh, {linear: 3}]}", vector),
        Case("share", "{name: a, linear: 8}, tanh, {share: a}", vector),
    ]
    private static let cases = filters + normalizations + activations + pools + others

    /// Kinds without a slope along their input.
    private static let without = [
        "threshold": "its gradient is 0, see below", "embedding": "it takes numbers of classes",
        "oneHot": "it takes numbers of classes",
        "graphConvolution": "a sample is a node, not a picture; GraphContractTests has its gradient",
        "graphSage": "as graphConvolution", "graphAttention": "as graphConvolution",
    ]

    private func model(_ layers: String, input: String) throws -> Model {
        let yaml = """
            model: {input: \(input), layers: [\(layers)]}
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

    /// Parameters as they are drawn, and something more: none is 0 or 1, as those of a normalisation are at first.
    private func tape(_ model: Model, _ numbers: inout TestNumbers) -> Tape {
        let values = FlatBuffer(count: model.layout.count)
        model.layout.initialize(values, key: RandomKey(seed: 2))
        for index in 0..<values.count { values.pointer[index] += numbers.float(in: 0...0.2) }
        return Tape(layout: model.layout, values: values)
    }

    @Test func `every kind of layer has a case here, or a reason for none`() {
        let known = Set(Self.cases.map(\.kind))
        #expect(known.isDisjoint(with: Self.without.keys))
        #expect(known.union(Self.without.keys) == Set(LayerSpecification.kinds))
    }

    @Test(arguments: cases)
    func `the gradient is the slope along any direction`(_ own: Case) throws {
        let model = try model(own.layers, input: own.input)
        #expect(own.layers.contains(own.kind))
        var numbers = TestNumbers(seed: 17)
        let tape = tape(model, &numbers)
        let graph = try TappedGraph(model, to: [model.outputName])
        let shape = model.inputShape.batched(2)
        let x = Tensor(numbers.floats(shape.count, own.domain), shape, pool: tape.pool)
        let seed = graph.values([x], on: tape)[0].values.map { _ in numbers.float(in: -1...1) }
        let gradient = graph.gradients([x], on: tape) { [Tensor(seed, $0[0].shape, pool: tape.pool)] }.batch[0].values
        func value(_ distance: Float, _ direction: [Float]) -> Double {
            let moved = Tensor(zip(x.values, direction).map { $0 + distance * $1 }, shape, pool: tape.pool)
            return zip(graph.values([moved], on: tape)[0].values, seed).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        }
        func difference(_ distance: Float, _ direction: [Float]) -> Double {
            (value(distance, direction) - value(-distance, direction)) / Double(2 * distance)
        }
        let size = gradient.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        #expect(size > 0)
        for _ in 0..<8 {
            let direction = gradient.map { _ in numbers.word() & 1 == 0 ? Float(1) : -1 }
            let slope = zip(gradient, direction).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
            let d = [1, 2, 4].map { difference(own.distance / $0, direction) }
            let (first, second) = ((4 * d[1] - d[0]) / 3, (4 * d[2] - d[1]) / 3)
            let derivative = (16 * second - first) / 15
            #expect(abs(slope - derivative) < own.tolerance * size, "\(own.layers): \((slope - derivative) / size)")
        }
    }

    @Test func `a hard limiter has no gradient`() throws {
        let model = try model("threshold", input: Self.image)
        var numbers = TestNumbers(seed: 17)
        let tape = tape(model, &numbers)
        let graph = try TappedGraph(model, to: [model.outputName])
        let shape = model.inputShape.batched(2)
        let x = Tensor(numbers.floats(shape.count), shape, pool: tape.pool)
        let made = graph.gradients([x], on: tape) {
            [Tensor([Float](repeating: 1, count: $0[0].count), $0[0].shape, pool: tape.pool)]
        }
        #expect(made.batch[0].values.allSatisfy { $0 == 0 })
    }
}
