import ConfigurationReading
import NeuralNetwork
import Testing
import Training

/// The keys of gates, products and WaveNet's blocks.
@Suite struct GatedSectionTests {
    @Test(
        arguments: [
            ("gate", .gate), ("{from: [a, b], multiply: }", .multiply.reading("a", "b")),
            ("{gatedResidual: {skip: 3}}", .gatedResidual(skip: 3)),
            (
                "{gatedResidual: {channels: 4, kernel: 3, dilation: 8, padding: same, bias: false}}",
                .gatedResidual(channels: 4, skip: nil, kernel: 3, dilation: 8, padding: .same, bias: false)
            ),
            ("{gatedResidual: {skip: 3, residual: false}}", .gatedResidual(skip: 3, residual: false)),
        ] as [(String, LayerSpecification)])
    func layer(yaml: String, expected: LayerSpecification) throws {
        let run = try readConfiguration(configurationText("model: {input: [28, 28], layers: [ \(yaml) ]}\n"))
        #expect(run.model == .layers([expected], inputs: [ModelInput(shape: [28, 28])]))
        try expectRoundTrip(run)
    }

    @Test("A block that would end with nothing is refused")
    func emptyBlock() {
        let text = configurationText("model: {input: [28, 28], layers: [ {gatedResidual: {residual: false}} ]}\n")
        let message =
            "'model.layers.0.gatedResidual.residual': without `skip` nothing is left of the block; give one of them."
        #expect(configurationProblem(text)?.hasSuffix(message) == true)
    }
}
