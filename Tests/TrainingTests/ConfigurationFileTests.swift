import ConfigurationReading
import DataPipeline
import Foundation
import NeuralNetwork
import TensorCore
import Testing
import Training

@Suite struct ConfigurationFileTests {
    @Test("Every configuration in configs/ loads", arguments: shippedConfigurations)
    func loads(name: String) throws {
        let run = try load(name)
        #expect(run.name == name.dropLast(5))
    }

    @Test("The model of every configuration fits its data", arguments: shippedConfigurations)
    func models(name: String) throws {
        let run = try load(name)
        let input: Shape =
            if case .layers(_, let input) = run.model { Shape(input) } else { Shape(run.data.name.sampleShape) }
        let model = try Model(name: run.name, input: input, layers: run.model.layers(classes: 10))
        #expect(model.rows.last?.outputShape == [10])
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
        #expect(run.model == .zoo(.lenet5, .init()))
        #expect(run.data.name == .mnist)
        #expect(run.data.path == "/sets/mnist")
        #expect(run.data.validation == .count(5000))
        #expect(run.data.augment == [.translate(pixels: 2)])
        #expect(run.batch == 128)
        #expect(run.grain == 32)
        #expect(run.epochs == 12)
        #expect(run.optimizer.rule == .sgd(momentum: 0.9, nesterov: false))
        #expect(run.optimizer.learningRate == 0.05)
        #expect(run.optimizer.weightDecay == 5e-4)
        guard case .onPlateau(let plateau) = run.schedule.rule else { throw Unexpected() }
        #expect(plateau.factor == 0.5)
        #expect(plateau.patience == 1)
        #expect(plateau.rollback)
        #expect(plateau.monitor == .valError)
    }

    private struct Unexpected: Error {}

    private func load(_ name: String, environment: [String: String] = [:]) throws -> RunConfiguration {
        try RunConfiguration(
            file: packageRoot.appendingPathComponent("configs/\(name)").path, environment: environment)
    }
}
