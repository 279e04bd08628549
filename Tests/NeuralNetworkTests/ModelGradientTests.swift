import Autograd
import Kernels
import NeuralNetwork
import System
import TensorCore
import TestSupport
import Testing

/// A whole network's gradients against numerical derivatives of the same network in double precision.
@Suite struct ModelGradientTests {
    private static let key = RandomKey(seed: 5)
    private static let labels: [Int32] = [2, 0, 4]

    /// Convolution, batch normalisation, a residual block (by Winograd), pooling, dropout and a linear layer.
    private static let layers: [LayerSpecification] = [
        .convolution(.init(filters: 16, kernel: .init(3), padding: .explicit(.init(1)))), .batchNorm(),
        .relu,
        .residual(
            main: [
                .convolution(.init(filters: 16, kernel: .init(3), padding: .explicit(.init(1)), bias: false)),
                .batchNorm(),
            ]),
        .relu, .maxPool(.init(kernel: .init(2))), .dropout(probability: 0.3), .flatten, .linear(units: 5),
    ]

    /// The same network of double-precision references; `p` holds the image and the trainable parameters in order of
    /// use.
    private static func reference(_ p: [DoubleTensor], mask: [Double]) -> DoubleTensor {
        typealias R = DoubleReference
        let stem = R.relu(
            R.batchNormalization(
                R.convolution(p[0], p[1], bias: p[2], padding: [1, 1, 1, 1]), gamma: p[3], beta: p[4], epsilon: 1e-5))
        let block = R.batchNormalization(
            R.convolution(stem, p[5], padding: [1, 1, 1, 1]), gamma: p[6], beta: p[7], epsilon: 1e-5)
        let pooled = R.maxPool(R.relu(R.add(block, stem)), .init(kernel: 2, stride: 2))
        let dropped = DoubleTensor(zip(pooled.values, mask).map { $0 * $1 }, pooled.shape)
        return R.crossEntropy(R.linear(R.flatten(dropped), p[8], bias: p[9]), R.oneHot(labels, classes: 5))
    }

    @Test func everyParametersGradientIsTheDerivativeOfTheLoss() throws {
        let model = try Model(name: "small", input: [6, 6, 2], layers: Self.layers)
        let trainable = model.layout.parameters.filter(\.isTrainable)
        var numbers = TestNumbers(seed: 21)
        let values = FlatBuffer(count: model.layout.count)
        for parameter in trainable {
            let limit = parameter.shape.rank > 1 ? 1.5 / Double(parameter.shape.sample.count).squareRoot() : 0.5
            let centre = parameter.initializer == .ones ? 1.0 : 0
            for i in 0..<parameter.shape.count {
                values.pointer[model.layout.offsets[parameter.index] + i] = numbers.float(
                    in: centre - limit...centre + limit)
            }
        }
        let tape = Tape(layout: model.layout, values: values)
        let gradients = FlatBuffer(count: tape.wholeVector.count)
        tape.begin(gradients: gradients.pointer)
        let image = Tensor(numbers.floats(3 * 72), [3, 6, 6, 2], pool: tape.pool)
        let x = tape.input(image)
        let loss = crossEntropy(model(x, mode: .training(Self.key)), .indices(Self.labels)).loss
        tape.backward(from: loss)

        // Dropout's mask is its value for ones; the layer's name, 6, tells it from others.
        let ones = tape.constant(Tensor([Float](repeating: 1, count: 3 * 144), [3, 3, 3, 16], pool: tape.pool))
        let mask = dropout(
            ones, probability: 0.3, layer: Int(truncatingIfNeeded: fnv1a("6")), mode: .training(Self.key)
        ).value.values.map(Double.init)
        let inputs =
            [DoubleTensor(image.values, [3, 6, 6, 2])]
            + trainable.map { parameter in
                let start = values.pointer + model.layout.offsets[parameter.index]
                return DoubleTensor((0..<parameter.shape.count).map { start[$0] }, parameter.shape.dimensions)
            }
        let numerical = NumericalGradient(of: { Self.reference($0, mask: mask) }, at: inputs, cotangent: [1])
        #expect(relativeError(loss.value.values, Self.reference(inputs, mask: mask).values) < 1e-5)

        let computed =
            [tape.gradient(of: x)?.values ?? []]
            + trainable.map { parameter in
                (0..<parameter.shape.count).map { gradients.pointer[model.layout.offsets[parameter.index] + $0] }
            }
        let names = ["image"] + trainable.map(\.name)
        let largest = computed.flatMap { $0 }.map { abs(Double($0)) }.max() ?? 0
        for (index, gradient) in computed.enumerated() {
            // Winograd's rounding, 10⁻⁵, through two batch normalisations; a bias before one has no gradient but
            // rounding.
            let scale = max(gradient.map { abs(Double($0)) }.max() ?? 0, 1e-2 * largest)
            for element in (0..<min(gradient.count, 24)).map({ $0 * 7919 % gradient.count }) {
                let derivative = numerical.derivative(input: index, element: element)
                #expect(
                    abs(Double(gradient[element]) - derivative) < 5e-5 * scale, "\(names[index]), element \(element)")
            }
            let direction = gradient.map { _ in numbers.word() & 1 == 0 ? 1.0 : -1 }
            let slope = zip(gradient, direction).reduce(0) { $0 + Double($1.0) * $1.1 }
            let error = abs(slope - numerical.derivative(input: index, direction: direction))
            #expect(error < 5e-5 * scale * Double(gradient.count).squareRoot(), "\(names[index]) along a direction")
        }
    }
}
