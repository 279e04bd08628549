import Autograd
import ConfigurationReading
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

/// Layers whose rows are nodes of a graph: what a batch of nodes gives, whatever part of the graph it reads.
@Suite struct GraphLayerTests {
    /// A graph with random edges, and features of its nodes.
    struct Nodes: NodeSource {
        let reference: ReferenceGraph
        let graph: NodeGraph
        let features: [[Float]]
        let fingerprint: UInt64 = 0

        init(count: Int, edges: Int, features width: Int, seed: UInt64) {
            var numbers = TestNumbers(seed: seed)
            func node(_ numbers: inout TestNumbers) -> Int { Int(numbers.word() % UInt64(count)) }
            reference = ReferenceGraph(
                nodeCount: count, edges: (0..<edges).map { _ in [node(&numbers), node(&numbers)] })
            graph = NodeGraph(nodeCount: count, edges: reference.edges.map { ($0[0], $0[1]) })
            features = (0..<count).map { _ in numbers.floats(width) }
        }

        func read(_ node: Int, field: String, into buffer: UnsafeMutableBufferPointer<Float>) {
            for (place, value) in features[node].enumerated() { buffer[place] = value }
        }

        /// A batch of nodes with the fields `input` and `target`, which is one of three classes.
        func batch(_ samples: [Int]) -> FieldBatch {
            let made = FieldBatch(
                samples.flatMap { features[$0] }, [features[0].count], .classes(samples.map { Int32($0 % 3) }, of: 3))
            return FieldBatch(
                count: samples.count, sampleIDs: samples, nodes: self,
                memory: made.fields.map { field in
                    let elements: FieldMemory.Elements
                    switch field.elementType {
                    case .float32: elements = .floats(made.floats(field.name).storage)
                    case .int32:
                        let integers = OwnedIntegers(made.integers(field.name).values)
                        elements = .integers(integers.pointer, capacity: samples.count, owner: integers)
                    }
                    return FieldMemory(field: field, elements: elements)
                })
        }
    }

    static let nodes = Nodes(count: 17, edges: 40, features: 6, seed: 2)

    static let stacks: [[LayerSpecification]] = [
        [.graphConvolution(units: 3)],
        [.graphConvolution(units: 5), .relu, .graphConvolution(units: 3)],
        [
            .graphAttention(units: 2, heads: 3), .activation("elu"),
            .graphAttention(units: 3, heads: 2, averagesHeads: true),
        ],
        [.graphSage(units: 4), .relu, .graphSage(units: 8, .maximum), .relu, .linear(units: 3)],
        [
            .named("wide", .graphSage(units: 7, .maximum)),
            .residual(main: [.graphConvolution(units: 7), .layerNorm(), .relu]),
            .named("more", .graphAttention(units: 7)).reading("wide"),
            .named("all", .concatenate).reading("1", "wide", "more", "input"), .linear(units: 3),
        ],
    ]

    private func model(_ layers: [LayerSpecification]) throws -> Network {
        try Network([
            ModelDescription(
                name: "test", inputs: [ModelInput(shape: [6], isOfGraph: true)], layers: layers)
        ])
    }

    private func weights(_ network: Network) -> FlatBuffer {
        let values = FlatBuffer(count: network.layout.count)
        network.layout.initialize(values, key: RandomKey(seed: 3))
        // Biases that are not 0, so that one that is added twice or never is seen.
        for index in 0..<values.count { values.pointer[index] += Float(index % 7) * 0.03 }
        return values
    }

    private func outputs(_ network: Network, _ values: FlatBuffer, _ samples: [Int]) -> [[Float]] {
        let tape = Tape(layout: network.layout, values: values)
        tape.begin(gradients: nil)
        let context = GrainContext(
            Self.nodes.batch(samples), on: tape, mode: .evaluation, key: RandomKey(seed: 1))
        let model = network.models[0]
        let y = model([context.input(model.inputs[0], of: model, from: "input")], mode: .evaluation)
        let size = y.shape[1]
        return (0..<y.shape[0]).map { Array(y.value.values[$0 * size..<($0 + 1) * size]) }
    }

    @Test("a node's result is the same in any batch, with neighbours of neighbours read as needed", arguments: 0..<5)
    func anyBatch(stack: Int) throws {
        let network = try model(Self.stacks[stack])
        let values = weights(network)
        let all = outputs(network, values, Array(0..<17))
        #expect(all.count == 17 && Set(all).count > 10)
        for samples in [[3], [16, 0, 5], [2, 3, 4, 5, 6, 7, 8], [9, 1, 9], []] {
            let some = outputs(network, values, samples)
            #expect(some.count == samples.count)
            for (row, node) in samples.enumerated() {
                #expect(relativeError(some[row], all[node].map(Double.init)) < 1e-5, "\(samples) \(node)")
            }
        }
    }

    @Test("the layers are the formulas of their papers")
    func formulas() throws {
        let nodes = Array(0..<17)
        let x = DoubleTensor(Self.nodes.features.flatMap { $0 }, [17, 6])
        for (layer, formula) in [
            (
                LayerSpecification.graphConvolution(units: 3),
                { (p: [DoubleTensor]) in
                    DoubleReference.graphConvolution(
                        self.product(x, p[0]), Self.nodes.reference, rows: nodes, count: 17, bias: p[1])
                }
            ),
            (
                .graphSage(units: 4),
                { p in
                    self.sum(
                        self.product(x, p[0], bias: p[1]),
                        self.product(
                            DoubleReference.neighbourMean(x, Self.nodes.reference, rows: nodes, count: 17), p[2]))
                }
            ),
            (
                .graphSage(units: 9),
                { p in
                    self.sum(
                        self.product(x, p[0], bias: p[1]),
                        self.product(
                            DoubleReference.neighbourMean(x, Self.nodes.reference, rows: nodes, count: 17), p[2]))
                }
            ),
            (
                .graphSage(units: 4, .maximum),
                { p in
                    self.sum(
                        self.product(x, p[0], bias: p[1]),
                        self.product(
                            DoubleReference.neighbourMaximum(x, Self.nodes.reference, rows: nodes, count: 17), p[2]))
                }
            ),
            (
                .graphAttention(units: 5, heads: 2, slope: 0.3),
                { p in
                    DoubleReference.graphAttention(
                        self.product(x, p[0]), receiving: p[2], sending: p[3], bias: p[1], Self.nodes.reference,
                        rows: nodes, count: 17, slope: 0.3, averages: false)
                }
            ),
            (
                .graphAttention(units: 5, heads: 2, averagesHeads: true),
                { p in
                    DoubleReference.graphAttention(
                        self.product(x, p[0]), receiving: p[2], sending: p[3], bias: p[1], Self.nodes.reference,
                        rows: nodes, count: 17, slope: 0.2, averages: true)
                }
            ),
        ] as [(LayerSpecification, ([DoubleTensor]) -> DoubleTensor)] {
            let network = try model([.named("layer", layer)])
            let values = weights(network)
            let parameters = network.layout.parameters.map { parameter in
                DoubleTensor(
                    (0..<parameter.shape.count).map {
                        values.pointer[network.layout.offsets[parameter.index] + $0]
                    }, parameter.shape.dimensions)
            }
            let found = outputs(network, values, nodes).flatMap { $0 }
            #expect(relativeError(found, formula(parameters).values) < 1e-5, "\(network.layout.parameters.map(\.name))")
        }
    }

    private func product(_ x: DoubleTensor, _ weight: DoubleTensor, bias: DoubleTensor? = nil) -> DoubleTensor {
        let (inputs, outputs) = (x.shape[1], weight.shape[0])
        return DoubleTensor(
            (0..<x.shape[0] * outputs).map { place in
                (0..<inputs).reduce(bias?.values[place % outputs] ?? 0) {
                    $0 + x[place / outputs, $1] * weight[place % outputs, $1]
                }
            }, [x.shape[0], outputs])
    }

    private func sum(_ a: DoubleTensor, _ b: DoubleTensor) -> DoubleTensor {
        DoubleTensor(zip(a.values, b.values).map(+), a.shape)
    }

    @Test("the gradient of a batch is that of its nodes' losses, and grains of it add up to it", arguments: 0..<5)
    func gradients(stack: Int) throws {
        let network = try model(Self.stacks[stack])
        let values = weights(network)
        let objective = try network.objective(CrossEntropyLoss(), like: Self.nodes.batch([0]))
        let tape = Tape(layout: network.layout, values: values)
        let gradients = FlatBuffer(count: tape.wholeVector.count)
        func run(_ samples: [Int]) -> (loss: Double, gradient: [Double]) {
            tape.begin(gradients: gradients.pointer)
            let result = objective(
                GrainContext(
                    Self.nodes.batch(samples), on: tape, mode: .training(RandomKey(seed: 1)), key: RandomKey(seed: 1)))
            tape.backward(from: result.loss!)
            return (result.sums[0], (0..<network.layout.count).map { Double(gradients.pointer[$0]) })
        }
        let samples = [4, 11, 0, 15, 8]
        let whole = run(samples)
        let parts = [[4, 11], [0, 15, 8]].map(run)
        #expect(abs(whole.loss - parts[0].loss - parts[1].loss) < 1e-5 * whole.loss)
        #expect(
            relativeError(zip(parts[0].gradient, parts[1].gradient).map { Float($0 + $1) }, whole.gradient) < 1e-5)
        // A short step, which hardly ever passes the kink of a rectifier or a maximum.
        for index in stride(from: 0, to: network.layout.count, by: 3) {
            let value = values.pointer[index]
            values.pointer[index] = value + 0.001
            let (above, upper) = (values.pointer[index], run(samples).loss)
            values.pointer[index] = value - 0.001
            let (below, lower) = (values.pointer[index], run(samples).loss)
            values.pointer[index] = value
            let slope = (upper - lower) / Double(above - below)
            #expect(abs(slope - whole.gradient[index]) < 0.02 * max(0.2, abs(slope)), "\(index)")
        }
    }

    @Test("a model without such layers sees its samples alone; how far others look is the longest way")
    func reach() throws {
        #expect(try model([.linear(units: 3)]).models[0].hops == 0)
        #expect(try model(Self.stacks[4]).models[0].hops == 2 && model(Self.stacks[3]).models[0].hops == 2)
        let plain = try model([.batchNorm(), .linear(units: 3)])
        #expect(outputs(plain, weights(plain), [3, 3, 4]).count == 3)
    }

    @Test("layers that do not go with a graph are refused")
    func refusals() throws {
        func problem(_ layers: [LayerSpecification], isOfGraph: Bool = true, shape: Shape = [6]) -> String? {
            do {
                _ = try Network([
                    ModelDescription(
                        name: "test", inputs: [ModelInput(shape: shape, isOfGraph: isOfGraph)], layers: layers)
                ])
                return nil
            } catch { return "\(error)" }
        }
        #expect(problem([.graphConvolution(units: 2)], isOfGraph: false)?.contains("no nodes of one") == true)
        #expect(
            problem([.batchNorm(), .graphConvolution(units: 2)])?.hasPrefix("layer 0: its statistics would be those")
                == true)
        #expect(problem([.graphSage(units: 2), .batchNorm()])?.hasPrefix("layer 1: its statistics") == true)
        #expect(problem([.graphAttention(units: 2)], shape: [4, 6])?.contains("takes a vector [features]") == true)
        #expect(problem([.layerNorm(), .graphConvolution(units: 2)]) == nil)
    }
}
