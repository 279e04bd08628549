import Autograd
import ConfigurationReading
import DataPipeline
import Foundation
import NeuralNetwork
import Optimization
import TestSupport
import Testing
import Training

@Suite struct ConfigurationFileTests {
    @Test("Every configuration in configs/ loads", arguments: shippedConfigurations)
    func loads(name: String) throws {
        let run = try load(name)
        #expect("/\(name)".hasSuffix("/\(run.name).yaml"))
    }

    /// Of those whose data are files, with TRAINER_DATA only.
    @Test("Models and phases of every configuration fit its data", arguments: shippedConfigurations)
    func fits(name: String) throws {
        let environment = ProcessInfo.processInfo.environment
        let run = try load(name, environment: environment)
        guard run.data.path == nil || environment["TRAINER_DATA"] != nil else { return }
        let stand = try TemporaryDirectory()
        let path = run.data.name == "cifar10" ? try emptyCIFAR10(in: stand) : run.data.path
        let dataset = try withExtendedLifetime(stand) {
            try run.data.fitted(run.data.dataset.open(.train, path: path, imports: [:]))
        }
        let network = try run.network(for: WeightsUsage(dataset, []))
        let setup = ObjectiveSetup(
            network: network, fields: dataset.fields, defaultInput: dataset.defaultInput,
            defaultTarget: dataset.defaultTarget)
        for phase in run.phases {
            let objective = try phase.objective.make(setup)
            let set = try phase.trainedSet(network.layout, reaching: objective.models, network)
            _ = try phase.makeOptimizer(GradientLayout(network.layout, set))
        }
    }

    /// Batches without content, because the real ones are kept packed.
    private func emptyCIFAR10(in folder: TemporaryDirectory) throws -> String {
        for batch in 1...5 {
            let path = try folder.write([], to: "data_batch_\(batch).bin")
            try #require(truncate(path, 10_000 * (1 + 3 * 32 * 32)) == 0)
        }
        return folder.path
    }

    @Test("The resolved text of every configuration reads back to an equal value", arguments: shippedConfigurations)
    func roundTrip(name: String) throws {
        let run = try load(name)
        let again = try RunConfiguration(yaml: run.resolvedYAML(), file: "elsewhere.yaml", environment: [:])
        #expect(again == run)
        #expect(again.fingerprint == run.fingerprint)
    }

    @Test("The folder of configurations holds what the README promises")
    func shipped() {
        let promised: Set<String> = [
            "digits.yaml", "lenet5-mnist.yaml", "lenet5-fashion.yaml", "mlp-mnist.yaml", "resnet20-cifar10.yaml",
            "resnet18-cifar10.yaml", "vgg11-cifar10.yaml", "layers-example.yaml",
        ]
        #expect(promised.isSubset(of: Set(shippedConfigurations)))
        #expect(shippedConfigurations.contains("experiments/gate.yaml"))
    }

    @Test("The embedded default is configs/digits.yaml")
    func embeddedDefault() throws {
        let file = packageRoot.appendingPathComponent("configs/digits.yaml")
        #expect(try String(contentsOf: file, encoding: .utf8) == DefaultConfiguration.yaml)
    }

    @Test("docs/configuration.md is current; UPDATE_REFERENCE=1 in the environment rewrites it")
    func reference() throws {
        let file = packageRoot.appendingPathComponent("docs/configuration.md")
        if ProcessInfo.processInfo.environment["UPDATE_REFERENCE"] == "1" {
            try ConfigurationReference.markdown(of: RunConfiguration.self).write(
                to: file, atomically: true, encoding: .utf8)
        }
        #expect(
            try String(contentsOf: file, encoding: .utf8) == ConfigurationReference.markdown(of: RunConfiguration.self))
    }

    @Test("LeNet-5 on MNIST is the recipe that the goal was measured with")
    func recipe() throws {
        let run = try load("lenet5-mnist.yaml", environment: ["TRAINER_DATA": "/sets"])
        #expect(run.model == .zoo(name: "lenet5", ZooOptions(hidden: []), classes: nil))
        #expect(run.data.name == "mnist")
        #expect(run.data.path == "/sets/mnist")
        #expect(run.data.validation == .count(5000))
        #expect(run.data.augment == [.translate(pixels: 2)])
        #expect(run.batch == 128)
        #expect(run.grain == 32)
        #expect(run.epochs == 12)
        #expect(run.phase.optimizer.rule.isEqual(to: Momentum(momentum: 0.9)))
        #expect(run.phase.optimizer.learningRate == 0.05)
        #expect(run.phase.optimizer.weightDecay == 5e-4)
        guard case .onPlateau(let plateau) = run.phase.schedule.rule else { throw Unexpected() }
        #expect(plateau.factor == 0.5)
        #expect(plateau.patience == 1)
        #expect(plateau.rollback)
        #expect(plateau.monitor == "valError")
    }

    private struct Unexpected: Error {}

    private func load(_ name: String, environment: [String: String] = [:]) throws -> RunConfiguration {
        try RunConfiguration(
            file: packageRoot.appendingPathComponent("configs/\(name)").path, environment: environment)
    }
}
