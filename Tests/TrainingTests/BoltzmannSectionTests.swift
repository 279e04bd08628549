import ConfigurationReading
import NeuralNetwork
import Testing
import Training

/// Boltzmann machines in a configuration.
@Suite struct BoltzmannSectionTests {
    @Test(
        arguments: [
            ("{rbm: 10}", .boltzmannMachine(units: 10)),
            (
                "{rbm: {units: 2, visible: gaussian, hidden: gaussian, chains: 3, initializer: {normal: 0.1}}}",
                .boltzmannMachine(
                    units: 2, visible: .gaussian, hidden: .gaussian, chains: 3, initializer: .normal(0.1))
            ),
        ] as [(String, LayerSpecification)])
    func aMachineIsALayer(text: String, expected: LayerSpecification) throws {
        let run = try readConfiguration(configurationText("model: {input: [5], layers: [\(text)]}\n"))
        try expectRoundTrip(run)
        #expect(run.model == .layers([expected], inputs: [ModelInput(shape: [5])]))
    }

    @Test(
        arguments: [
            ("contrastiveDivergence", ContrastiveDivergence()),
            (
                "{contrastiveDivergence: {model: net, of: rbm2, steps: 5, persistent: true, samplingSteps: 9}}",
                ContrastiveDivergence(
                    model: PlacedName("net"), layer: PlacedName("rbm2"), steps: 5, isPersistent: true,
                    endsWithMeans: false, samplingSteps: 9)
            ),
            ("{contrastiveDivergence: {means: false}}", ContrastiveDivergence(endsWithMeans: false)),
            (
                "{contrastiveDivergence: {persistent: true, means: true}}",
                ContrastiveDivergence(isPersistent: true, endsWithMeans: true)
            ),
        ])
    func chainsEndWithMeansUnlessTheyGoOn(text: String, expected: ContrastiveDivergence) throws {
        let run = try readConfiguration(configurationText("objective: \(text)\n"))
        try expectRoundTrip(run)
        #expect(run.phase.objective as? ContrastiveDivergence == expected)
    }

    @Test(arguments: [
        ("objective: {contrastiveDivergence: {steps: 0}}", "'objective.contrastiveDivergence.steps'"),
        ("objective: {contrastiveDivergence: {samplingSteps: 0}}", "'objective.contrastiveDivergence.samplingSteps'"),
        ("model: {input: [5], layers: [{rbm: {units: 2, visible: real}}]}", "binary, gaussian"),
        ("model: {input: [5], layers: [{rbm: {units: 2, chains: -1}}]}", "at least 0"),
    ])
    func whatMakesNoSenseIsRefusedAtItsPlace(text: String, words: String) {
        let problem = configurationProblem(configurationText(text + "\n")) ?? "none"
        #expect(problem.contains("configs/run.yaml:1:") && problem.contains(words), "\(problem)")
    }
}
