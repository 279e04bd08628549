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

    @Test("A WaveNet reads the conditions that it names beside the levels")
    func waveNet() throws {
        let yaml =
            "{name: wavenet, channels: 8, skip: 12, dilation: 4, stacks: 2, conditions: [digit], conditionUnits: 3}"
        let run = try readConfiguration(configurationText("model: \(yaml)\n"))
        var options = WaveNetOptions()
        (options.channels, options.skip, options.dilation, options.stacks) = (8, 12, 4, 2)
        (options.conditions, options.conditionUnits) = (["digit"], 3)
        guard case .zoo(name: "wavenet", let read, classes: nil) = run.model else {
            Issue.record("\(run.model)")
            return
        }
        #expect(read.waveNet == options)
        try expectRoundTrip(run)
        let made = try run.model.description(name: "test", input: nil, classes: 256)
        #expect(made.inputs.map(\.name) == ["input", "digit"] && made.inputs[0].vocabulary == 256)
        #expect(made.layers.count(where: { $0.name?.hasPrefix("block") == true }) == 6)
    }
}
