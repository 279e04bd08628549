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
        let contents = try MinimalFloatSafetensors(Data(contentsOf: url), name: url.lastPathComponent)
        let object = try JSONSerialization.jsonObject(with: Data((contents.metadata["case"] ?? "{}").utf8))
        guard let description = object as? [String: Any], description["op"] as? String == "optimizer" else { return nil }
        var values: [String: Double] = [:]
        let attributes = description["attrs"] as? [String: Any] ?? [:]
        for (key, value) in attributes where key != "name" {
            guard let number = value as? NSNumber else { throw GoldenError("\(url.lastPathComponent): attribute \(key) is no number") }
            values[key] = number.doubleValue
        }
        guard let name = attributes["name"] as? String, let family = name.split(separator: "_").first,
            let tolerance = description["tolerance"] as? Double
        else { throw GoldenError("\(url.lastPathComponent): no name or tolerance") }
        file = url.lastPathComponent
        rule = String(family)
        self.attributes = values
        self.tolerance = tolerance
        tensors = contents.tensors
    }

    /// The rule that the case names, and the attributes that it used up.
    func makeRule() throws -> (rule: any UpdateRule, used: Set<String>) {
        func value(_ name: String, _ standard: Double) -> Double { attributes[name] ?? standard }
        switch rule {
        case "sgd", "momentum", "nesterov":
            guard let momentum = attributes["momentum"] else { return (SGD(), []) }
            return (try Momentum(momentum: momentum, nesterov: value("nesterov", 0) == 1), ["momentum", "nesterov"])
        case "adagrad": return (try Adagrad(epsilon: value("eps", 1e-10)), ["eps"])
        case "adadelta": return (try Adadelta(decay: value("rho", 0.9), epsilon: value("eps", 1e-6)), ["rho", "eps"])
        case "rmsprop":
            return (
                try RMSprop(decay: value("alpha", 0.99), epsilon: value("eps", 1e-8), momentum: value("momentum", 0)),
                ["alpha", "eps", "momentum"]
            )
        case "adam", "adamw":
            return (try Adam(epsilon: value("eps", 1e-8), decouplesWeightDecay: rule == "adamw"), ["eps"])
        case "rprop": return (try Rprop(), [])
        default: throw GoldenError("\(file): unknown optimiser '\(rule)'")
        }
    }
}

/// The F32 tensors and the metadata of a safetensors file; just enough for these fixtures.
private struct MinimalFloatSafetensors {
    var metadata: [String: String] = [:]
    var tensors: [String: [Float]] = [:]

    init(_ data: Data, name: String) throws {
        let bytes = [UInt8](data)
        guard bytes.count >= 8 else { throw GoldenError("\(name): too short") }
        let length = (0..<8).reduce(0) { $0 | Int(bytes[$1]) << (8 * $1) }
        guard length > 0, 8 + length <= bytes.count,
            let header = try JSONSerialization.jsonObject(with: Data(bytes[8..<8 + length])) as? [String: Any]
        else { throw GoldenError("\(name): no header") }
        for (key, value) in header {
            if key == "__metadata__" {
                metadata = value as? [String: String] ?? [:]
                continue
            }
            guard let entry = value as? [String: Any], entry["dtype"] as? String == "F32",
                let offsets = entry["data_offsets"] as? [Int], offsets.count == 2, offsets[0] <= offsets[1],
                8 + length + offsets[1] <= bytes.count
            else { throw GoldenError("\(name): tensor \(key) is not F32 inside the file") }
            tensors[key] = stride(from: 8 + length + offsets[0], to: 8 + length + offsets[1], by: 4).map { at in
                Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[at + $1]) << UInt32(8 * $1) })
            }
        }
    }
}

struct GoldenError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
