import ConfigurationReading
import NeuralNetwork
import Testing
import Training

/// Objectives in a configuration.
@Suite struct ObjectiveSectionTests {
    private func objective(_ text: String) throws -> Denoising? {
        let run = try readConfiguration(configurationText("objective: \(text)\n"))
        try expectRoundTrip(run)
        return run.phase.objective as? Denoising
    }

    @Test(
        arguments: [
            ("{masking: 0.3}", .masking(probability: 0.3)),
            ("{saltAndPepper: {probability: 0.2, low: -1}}", .saltAndPepper(probability: 0.2, low: -1, high: 1)),
            ("{saltAndPepper: 0.2}", .saltAndPepper(probability: 0.2, low: 0, high: 1)),
            ("{gaussian: {deviation: 0.5}}", .gaussian(deviation: 0.5)),
        ] as [(String, Corruption)])
    func aCorruptionIsOneOfThreeWithANumber(text: String, corruption: Corruption) throws {
        let read = try #require(try objective("{denoising: {corruption: \(text)}}"))
        #expect(read.corruption == corruption)
        #expect(read.loss == LossTerm(MeanSquaredErrorLoss()) && read.model == nil)
    }

    @Test func denoisingTakesALossAsItStandsElsewhere() throws {
        let read = try #require(
            try objective("{denoising: {corruption: {gaussian: 1}, loss: {hinge: {margin: 2}, weight: 3}}}"))
        #expect(read.loss == LossTerm(HingeLoss(margin: 2), weight: 3))
    }

    @Test(arguments: [
        ("denoising", "'objective.denoising.corruption'"),
        ("{denoising: {corruption: {blur: 1}}}", "masking, saltAndPepper, gaussian"),
        ("{denoising: {corruption: {masking: 1.5}}}", "a number from 0 to 1"),
        ("{denoising: {corruption: {gaussian: 0}}}", "a number above 0"),
        ("{denoising: {corruption: masking}}", "masking"),
    ])
    func aCorruptionThatIsNoneIsRefusedAtItsPlace(text: String, words: String) {
        let problem = configurationProblem(configurationText("objective: \(text)\n")) ?? "none"
        #expect(problem.contains("configs/run.yaml:1:") && problem.contains(words), "\(problem)")
    }

    /// Two models of a generative adversarial network that alternate, and more lines.
    private func adversaries(_ more: String, generator: String = "ganGenerator") -> String {
        let optimizer = "optimizer: {name: adam, learningRate: 0.001, clipWeights: 0.01}"
        return """
            models:
              generator: {input: [4], layers: [{linear: 784}]}
              discriminator: {input: [784], layers: [{linear: 1}]}
            data: digits
            batch: 64
            epochs: 2
            order: alternating
            phases:
              - {name: discriminator, steps: 5, objective: {ganDiscriminator: {loss: wasserstein}}, \(optimizer)}
              - {name: generator, objective: \(generator), \(optimizer)}
            \(more)

            """
    }

    @Test func anAdversarialNetworkNamesItsLossItsJudgeAndWhenItEnds() throws {
        let run = try readConfiguration(
            adversaries(
                "stop: {near: {monitor: valDiscriminatorAccuracy, within: 0.1}}\nstart: {weights: a.safetensors, "
                    + "model: judge}",
                generator: "{ganGenerator: {loss: wasserstein, judge: {model: judge, features: f2}}}"))
        try expectRoundTrip(run)
        #expect(run.phases[0].optimizer.clipWeights == 0.01 && run.phases[0].length == .steps(5))
        #expect(run.stop?.near?.value == 0.5 && run.stop?.near?.validations == 2 && run.stop?.trainLoss == nil)
        #expect(run.start?.model?.name == "judge")
    }

    @Test(arguments: [
        ("stop: {}", "ganGenerator", "'stop'"),
        ("stop: {trainLoss: 1}", "ganGenerator", "'stop.trainLoss'"),
        ("stop: {near: {within: 0.1}}", "ganGenerator", "'stop.near.monitor'"),
        ("seed: 1", "{ganGenerator: {loss: hinge}}", "nonSaturating, wasserstein"),
        ("seed: 1", "{ganGenerator: {judge: lenet}}", "start: {weights: runs/NAME/final.safetensors, model: lenet}."),
        ("seed: 1", "{ganGenerator: {judge: {features: f2}}}", "'phases.1.objective.ganGenerator.judge.model'"),
    ])
    func whatAnAdversarialNetworkCannotHaveIsRefusedAtItsPlace(more: String, generator: String, words: String) {
        let problem = configurationProblem(adversaries(more, generator: generator)) ?? "none"
        #expect(problem.contains("configs/run.yaml:") && problem.contains(words), "\(problem)")
    }
}
