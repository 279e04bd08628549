import Autograd
import NeuralNetwork
import TensorCore
import Testing

/// Layers that read tokens, and those that make images of vectors.
@Suite struct TokenLayerTests {
    @Test func tokensNeedAFieldOfTokensAndAVocabularyThatHoldsThem() throws {
        func build(_ layer: LayerSpecification, vocabulary: Int?) throws -> Model {
            let input = ModelInput(name: "tokens", shape: [3], vocabulary: vocabulary)
            return try Network([ModelDescription(name: "m", inputs: [input], layers: [layer])]).models[0]
        }
        #expect(try build(.embedding(units: 4), vocabulary: 5).parameters.first?.shape == [5, 4])
        #expect(try build(.embedding(units: 4, vocabulary: 9), vocabulary: 5).parameters.first?.shape == [9, 4])
        #expect(try build(.oneHot, vocabulary: 5).outputShape == [3, 5])
        #expect(throws: ModelError.noVocabulary(layer: "0", input: "tokens")) {
            try build(.embedding(units: 4), vocabulary: nil)
        }
        #expect(throws: ModelError.smallVocabulary(layer: "0", chosen: 4, needed: 5)) {
            try build(.embedding(units: 4, vocabulary: 4), vocabulary: 5)
        }
    }

    @Test func unflattenUndoesFlatten() throws {
        let model = try Model(name: "m", input: [2, 3, 4], layers: [.flatten, .unflatten(into: [2, 3, 4])])
        #expect(model.outputShape == [2, 3, 4])
        let tape = Tape(layout: model.layout, values: FlatBuffer(count: model.layout.count))
        tape.begin(gradients: nil)
        let numbers = (0..<48).map(Float.init)
        let y = model(tape.constant(Tensor(numbers, [2, 2, 3, 4], pool: tape.pool)), mode: .evaluation)
        #expect(y.value.values == numbers)
        #expect(throws: ModelError.otherCount(layer: "0", input: [23], shape: [2, 3, 4])) {
            try Model(name: "m", input: [23], layers: [.unflatten(into: [2, 3, 4])])
        }
    }
}
