import Autograd
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

/// Values of any nodes and gradients with respect to the inputs.
@Suite struct TappedGraphTests {
    /// 6×6×2 → convolution, rectifier, maximum, linear.
    private let model: Model
    private let tape: Tape
    private let values: FlatBuffer
    private var numbers = TestNumbers(seed: 3)

    init() throws {
        model = try Model(
            name: "small", input: [6, 6, 2],
            layers: [
                .named("c", .convolution(.init(filters: 4, kernel: .init(3), padding: .explicit(.init(1))))),
                .named("r", .relu), .named("p", .maxPool(.init(kernel: .init(2)))), .flatten,
                .named("f", .linear(units: 5)),
            ])
        values = FlatBuffer(count: model.layout.count)
        for index in 0..<model.layout.count { values.pointer[index] = numbers.float(in: -0.5...0.5) }
        tape = Tape(layout: model.layout, values: values)
    }

    private func image(_ numbers: inout TestNumbers, count: Int = 2) -> Tensor {
        Tensor(numbers.floats(count * 72, .distinct), [count, 6, 6, 2], pool: tape.pool)
    }

    private func double(_ name: String) -> DoubleTensor {
        let parameter = model.layout.parameters.first { $0.name == name }!
        let start = values.pointer + model.layout.offsets[parameter.index]
        return DoubleTensor((0..<parameter.shape.count).map { start[$0] }, parameter.shape.dimensions)
    }

    @Test mutating func `the input's gradient is the numerical derivative of what was seeded anywhere`() throws {
        typealias R = DoubleReference
        let x = image(&numbers)
        let graph = try TappedGraph(model, to: ["r", "f"])
        let seeds = [
            Tensor(numbers.floats(2 * 144), [2, 6, 6, 4], pool: tape.pool),
            Tensor(numbers.floats(10), [2, 5], pool: tape.pool),
        ]
        let made = graph.gradients([x], on: tape) { _ in seeds }
        let (weight, bias) = (double("c.weight"), double("c.bias"))
        let (last, lastBias) = (double("f.weight"), double("f.bias"))
        func rectified(_ x: DoubleTensor) -> DoubleTensor {
            R.relu(R.convolution(x, weight, bias: bias, padding: [1, 1, 1, 1]))
        }
        func scores(_ r: DoubleTensor) -> DoubleTensor {
            R.linear(R.flatten(R.maxPool(r, .init(kernel: 2, stride: 2))), last, bias: lastBias)
        }
        let input = DoubleTensor(x.values, [2, 6, 6, 2])
        #expect(relativeError(made.values[0].values, rectified(input).values) < 1e-6)
        #expect(relativeError(made.values[1].values, scores(rectified(input)).values) < 1e-6)
        let both = NumericalGradient(
            of: { arguments in
                let r = rectified(arguments[0])
                return DoubleTensor(r.values + scores(r).values, [r.count + 10])
            }, at: [input], cotangent: seeds.flatMap { $0.values.map(Double.init) })
        let reference = (0..<x.count).map { both.derivative(input: 0, element: $0) }
        #expect(relativeError(made.batch[0].values, reference) < 1e-5)
        // At the rectifier there comes what was seeded there, and what comes from the scores.
        let r = rectified(input)
        let behind = NumericalGradient(of: { scores($0[0]) }, at: [r], cotangent: seeds[1].values.map(Double.init))
        // Where several values of a window are 0, the maximum has no derivative.
        let places = (0..<r.count).filter { r.values[$0] > 0 }
        let expected = places.map { behind.derivative(input: 0, element: $0) + Double(seeds[0].values[$0]) }
        let computed = try #require(made.nodes[0]?.values)
        #expect(relativeError(places.map { computed[$0] }, expected) < 1e-5)
        #expect(made.nodes[1]?.values == seeds[1].values)
    }

    @Test mutating func `a part of the graph from given values has the same bits as the whole`() throws {
        let x = image(&numbers)
        let whole = try TappedGraph(model, to: ["p", "f"]).values([x], on: tape)
        let part = try TappedGraph(model, from: ["p"], to: ["f"]).values([whole[0]], on: tape)
        #expect(part[0].values == whole[1].values)
        #expect(try TappedGraph(model, to: ["f"]).values([x], on: tape)[0].values == whole[1].values)
    }

    @Test mutating func `guided rectifiers pass back only what is positive`() throws {
        let x = image(&numbers, count: 1)
        let graph = try TappedGraph(model, to: ["c", "r"])
        let seed = Tensor(numbers.floats(144), [1, 6, 6, 4], pool: tape.pool)
        let plain = graph.gradients([x], on: tape) { _ in [nil, seed] }
        let guided = graph.gradients([x], on: tape, rectifiers: .guided) { _ in [nil, seed] }
        let expected = zip(plain.values[0].values, seed.values).map { $0 > 0 ? max($1, 0) : 0 }
        #expect(guided.nodes[0]?.values == expected)
        #expect(plain.nodes[0]?.values == zip(plain.values[0].values, seed.values).map { $0 > 0 ? $1 : 0 })
        // The next pass is an ordinary one again.
        #expect(graph.gradients([x], on: tape) { _ in [nil, seed] }.batch[0].values == plain.batch[0].values)
    }

    @Test mutating func `what nothing depends on has a gradient of zeros, and an unknown node the nearest name`() throws
    {
        let x = image(&numbers)
        let made = try TappedGraph(model, to: ["r", "f"]).gradients([x], on: tape) { _ in [nil, nil] }
        #expect(made.batch[0].values == [Float](repeating: 0, count: 144) && made.nodes.allSatisfy { $0 == nil })
        let error = #expect(throws: ModelError.self) { try TappedGraph(model, to: ["ff"]) }
        #expect("\(error as Any)".contains("did you mean 'f'?"))
    }

    @Test(
        arguments: [
            [.convolution(.init(filters: 4, kernel: .init(3), padding: .explicit(.init(1)))), .relu],
            [.convolution(.init(filters: 4, kernel: .init(3))), .relu, .maxPool(.init(kernel: .init(2)))],
            [.batchNorm(), .relu],
            [
                .residual(
                    main: [
                        .convolution(.init(filters: 2, kernel: .init(3), padding: .explicit(.init(1)))), .batchNorm(),
                    ]), .relu,
            ],
            [.flatten, .linear(units: 6), .relu],
        ] as [[LayerSpecification]])
    func `rectifiers are guided alike whether or not they are computed with what stands before them`(
        _ layers: [LayerSpecification]
    ) throws {
        let model = try Model(
            name: "fused", input: [6, 6, 2], layers: layers + [.flatten, .named("last", .linear(units: 3))])
        let values = FlatBuffer(count: model.layout.count)
        model.layout.initialize(values, key: RandomKey(seed: 9))
        let tape = Tape(layout: model.layout, values: values)
        var numbers = TestNumbers(seed: 5)
        let x = Tensor(numbers.floats(144), [2, 6, 6, 2], pool: tape.pool)
        let names = model.nodes.dropFirst().map(\.name)
        let count = model.nodes[model.nodes.count - 1].shape.count * 2
        let seed = numbers.floats(count)
        func gradient(_ nodes: [String], _ rectifiers: RectifierGradient) throws -> [Float] {
            try TappedGraph(model, to: nodes).gradients([x], on: tape, rectifiers: rectifiers) { values in
                values.indices.map { place in
                    place == values.count - 1 ? Tensor(seed, values[place].shape, pool: tape.pool) : nil
                }
            }.batch[0].values
        }
        let fused = try gradient(["last"], .guided)
        #expect(relativeError(fused, try gradient(names, .guided)) < 1e-5)
        #expect(relativeError(fused, try gradient(["last"], .derivative)) > 1e-2)
    }
}
