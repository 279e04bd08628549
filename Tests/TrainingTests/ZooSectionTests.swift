import NeuralNetwork
import Testing
import Training

@Suite struct ZooSectionTests {
    @Test("A model of the zoo has the classes of its options, or else those of the data")
    func classes() throws {
        func last(_ yaml: String, classes: Int) throws -> LayerSpecification? {
            try readConfiguration(configurationText("model: \(yaml)\n")).model
                .description(name: "test", input: nil, classes: classes).layers.last
        }
        #expect(try last("lenet5", classes: 100) == ZooModel.lenet5.layers(ZooOptions(classes: 100)).last)
        #expect(
            try last("{name: lenet5, classes: 7}", classes: 100) == ZooModel.lenet5.layers(ZooOptions(classes: 7)).last)
        #expect(try last("{input: [784], layers: [relu, {linear: 3}]}", classes: 100) == .linear(units: 3))
    }
}
