import ConfigurationReading
import DataPipeline
import NeuralNetwork
import System

extension ZooModel {
    /// The ready-made model of that name. Throws `UnknownModel`.
    package static func named(_ name: String) throws -> ZooModel {
        if let model = ZooModel(rawValue: name) { return model }
        throw UnknownModel(name: name, nearest: nearestName(to: name, among: allCases.map(\.rawValue)))
    }
}

/// A name that no ready-made model has.
package struct UnknownModel: Error, Equatable, CustomStringConvertible {
    package let name: String
    package let nearest: String?

    package var description: String {
        let hint = nearest.map { "did you mean '\($0)'? There are" } ?? "there are"
        return "no model is named '\(name)'; \(hint): \(ZooModel.allCases.map(\.rawValue).joined(separator: ", "))"
    }
}
