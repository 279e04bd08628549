import Autograd
import NeuralNetwork
import Optimization
import Testing
import Training

/// What a configuration makes of its optimizer section for a model's parameters.
@Suite struct OptimizerSettingsTests {
    /// The settings of each parameter of LeNet-5 by name.
    private func settings(_ optimizer: String, more: String = "") throws -> ([String: GroupSettings], Optimizer) {
        let run = try readConfiguration(configurationText("optimizer: \(optimizer)\n" + more))
        let zoo = ZooModel.lenet5
        let model = try Model(
            name: "lenet5", input: zoo.inputShape, layers: zoo.layers(ZooOptions(classes: zoo.usualClasses)))
        let made = try run.phase.makeOptimizer(GradientLayout(model.layout, .all(model.layout)))
        return (Dictionary(uniqueKeysWithValues: zip(made.groups.spans.map(\.name), made.groups.settings)), made)
    }

    @Test("a set in a pattern stands for one of its characters")
    func sets() throws {
        let (plain, _) = try settings("{name: sgd, learningRate: 0.1}")
        let layers = Set(plain.keys.map { String($0.prefix { $0 != "." }) }).sorted()
        let (first, second) = (layers[0], layers[1])
        try #require(first.dropLast() == second.dropLast(), "\(layers)")
        let pattern = "\(first.dropLast())[\(first.suffix(1))\(second.suffix(1))].*"
        let (grouped, _) = try settings(
            "{name: sgd, learningRate: 0.1, groups: [ {match: \"\(pattern)\", learningRateFactor: 0.5} ]}")
        for (name, settings) in grouped {
            let isMatched = name.hasPrefix(first + ".") || name.hasPrefix(second + ".")
            #expect(settings.learningRateFactor == (isMatched ? 0.5 : 1), "\(name)")
        }
    }

    @Test("l1 is the optimizer's, or the group's")
    func l1() throws {
        let (settings, _) = try settings(
            "{name: sgd, learningRate: 0.1, l1: 1e-4, groups: [ {match: \"*.bias\", l1: 0} ]}")
        for (name, settings) in settings { #expect(settings.l1 == (name.hasSuffix(".bias") ? 0 : 1e-4), "\(name)") }
    }

    @Test("clipping is by norm or by value, not both")
    func clipping() throws {
        let optimizer = "{name: sgd, learningRate: 0.1}"
        #expect(try settings(optimizer).1.clipping == .none)
        #expect(try settings(optimizer, more: "clipValue: 0.5\n").1.clipping == .value(limit: 0.5))
        #expect(try settings(optimizer, more: "clipNorm: 2\n").1.clipping == .globalNorm(maximum: 2))
        let problem = configurationProblem(configurationText("clipNorm: 2\nclipValue: 0.5\n"))
        #expect(problem?.contains("'clipNorm' and 'clipValue', which exclude each other") == true)
    }

    @Test("what is measured, a batch that is too large and early stopping without validation are checked")
    func refusals() throws {
        #expect(
            configurationProblem(configurationText("batch: 16777217\ngrain: 1000\n"))?.contains(
                "more than 16777216, up to which the sums of a step are exact") == true)
        #expect(
            configurationProblem(configurationText("metrics: [accuracy, accuracy]\n"))?.contains("named twice") == true)
        #expect(
            configurationProblem(configurationText("metrics: [sharpness]\n"))?.contains("top5Error") == true)
        #expect(
            configurationProblem(
                configurationText("data: {name: digits, validation: 0}\nearlyStopping: {patience: 2}\n"))?.contains(
                    "earlyStopping") == true)
    }
}
