import NeuralNetwork
import Testing
import Training

@Suite struct GroupSectionTests {
    @Test("Convolutions over a group and its pooling are read with all their keys")
    func layers() throws {
        let cases: [(String, LayerSpecification)] = [
            ("{groupConv: {group: p4, filters: 6, kernel: 5}}", .groupConv(.p4, filters: 6, kernel: 5)),
            (
                "{groupConv: {group: p4m, filters: 6, kernel: 3, stride: 2, padding: 1, bias: false, initializer: "
                    + "heNormal}}",
                .groupConv(
                    .p4m, filters: 6, kernel: 3, stride: 2, padding: .explicit(.init(1)), bias: false,
                    initializer: .heNormal)
            ),
            (
                "{groupConv: {group: p4, filters: 6, kernel: 3, padding: same}}",
                .groupConv(.p4, filters: 6, kernel: 3, padding: .same)
            ),
            ("groupPool", .groupPool()), ("{groupPool: mean}", .groupPool(.mean)),
            ("{groupPool: {mode: max}}", .groupPool(.max)),
        ]
        for (yaml, expected) in cases {
            let run = try readConfiguration(configurationText("model: {input: [28, 28, 1], layers: [ \(yaml) ]}\n"))
            #expect(run.model == .layers([expected], inputs: [ModelInput(shape: [28, 28, 1])]))
            try expectRoundTrip(run)
        }
    }

    @Test("A group that is missing or unknown is refused with its place")
    func mistakes() {
        for yaml in ["{groupConv: {filters: 6, kernel: 3}}", "{groupConv: {group: p6, filters: 6, kernel: 3}}"] {
            let text = configurationText("model: {input: [28, 28, 1], layers: [ \(yaml) ]}\n")
            let problem = configurationProblem(text) ?? "taken"
            #expect(problem.hasPrefix("configs/run.yaml:1:") && problem.contains("model.layers.0.groupConv.group"))
            #expect(problem.contains("p4, p4m"), "\(problem)")
        }
    }
}
