import Autograd
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

/// First values that a configuration gives, and what equal ones lead to.
@Suite struct InitialValueTests {
    private func build(_ input: Shape, _ layers: [LayerSpecification]) throws -> Model {
        try Model(name: "test", input: input, layers: layers)
    }

    private func initialized(_ model: Model) -> FlatBuffer {
        let values = FlatBuffer(count: model.layout.count)
        model.layout.initialize(values, key: RandomKey(seed: 1))
        return values
    }

    private func values(of name: String, _ model: Model, _ values: FlatBuffer) -> [Float] {
        guard let parameter = model.layout.parameters.first(where: { $0.name == name }) else { return [] }
        return (0..<parameter.shape.count).map { values.pointer[model.layout.offsets[parameter.index] + $0] }
    }

    /// What a model without training says of each corner of the unit cube.
    private func table(_ inputs: Int, _ layers: [LayerSpecification]) throws -> [Float] {
        let model = try build([inputs], layers)
        let tape = Tape(layout: model.layout, values: initialized(model))
        let corners = (0..<1 << inputs).flatMap { corner in (0..<inputs).map { Float(corner >> $0 & 1) } }
        let x = Tensor(corners, [1 << inputs, inputs], pool: tape.pool)
        return model(tape.constant(x), mode: .evaluation).value.values
    }

    private func gate(_ weights: [Float], bias: [Float]) -> [LayerSpecification] {
        [
            .linear(units: bias.count, initializer: LayerInitializer(.values(weights), bias: bias)),
            .activation("threshold"),
        ]
    }

    /// McCulloch and Pitts 1943; Minsky's net for XOR has a hidden layer whose units differ in their biases alone.
    @Test func handSetWeightsAreTheGatesWithoutAStep() throws {
        #expect(try table(2, gate([1, 1], bias: [-1.5])) == [0, 0, 0, 1])  // AND
        #expect(try table(2, gate([1, 1], bias: [-0.5])) == [0, 1, 1, 1])  // OR
        #expect(try table(1, gate([-1], bias: [0.5])) == [1, 0])  // NOT
        let orAndAnd = gate([1, 1, 1, 1], bias: [-0.5, -1.5])
        #expect(try table(2, orAndAnd + gate([1, -1], bias: [-0.5])) == [0, 1, 1, 0])  // XOR
    }

    @Test func givenFiltersAreInPyTorchsOrder() throws {
        let count = 2 * 3 * 2 * 2
        let convolution = Convolution(
            filters: 2, kernel: .init(2), initializer: LayerInitializer(.values((0..<count).map(Float.init)), bias: [7])
        )
        let model = try build([4, 4, 3], [.convolution(convolution)])
        let values = initialized(model)
        // [O, kh, kw, I] here of [O, I, kh, kw] there.
        var expected: [Float] = []
        for o in 0..<2 {
            for pixel in 0..<4 {
                for channel in 0..<3 { expected.append(Float(o * 12 + channel * 4 + pixel)) }
            }
        }
        #expect(self.values(of: "0.weight", model, values) == expected)
        #expect(self.values(of: "0.bias", model, values) == [7, 7])
    }

    @Test func whatDoesNotFitIsRefused() {
        func refusal(_ layer: LayerSpecification, _ input: Shape) -> String {
            do {
                _ = try build(input, [layer])
                return "none"
            } catch { return "\(error)" }
        }
        let three = LayerInitializer(.values([1, 2, 3]))
        #expect(
            refusal(.linear(units: 2, initializer: three), [2])
                == "layer 0: 3 first values for weights [2, 2]; give 4")
        #expect(
            refusal(.linear(units: 3, initializer: LayerInitializer(.heNormal, bias: [1, 2])), [2])
                == "layer 0: 2 first biases for 3 outputs; give one for each, or one for all")
        #expect(
            refusal(.linear(units: 3, bias: false, initializer: LayerInitializer(.heNormal, bias: [1])), [2])
                == "layer 0: its initializer gives biases, and it has none; leave them out")
        #expect(
            refusal(.linear(units: 3, initializer: LayerInitializer(.gabor(.grid))), [2])
                == "layer 0: Gabor functions are filters of 3×3 or more pixels; use them in such a `conv`")
    }

    @Test func equalUnitsAreRefusedInHiddenLayersAlone() throws {
        let zero = LayerSpecification.linear(units: 3, initializer: .constant(0))
        let equalRows = LayerSpecification.linear(units: 2, initializer: LayerInitializer(.values([1, 2, 1, 2])))
        let head = LayerSpecification.linear(units: 2)
        let refused: [[LayerSpecification]] = [
            [zero, head], [zero, .activation("tanh"), .dropout(probability: 0.5), head], [equalRows, .relu, head],
            [.residual(main: [zero]), head], [.named("a", zero), .named("b", zero).reading("input"), head],
        ]
        for layers in refused {
            #expect(throws: ModelError.self) { try build(layers.count > 2 ? [2] : [3], layers) }
        }
        #expect(throws: ModelError.equalUnits(layer: "0")) { try build([2], [zero, .relu, head]) }
        #expect(ModelError.equalUnits(layer: "0").description.contains("demonstrate: symmetry"))
        let allowed: [[LayerSpecification]] = [
            [zero], [zero, .activation("sigmoid")], [head, .relu, equalRows, .activation("softmax")],
            // Units that differ in their biases are not equal, and one unit has no other.
            [.linear(units: 2, initializer: LayerInitializer(.constant(1), bias: [0, 1])), .relu, head],
            [.linear(units: 1, initializer: .constant(1)), .relu, head],
            [
                .linear(units: 2, initializer: LayerInitializer(.constant(0.5), demonstratesSymmetry: true)), .relu,
                head,
            ],
        ]
        for layers in allowed { _ = try build([2], layers) }
    }

    /// The hidden units' incoming weights after each of 100 steps of XOR by gradient descent.
    private func trained(_ hidden: LayerInitializer) throws -> [[[Float]]] {
        let model = try build(
            [2],
            [
                .linear(units: 4, initializer: hidden), .activation("tanh"),
                .linear(units: 2, initializer: LayerInitializer(.constant(0.3), bias: [0.1, -0.1])),
            ])
        let values = initialized(model)
        let vector = GrainVectorLayout(all: model.layout)
        let gradients = FlatBuffer(count: vector.count)
        let tape = Tape(layout: model.layout, values: values)
        return (0..<100).map { _ in
            tape.begin(gradients: gradients.pointer)
            let x = Tensor([0, 0, 0, 1, 1, 0, 1, 1], [4, 2], pool: tape.pool)
            let y = model(tape.constant(x), mode: .training(RandomKey(seed: 1)))
            tape.backward(from: crossEntropy(y, .indices([0, 1, 1, 0])).loss)
            for i in 0..<model.layout.trainableCount { values.pointer[i] -= 0.3 * gradients.pointer[i] }
            let weights = self.values(of: "0.weight", model, values)
            let biases = self.values(of: "0.bias", model, values)
            return (0..<4).map { [weights[2 * $0], weights[2 * $0 + 1], biases[$0]] }
        }
    }

    /// Bit for bit, although they learn; units that begin otherwise part.
    @Test func equalHiddenUnitsStayEqual() throws {
        let steps = try trained(LayerInitializer(.constant(0.5), demonstratesSymmetry: true))
        for units in steps { #expect(units.allSatisfy { $0.map(\.bitPattern) == units[0].map(\.bitPattern) }) }
        #expect(steps[0][0] != steps[99][0])
        let others = try trained(LayerInitializer(.normalFanIn(1)))
        #expect(Set(others[99]).count == 4)
    }
}
