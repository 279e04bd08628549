import Checkpointing
import Foundation
import Optimization
import Testing

/// A reference run of an optimiser: parameters a, b after 0…n steps and the gradients between, recorded from PyTorch.
struct GoldenCase: CustomTestStringConvertible, Sendable {
    let file: String
    let attributes: [String: Double]
    let rule: String
    let tolerance: Double
    let tensors: [String: [Float]]

    var testDescription: String { file }

    /// The optimiser cases in `GOLDEN_DIR`, or else among the fixtures.
    static func all() throws -> [GoldenCase] {
        let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Fixtures/golden")
        let folder = ProcessInfo.processInfo.environment["GOLDEN_DIR"].map { URL(filePath: $0) } ?? fixtures
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "safetensors" }
            .sorted { $0.lastPathComponent < $1.lastPathComponent }
            .compactMap { try GoldenCase($0) }
    }

    /// nil when the file is about another operation.
    init?(_ url: URL) throws {
        let contents = try SafetensorsFile(path: url.path)
        let object = try JSONSerialization.jsonObject(with: Data((contents.metadata["case"] ?? "{}").utf8))
        guard let description = object as? [String: Any], description["op"] as? String == "optimizer" else {
            return nil
        }
        var values: [String: Double] = [:]
        let attributes = description["attrs"] as? [String: Any] ?? [:]
        for (key, value) in attributes where key != "name" {
            guard let number = value as? NSNumber else {
                throw GoldenError("\(url.lastPathComponent): attribute \(key) is no number")
            }
            values[key] = number.doubleValue
        }
        guard let name = attributes["name"] as? String, let family = name.split(separator: "_").first,
            let tolerance = description["tolerance"] as? Double
        else { throw GoldenError("\(url.lastPathComponent): no name or tolerance") }
        file = url.lastPathComponent
        rule = String(family)
        self.attributes = values
        self.tolerance = tolerance
        tensors = try Dictionary(
            uniqueKeysWithValues: contents.tensors.map { ($0.name, try contents.floats(of: $0.name)) })
    }

    /// The rule that the case names, and the attributes that it used up.
    func makeRule() throws -> (rule: any UpdateRule, used: Set<String>) {
        func value(_ name: String, _ standard: Double) -> Double { attributes[name] ?? standard }
        switch rule {
        case "sgd", "momentum", "nesterov":
            guard let momentum = attributes["momentum"] else { return (SGD(), []) }
            return (Momentum(momentum: momentum, nesterov: value("nesterov", 0) == 1), ["momentum", "nesterov"])
        case "adagrad": return (Adagrad(epsilon: value("eps", 1e-10)), ["eps"])
        case "adadelta": return (Adadelta(decay: value("rho", 0.9), epsilon: value("eps", 1e-6)), ["rho", "eps"])
        case "rmsprop":
            return (
                RMSprop(decay: value("alpha", 0.99), epsilon: value("eps", 1e-8), momentum: value("momentum", 0)),
                ["alpha", "eps", "momentum"]
            )
        case "adam", "adamw":
            return (Adam(epsilon: value("eps", 1e-8), decouplesWeightDecay: rule == "adamw"), ["eps"])
        case "rprop": return (Rprop(), [])
        default: throw GoldenError("\(file): unknown optimiser '\(rule)'")
        }
    }
}

struct GoldenError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
