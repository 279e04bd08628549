import ConfigurationReading
import TensorCore

/// The four cases of a function of two truth values, for training and for the test: what a single neuron can learn, and
/// for exclusive or can't (Minsky and Papert 1969).
package struct TruthTable: DatasetFactory {
    package static let name = "truthTable"
    package static let documentation =
        "The four cases of a function of two truth values: fields `point` (x and y, 0 or 1) and `label`."
    package static let location = DatasetLocation.nowhere
    package var knownFields: [FieldDescription]? { DrawnPoints.declaredFields }

    package let function: Function

    /// A function of two truth values; raw values are the names in configurations.
    package enum Function: String, CaseIterable, Sendable {
        case and, or, nand, nor, xor

        /// Its value, as the class 1 or 0.
        package func callAsFunction(_ x: Bool, _ y: Bool) -> Int {
            let value =
                switch self {
                case .and: x && y
                case .or: x || y
                case .nand: !(x && y)
                case .nor: !(x || y)
                case .xor: x != y
                }
            return value ? 1 : 0
        }
    }

    package init(function: Function) { self.function = function }

    package func open(
        _ split: DatasetSplit, path: String?, imports: [String: SharedBytes.Export]
    ) -> any Dataset { Cases(name: "\(Self.name)/\(split.rawValue)", function: function) }

    /// Opens a table whose header names the columns x and y.
    package func openSamples(_ path: String, field: FieldDescription) throws(DataError) -> any UnlabelledSamples {
        try openTable(path, field: field)
    }

    /// Case i has x = i mod 2 and y = i / 2.
    private struct Cases: Dataset {
        let name: String
        let function: Function
        let count = 4
        let fields = DrawnPoints.declaredFields
        let defaultInput = "point"
        let defaultTarget: String? = "label"

        var fingerprint: UInt64 {
            var hash = Fingerprint()
            hash.feed("\(name) \(function.rawValue)")
            return hash.value
        }

        func read(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Float>) {
            precondition(field == 0 && buffer.count == 2, "\(name): field \(field) is not \(buffer.count) floats")
            (buffer[0], buffer[1]) = (Float(index % 2), Float(index / 2))
        }

        func readIntegers(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Int32>) {
            precondition(field == 1, "\(name): field \(field) is not the label")
            buffer[0] = Int32(function(index % 2 == 1, index / 2 == 1))
        }
    }
}

/// `{name: truthTable, function: xor}`
extension TruthTable {
    package init(from reader: ConfigurationReader) {
        self.init(
            function: reader.required(
                "function", .choice(of: Function.self), "Which function of x and y the label is."))
    }
}
