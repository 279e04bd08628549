import Autograd
import Inspection
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

@Suite struct ActivationFiguresTests {
    private func figures(_ model: Model, _ node: String, _ values: FlatBuffer, batches: Int = 4) throws
        -> ActivationFigures
    {
        let tape = Tape(layout: model.layout, values: values)
        let found = try #require(model.node(node))
        let graph = try TappedGraph(model, to: [node])
        var result = ActivationFigures(found)
        for batch in 0..<batches {
            let shape = model.inputShape.batched(32)
            let x = Tensor(
                Noise.normal(count: shape.count, key: RandomKey(seed: UInt64(batch))), shape, pool: tape.pool)
            result.add(graph.values([x], on: tape)[0], of: found)
        }
        return result
    }

    private func model(_ activation: LayerSpecification) throws -> Model {
        try Model(name: "net", input: [40], layers: [.named("f", .linear(units: 100)), .named("a", activation)])
    }

    @Test func `half of a random rectifier's values are active, and none is dead`() throws {
        let model = try model(.relu)
        let values = FlatBuffer(count: model.layout.count)
        model.layout.initialize(values, key: RandomKey(seed: 2))
        let bias = try #require(model.layout.parameters.first { $0.name == "f.bias" })
        for index in 0..<100 { values.pointer[model.layout.offsets[bias.index] + index] = 0 }
        let figures = try figures(model, "a", values)
        #expect(abs(figures.shareActive - 0.5) < 0.02)
        #expect(figures.deadUnits == 0 && figures.shareSaturated == nil)
        #expect(figures.count == 4 * 32 * 100)
    }

    @Test func `a unit with a bias of −100 is dead`() throws {
        let model = try model(.relu)
        let values = FlatBuffer(count: model.layout.count)
        model.layout.initialize(values, key: RandomKey(seed: 2))
        let bias = try #require(model.layout.parameters.first { $0.name == "f.bias" })
        values.pointer[model.layout.offsets[bias.index] + 7] = -100
        #expect(try figures(model, "a", values).deadUnits == 1)
        #expect(try figures(model, "f", values).deadUnits == nil)
    }

    @Test func `a sigmoid of large values is saturated`() throws {
        let model = try model(.activation("sigmoid"))
        let values = FlatBuffer(count: model.layout.count)
        let bias = try #require(model.layout.parameters.first { $0.name == "f.bias" })
        for index in 0..<50 { values.pointer[model.layout.offsets[bias.index] + index] = 20 }
        let figures = try figures(model, "a", values)
        #expect(figures.shareSaturated == 0.5)
        #expect(abs(figures.mean - 0.75) < 1e-6 && abs(figures.deviation - 0.25) < 1e-6)
        #expect(figures.range == 0.5...1)
    }
}
