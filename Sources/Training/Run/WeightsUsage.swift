import Checkpointing
import DataPipeline
import Foundation
import TensorCore

/// What somebody who has trained weights must know to use them without the data set; it is stored with them.
package struct WeightsUsage: Codable, Equatable, Sendable {
    /// What a sample consists of: names, shapes, classes or vocabulary.
    package var fields: [FieldDescription]
    /// How raw values become what the models get.
    package var preprocessing: [FieldPreprocessing]
    /// The field that a model usually takes, and the one that it usually predicts.
    package var defaultInput: String
    package var defaultTarget: String?
    /// Whether samples continue each other, so that models carry state along them.
    package var isSequence: Bool
    /// Whether samples are nodes of a graph; nil for not.
    package var isGraph: Bool?
    /// How many training samples have each class, of fields whose classes a loss balances; nil where none does.
    package var classCounts: [String: [Int]]?

    /// The key in the files' metadata, and in a checkpoint's state.
    package static let key = "usage"

    init(fields: [FieldDescription], defaultInput: String, defaultTarget: String?) {
        self.fields = fields
        self.defaultInput = defaultInput
        self.defaultTarget = defaultTarget
        preprocessing = []
        isSequence = false
    }

    package init(_ dataset: any Dataset, _ preprocessing: [FieldPreprocessing]) {
        fields = dataset.fields
        self.preprocessing = preprocessing
        defaultInput = dataset.defaultInput
        defaultTarget = dataset.defaultTarget
        isSequence = dataset.isSequence
        isGraph = dataset.source.nodes == nil ? nil : true
    }

    /// As text, the same on every rank and machine.
    func text() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    /// What a weights file or a checkpoint says; nil where it says nothing.
    ///
    /// - Throws: `TrainingError.damagedUsage`.
    init?(_ file: SafetensorsFile, path: String) throws {
        guard let text = file.metadata[WeightsUsage.key] ?? file.metadata["state." + WeightsUsage.key]
        else { return nil }
        do {
            self = try JSONDecoder().decode(WeightsUsage.self, from: Data(text.utf8))
        } catch {
            throw TrainingError.damagedUsage(path: path, reason: "\(error)")
        }
    }

    /// The field of that name; nil where there is none.
    package func field(_ name: String?) -> FieldDescription? { fields.first { $0.name == name } }
}
