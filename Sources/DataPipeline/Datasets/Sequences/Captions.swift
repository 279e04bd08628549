import ConfigurationReading
import Kernels
import TensorCore

/// Pictures of digits side by side, with what they say in words: one image, several words.
///
/// Fields are `image` [28, 28 · digits, 1]; `target`, the words and an end; and `previous`, what a decoder has written
/// before each of them: a start and the words. Both have an axis that varies, as those of ``Strings`` have, although
/// every caption is equally long.
package struct Captions: DrawnTask {
    package static let name = "captions"
    package static let documentation =
        "Pictures of drawn digits side by side with their names: fields `image`, `previous` (a start, then the words) "
        + "and `target` (the words, then an end)."
    package static let things = "pictures"
    package let defaultInput = "image"
    package let defaultTarget = "target"

    /// Of a picture.
    package let digits: Int

    package init(digits: Int = 2) { self.digits = digits }

    package init(from reader: ConfigurationReader) {
        digits = reader.value("digits", .integer(in: 1...16), default: 2, "Digits of a picture.")
    }

    static let words = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]

    package var identity: String { "\(digits)" }

    package var fields: [FieldDescription] {
        let side = StrokeCanvas.side
        return [
            FieldDescription(
                name: "image", elementType: .float32, shape: [side, side * digits, 1],
                meaning: .pixels(scale: 255, background: 0))
        ]
            + ["previous", "target"].map { name in
                FieldDescription(
                    name: name, elementType: .int32, shape: [digits + 1], variableAxis: 0,
                    meaning: .written(words: Captions.words))
            }
    }

    package func draw(_ sample: DrawnSample, field: Int, into buffer: UnsafeMutableBufferPointer<Int32>) {
        let first = field == 1 ? 1 : 0
        if field == 1 { buffer[0] = Int32(Captions.words.count) }
        for place in 0..<digits { buffer[first + place] = Int32(digit(place, sample)) }
        if field == 2 { buffer[digits] = Int32(Captions.words.count + 1) }
    }

    package func draw(_ sample: DrawnSample, pixels: UnsafeMutableBufferPointer<UInt8>) {
        let side = StrokeCanvas.side
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: side * side) { one in
            one.initialize(repeating: 0)
            for place in 0..<digits {
                DigitDrawing.draw(digit(place, sample), key: sample.key.folding(place), into: one)
                for row in 0..<side {
                    let start = (row * digits + place) * side
                    for column in 0..<side { pixels[start + column] = one[row * side + column] }
                }
            }
        }
    }

    private func digit(_ place: Int, _ sample: DrawnSample) -> Int {
        sample.key.folding(name: "digits").integer(at: UInt64(place), below: 10)
    }
}
