import NeuralNetwork
import TensorCore
import Testing

/// What the lines of the summary count.
@Suite struct LayerSummaryTests {
    private func rows(_ input: Shape, _ layers: [LayerSpecification]) throws -> [LayerSummary] {
        try Model(name: "counted", input: input, layers: layers).rows
    }

    /// Goodfellow, Bengio and Courville 2016, example of section 9.2: two multiplications and an addition an output.
    @Test func countsMultiplicationsApartFromAdditions() throws {
        let edge = Convolution(filters: 1, kernel: .init(height: 2, width: 1), bias: false)
        let row = try rows([320, 280, 1], [.convolution(edge)])[0]
        #expect(row.outputShape == [319, 280, 1])
        #expect(row.operations == LayerOperations(multiplyAdds: 178_640, multiplications: 178_640, additions: 89_320))
        #expect(row.counts == LayerParameters(weights: 2))
    }

    @Test func countsWeightsApartFromBiases() throws {
        let layers: [LayerSpecification] = [
            .convolution(.init(filters: 4, kernel: .init(3))), .batchNorm(), .flatten, .linear(units: 5),
            .linear(units: 2, bias: false),
        ]
        let rows = try rows([6, 6, 2], layers)
        #expect(
            rows.map(\.counts) == [
                LayerParameters(weights: 72, biases: 4), LayerParameters(weights: 4, biases: 4, untrained: 8),
                LayerParameters(), LayerParameters(weights: 320, biases: 5), LayerParameters(weights: 10),
            ])
        // A bias is one addition more; 18 products of a window are 17 additions.
        #expect(rows.map(\.operations.multiplications) == [16 * 4 * 18, 64, 0, 320, 10])
        #expect(rows.map(\.operations.additions) == [16 * 4 * 18, 64, 0, 320, 8])
    }

    @Test func countsSharedWeightsOnce() throws {
        let model = try Model(
            name: "twins", input: [3],
            layers: [.named("a", .linear(units: 3)), .share("a"), .relu, .linear(units: 1)])
        #expect(model.rows.map(\.parameters) == [12, 12, 0, 4])
        #expect(model.totalParameters == LayerParameters(weights: 12, biases: 4))
        #expect(model.totalParameters.trained == model.layout.trainableParameterCount)
        #expect(model.rows.totalOperations.multiplyAdds == 21)
    }

    /// Of VGG-16: the picture, what convolutions with ReLU in place leave, pools and linear layers.
    @Test func countsDistinctActivations() throws {
        #expect(try ZooModel.named("vgg16").build().distinctActivations == 15_237_608)
    }

    /// Every model's rows together have just its parameters.
    @Test(arguments: ZooModel.all) func countsEveryParameterOnce(zoo: ZooModel) throws {
        let model = try zoo.build()
        #expect(model.totalParameters.trained == model.layout.trainableParameterCount)
        let all = model.layout.parameters.reduce(0) { $0 + $1.shape.count }
        #expect(model.totalParameters.trained + model.totalParameters.untrained == all)
        #expect(model.rows.allSatisfy { $0.operations.multiplications >= $0.operations.multiplyAdds })
    }
}
