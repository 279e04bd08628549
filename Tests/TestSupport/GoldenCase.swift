import Checkpointing
import Foundation

/// One reference case: an operation's inputs, output, output's gradient and inputs' gradients, in PyTorch's layouts.
///
/// The file's metadata holds under `case` a JSON object `{op, attrs, tolerance}`.
package struct GoldenCase: Sendable, CustomStringConvertible {
    /// The file's name without its extension.
    package let name: String
    /// The operation as the reference calls it, for example `conv2d`.
    package let operation: String
    package let attributes: GoldenAttributes
    /// The largest allowed difference, relative to the largest absolute reference value of the tensor.
    package let tolerance: Double
    package let file: SafetensorsFile

    package var description: String { name }

    /// Reads the case at `path`. Throws `CheckpointError`, or `DecodingError` for metadata that is not as described
    /// above.
    package init(path: String) throws {
        struct Description: Decodable {
            let op: String
            let attrs: GoldenAttributes
            let tolerance: Double
        }
        file = try SafetensorsFile(path: path)
        guard let text = file.metadata["case"] else { throw GoldenCaseError.noCase(path: path) }
        let description = try JSONDecoder().decode(Description.self, from: Data(text.utf8))
        name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
        operation = description.op
        attributes = description.attrs
        tolerance = description.tolerance
    }

    /// The folder of the cases: the environment variable `GOLDEN_DIR`, or the fixtures.
    package static var directory: String {
        ProcessInfo.processInfo.environment["GOLDEN_DIR"] ?? Fixtures.path("golden")
    }

    /// Every case of the folder, by name.
    package static func all() throws -> [GoldenCase] {
        let names = try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
        return try names.filter { $0.hasSuffix(".safetensors") }.map { try GoldenCase(path: directory + "/" + $0) }
    }

    /// The case called `name` in the same folder.
    package static func named(_ name: String) throws -> GoldenCase {
        try GoldenCase(path: directory + "/\(name).safetensors")
    }
}

/// Why a file is no reference case.
package enum GoldenCaseError: Error, Equatable, CustomStringConvertible {
    case noCase(path: String)
    case attribute(String, expected: String)

    package var description: String {
        switch self {
        case .noCase(let path): "\(path): its metadata has no `case`; write one with op, attrs and tolerance"
        case .attribute(let name, let expected):
            "attribute `\(name)` is missing or not \(expected); correct the case's attrs"
        }
    }
}

/// The attributes of a case, read by name and type.
package struct GoldenAttributes: Sendable, Decodable {
    private enum Value: Decodable, Sendable {
        case boolean(Bool), number(Double), text(String), list([Double]), null

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if container.decodeNil() {
                self = .null
            } else if let value = try? container.decode(Bool.self) {
                self = .boolean(value)
            } else if let value = try? container.decode(Double.self) {
                self = .number(value)
            } else if let value = try? container.decode([Double].self) {
                self = .list(value)
            } else {
                self = .text(try container.decode(String.self))
            }
        }
    }

    private let values: [String: Value]

    package init(from decoder: any Decoder) throws {
        values = try decoder.singleValueContainer().decode([String: Value].self)
    }

    package func number(_ name: String, default value: Double? = nil) throws -> Double {
        if case .number(let number)? = values[name] { return number }
        guard let value, values[name] == nil else { throw GoldenCaseError.attribute(name, expected: "a number") }
        return value
    }

    package func integer(_ name: String, default value: Int? = nil) throws -> Int {
        Int(try number(name, default: value.map(Double.init)))
    }

    package func boolean(_ name: String, default value: Bool? = nil) throws -> Bool {
        if case .boolean(let boolean)? = values[name] { return boolean }
        guard let value, values[name] == nil else { throw GoldenCaseError.attribute(name, expected: "true or false") }
        return value
    }

    /// A pair (height, width), which a single number stands for too.
    package func pair(_ name: String, default value: Int? = nil) throws -> [Int] {
        if case .list(let list)? = values[name], list.count == 2 { return list.map { Int($0) } }
        let extent = try integer(name, default: value)
        return [extent, extent]
    }
}
