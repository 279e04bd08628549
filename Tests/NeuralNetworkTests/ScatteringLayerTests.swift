import NeuralNetwork
import TensorCore
import TestSupport
import Testing

@Suite struct ScatteringLayerTests {
    @Test func scatteringGivesItsPathsAtEveryPlaceAndRefusesSmallImages() throws {
        func shape(_ layer: LayerSpecification, _ input: Shape) throws -> Shape {
            try network([layer], input: input).models[0].outputShape
        }
        #expect(try shape(.scattering(scales: 2), [28, 28, 1]) == [7, 7, 81])
        #expect(try shape(.scattering(scales: 3, orientations: 4, order: 1), [33, 20, 3]) == [4, 2, 39])
        #expect(try shape(.scattering(scales: 3, orientations: 2), [8, 8, 1]) == [1, 1, 19])
        #expect(throws: ModelError.doesNotFit(layer: "0", input: [7, 9, 1], window: "8×8")) {
            try shape(.scattering(scales: 3), [7, 9, 1])
        }
    }

    /// It is a function of its input alone, and mixes all positions.
    @Test func scatteringHasNothingToLearn() throws {
        let model = try network([.named("s", .scattering(scales: 2, orientations: 4))], input: [12, 10, 2]).models[0]
        #expect(model.parameters.isEmpty)
        #expect(model.outputShape == [3, 2, 2 * (1 + 8 + 16)])
        #expect(model.rows[0].window == .everything)
    }
}
