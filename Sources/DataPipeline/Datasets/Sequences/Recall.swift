import ConfigurationReading
import Kernels
import TensorCore

/// Remembering: the class of a sequence is its first symbol; those that follow say nothing. How long a network can wait
/// for what it is asked shows how far back its gradient reaches (Bengio, Simard and Frasconi 1994).
///
/// Classes are balanced: sample i is of class i mod `classes`.
package struct Recall: DrawnTask {
    package static let name = "recall"
    package static let documentation =
        "Sequences whose class is their first symbol, with others behind it that say nothing: fields `tokens` and "
        + "`label`."
    package let defaultInput = "tokens"
    package let defaultTarget = "label"

    /// The steps between the symbol and the end.
    package let lag: Int
    package let classes: Int
    /// The different symbols that can follow.
    package let distractors: Int

    package init(lag: Int, classes: Int = 4, distractors: Int = 4) {
        self.lag = lag
        self.classes = classes
        self.distractors = distractors
    }

    package init(from reader: ConfigurationReader) {
        lag = reader.value(
            "lag", .integer(in: 0..., atMost: 100_000), default: 20,
            "Steps between the symbol to remember and the end of the sequence.")
        classes = reader.value(
            "classes", .integer(in: 2...1000), default: 4, "Different symbols that a sequence can begin with.")
        distractors = reader.value(
            "distractors", .integer(in: 1...1000), default: 4, "Different symbols that can follow.")
    }

    package var identity: String { "\(lag) \(classes) \(distractors)" }

    package var fields: [FieldDescription] {
        let names = (0..<classes).map { "class \($0)" }
        return [
            FieldDescription(
                name: "tokens", elementType: .int32, shape: [lag + 1],
                meaning: .tokens(vocabulary: names + (0..<distractors).map { "other \($0)" })),
            FieldDescription(name: "label", elementType: .int32, shape: [], meaning: .classes(names: names)),
        ]
    }

    package func draw(_ sample: DrawnSample, field: Int, into buffer: UnsafeMutableBufferPointer<Int32>) {
        buffer[0] = Int32(sample.index % classes)
        guard field == 0 else { return }
        for step in 1..<max(buffer.count, 1) {
            buffer[step] = Int32(classes + sample.key.integer(at: UInt64(step), below: distractors))
        }
    }
}
