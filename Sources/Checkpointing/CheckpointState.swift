import Foundation

/// Named values of the training loop's collaborators, kept as JSON text so that a checkpoint needs not know their
/// types.
package struct CheckpointState: Equatable, Sendable {
    /// Key → text, as it stands in the file's metadata after the prefix `state.`.
    package var texts: [String: String]

    package init(texts: [String: String] = [:]) { self.texts = texts }

    /// Keeps `value` under `key`; numbers come back bit for bit, infinities and NaN included.
    ///
    /// Throws `CheckpointError.invalidState` if the value cannot be encoded.
    package mutating func set(_ value: some Encodable, for key: String) throws(CheckpointError) {
        texts[key] = try CheckpointState.json(value, key: key)
    }

    /// The value under `key`, `nil` when the checkpoint has none.
    ///
    /// Throws `CheckpointError.invalidState` if it is not a `Value`.
    package func value<Value: Decodable>(_ type: Value.Type, for key: String) throws(CheckpointError) -> Value? {
        guard let text = texts[key] else { return nil }
        return try CheckpointState.value(type, json: text, key: key)
    }

    /// `value` as JSON with sorted keys, so that equal values give equal text.
    static func json(_ value: some Encodable, key: String) throws(CheckpointError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        do {
            return String(decoding: try encoder.encode(value), as: UTF8.self)
        } catch {
            throw .invalidState(key: key, problem: "cannot be written as JSON: \(error)")
        }
    }

    /// The value that `json(_:key:)` wrote.
    static func value<Value: Decodable>(_ type: Value.Type, json text: String, key: String) throws(CheckpointError)
        -> Value
    {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        do {
            return try decoder.decode(type, from: Data(text.utf8))
        } catch {
            throw .invalidState(key: key, problem: "not a \(type): \(error)")
        }
    }
}
