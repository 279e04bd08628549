import Checkpointing
import Foundation
import NeuralNetwork
import System
import TensorCore

/// Tables of models' layers, for one sample.
package struct ModelSummary {
    private let models: [Model]
    /// Nil of a model without a configuration.
    private let samples: NormalizationSummary?

    /// - Parameter source: a configuration file, or the name of a ready-made model (for its usual classes).
    package init(_ source: String) throws {
        if let zoo = ZooModel.all.first(where: { $0.name == source }) {
            models = [try zoo.build()]
            samples = nil
            return
        }
        if !source.contains("/"), !source.contains("."), !FileManager.default.fileExists(atPath: source) {
            _ = try ZooModel.named(source)  // throws, with the names that there are
        }
        let configuration = try RunConfiguration(file: source)
        models = try configuration.network(for: try ModelSummary.usage(of: configuration.data)).models
        samples = NormalizationSummary(batch: configuration.batch, grain: configuration.grain)
    }

    /// What a sample consists of; opens the data only where their fields are not known without.
    private static func usage(of data: DataConfiguration) throws -> WeightsUsage {
        if let fields = data.dataset.knownFields, fields.count > 1 {
            return WeightsUsage(fields: fields, defaultInput: fields[0].name, defaultTarget: fields[1].name)
        }
        return WeightsUsage(try data.dataset.open(.train, path: data.path, imports: [:]), [])
    }

    /// The tables and their totals, a line a layer.
    package var text: String {
        models.map { text(of: $0) + (samples?.text(of: $0) ?? "") }.joined(separator: "\n")
    }

    private func text(of model: Model) -> String {
        let header = ["layer", "kind", "output", "parameters", "multiply-adds", "activation bytes"]
        let rows = model.rows.map { row in
            [
                row.name, row.kind, row.outputShape.description, row.parameters.grouped, row.multiplyAdds.grouped,
                row.activationBytes.grouped,
            ]
        }
        let total = [
            "total", "", model.outputShape.description, model.totalParameters.trained.grouped,
            model.totalOperations.multiplyAdds.grouped,
            model.rows.reduce(0) { $0 + $1.activationBytes }.grouped,
        ]
        let widths = header.indices.map { column in ([header, total] + rows).map { $0[column].count }.max() ?? 0 }
        func line(_ cells: [String]) -> String {
            let padded = zip(cells.indices, cells).map { column, cell in
                let space = String(repeating: " ", count: widths[column] - cell.count)
                return column < 3 ? cell + space : space + cell
            }
            return padded.joined(separator: "  ") + "\n"
        }
        let rule = String(repeating: "─", count: widths.reduce(0, +) + 2 * (widths.count - 1)) + "\n"
        return "\(model.name), input \(model.inputShape), per sample\n" + line(header) + rule + rows.map(line).joined()
            + rule + line(total)
    }

    /// The SHA-256 of a file's weights alone.
    package static func digest(ofFile path: String) throws -> String { try WeightsFile.read(path).weightsDigest() }
}
