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

    @Test func denoisingNamesWhatItRestoresAndWhatRestoresIt() throws {
        let read = try #require(
            try objective("{denoising: {corruption: {masking: 0.1}, of: code1, output: restored1}}"))
        #expect(read.subject?.name == "code1" && read.output?.name == "restored1")
    }

    @Test func theCompetitiveRuleNamesItsLayer() throws {
        let run = try readConfiguration(configurationText("objective: {competitive: {of: s1, column: 3}}\n"))
        try expectRoundTrip(run)
        let rule = try #require(run.phase.objective as? Competitive)
        #expect(rule.layer.name == "s1" && rule.column == 3 && rule.model == nil)
        let usual = try readConfiguration(configurationText("objective: {competitive: {of: s1}}\n"))
        #expect((usual.phase.objective as? Competitive)?.column == 5)
        for text in ["{competitive: {column: 3}}", "{competitive: {of: s1, column: 4}}"] {
            let problem = configurationProblem(configurationText("objective: \(text)\n")) ?? "none"
            let words = text.contains("4") ? "4 has no middle" : "'objective.competitive.of'"
            #expect(problem.contains(words), "\(problem)")
        }
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
}
