import Foundation
import NeuralNetwork
import Testing
import Training

/// The package's folder, for tests of files beside the sources.
let packageRoot = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// The names of the files in configs/ and below it in experiments/, as `digits.yaml` and `experiments/depth.yaml`.
let shippedConfigurations: [String] = ["", "experiments/"].flatMap { part in
    let folder = packageRoot.appendingPathComponent("configs/\(part)").path
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []  // An empty list fails a test.
    return names.filter { $0.hasSuffix(".yaml") }.sorted().map { part + $0 }
}

extension RunConfiguration {
    /// The only model.
    var model: ModelConfiguration { models[0].model }
    /// The only phase.
    var phase: PhaseConfiguration { phases[0] }
    /// The losses of the only phase.
    var losses: [LossTerm] { (phase.objective as? SupervisedSpecification)?.losses ?? [] }
}

/// Lines that every configuration needs; a test adds its own or replaces some.
let minimalLines = [
    "model": "lenet5", "data": "digits", "batch": "64", "epochs": "2", "optimizer": "{name: sgd, learningRate: 0.1}",
]

/// A complete configuration in a fixed order, the given keys first.
func configurationText(_ first: String, without: Set<String> = []) -> String {
    let given = Set(
        first.split(separator: "\n").filter { !$0.hasPrefix(" ") }.compactMap {
            $0.split(separator: ":").first.map(String.init)
        })
    let rest = ["model", "data", "batch", "epochs", "optimizer"].filter { !given.contains($0) && !without.contains($0) }
    return first + rest.map { "\($0): \(minimalLines[$0] ?? "")\n" }.joined()
}

/// Reads a configuration as a file named `run.yaml` with a known environment.
func readConfiguration(_ yaml: String, overrides: [String] = []) throws -> RunConfiguration {
    try RunConfiguration(
        yaml: yaml, file: "configs/run.yaml", overrides: overrides, environment: ["DEPTH": "3", "EMPTY": ""])
}

/// The text of the error that reading gives, or nil when it succeeds.
func configurationProblem(_ yaml: String, overrides: [String] = []) -> String? {
    do {
        _ = try readConfiguration(yaml, overrides: overrides)
        return nil
    } catch {
        return "\(error)"
    }
}

/// The resolved configuration, which a run directory keeps, must mean what the given one does.
func expectRoundTrip(_ run: RunConfiguration) throws {
    let again = try RunConfiguration(yaml: run.resolvedYAML(), file: "other.yaml", environment: [:])
    #expect(again == run)
}
