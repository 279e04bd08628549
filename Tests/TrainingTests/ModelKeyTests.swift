import NeuralNetwork
import Testing
import Training

@Suite struct ModelKeyTests {
    @Test(
        "Every model of the zoo is read with its options",
        arguments: [
            ("mlp", .zoo(name: "mlp", .init(hidden: [512, 512]), classes: nil)),
            (
                "{name: mlp, hidden: [30], dropout: 0.2}",
                .zoo(name: "mlp", .init(hidden: [30], dropout: 0.2), classes: nil)
            ),
            ("{name: mlp, hidden: []}", .zoo(name: "mlp", .init(hidden: []), classes: nil)),
            (
                "{name: lenet5, dropout: 0.25, classes: 10}",
                .zoo(name: "lenet5", .init(hidden: [], dropout: 0.25), classes: 10)
            ),
            ("resnet110", .zoo(name: "resnet110", .init(hidden: []), classes: nil)),
            (
                "{name: resnet20, statistics: batch}",
                .zoo(name: "resnet20", .init(hidden: [], statistics: .batch), classes: nil)
            ),
            ("resnet18-cifar", .zoo(name: "resnet18-cifar", .init(hidden: []), classes: nil)),
            ("vgg11-cifar", .zoo(name: "vgg11-cifar", .init(hidden: []), classes: nil)),
            ("googlenet", .zoo(name: "googlenet", .init(hidden: []), classes: nil)),
            (
                "{name: inception-v3, aux: false}",
                .zoo(name: "inception-v3", .init(hidden: [], auxiliary: false), classes: nil)
            ),
            ("{name: layers, input: [784], layers: [relu]}", .layers([.relu], inputs: [ModelInput(shape: [784])])),
        ] as [(String, ModelConfiguration)])
    func model(yaml: String, expected: ModelConfiguration) throws {
        let run = try readConfiguration(configurationText("model: \(yaml)\n"))
        #expect(run.model == expected)
        try expectRoundTrip(run)
    }
}
