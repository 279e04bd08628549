import ConfigurationReading
import Kernels
import TensorCore

/// Strings to be reversed, sorted or copied, for an encoder and a decoder.
///
/// Fields are `source`, the string; `target`, the answer and an end; and `previous`, what a decoder has written before
/// each word of the target: a start and the answer. All three vary in length and share a vocabulary: the letters, then
/// `FieldMeaning.startWord` and `endWord`. Lengths are drawn first, so that all are equally frequent but for what the
/// next sentence takes away.
///
/// No string is in both parts: a hash of the string decides which one it belongs to, one in five to the test, and a
/// string of the other part is drawn again.
package struct Strings: DrawnTask {
    package static let name = "strings"
    package static let documentation =
        "Random strings with the answer that a decoder is to write: fields `source`, `previous` (a start, then the "
        + "answer) and `target` (the answer, then an end). No string of the test is one for training."
    package static let things = "strings"
    package let defaultInput = "source"
    package let defaultTarget = "target"

    /// What is to be done; raw values are the names in configurations.
    package enum Answer: String, CaseIterable, Sendable {
        case reverse, sort, copy
    }

    package let answer: Answer
    /// The number of different letters.
    package let alphabet: Int
    package let shortest: Int
    package let longest: Int

    package init(_ answer: Answer, alphabet: Int = 10, shortest: Int = 1, longest: Int = 12) {
        self.answer = answer
        self.alphabet = alphabet
        self.shortest = shortest
        self.longest = longest
    }

    package init(from reader: ConfigurationReader) {
        answer = reader.required(
            "answer", .choice(of: Answer.self), "What the decoder is to write: the string reversed, sorted or as it is."
        )
        alphabet = reader.value("alphabet", .integer(in: 2...26), default: 10, "Different letters.")
        shortest = reader.value("shortest", .integer(in: 1...1000), default: 1, "Letters of the shortest string.")
        longest = reader.value(
            "longest", .integer(in: 1...1000), default: .plain(String(max(12, shortest))),
            shown: "12, or `shortest`", "Letters of the longest string.")
        if longest < shortest {
            reader.refuse("longest", because: "\(longest) is less than the shortest, \(shortest); make it larger.")
        } else if differentStrings < Strings.fewest {
            reader.refuse(
                "longest",
                because: "there are only \(Int(differentStrings)) different strings, too few for a test of others; "
                    + "allow longer ones or more letters.")
        }
    }

    /// Of fewer strings the test could have none.
    private static let fewest = 1000.0

    private var differentStrings: Double {
        (shortest...max(shortest, longest)).reduce(0) { total, length in
            (0..<length).reduce(1) { power, _ in min(power * Double(alphabet), 1e18) } + total
        }
    }

    package var identity: String { "\(answer.rawValue) \(alphabet) \(shortest) \(longest)" }

    package var fields: [FieldDescription] {
        let letters = (0..<alphabet).map { String(Unicode.Scalar(UInt8(ascii: "a") + UInt8($0))) }
        return [("source", 0), ("previous", 1), ("target", 1)].map { name, more in
            FieldDescription(
                name: name, elementType: .int32, shape: [longest + more], variableAxis: 0,
                meaning: .written(words: letters))
        }
    }

    package func length(_ sample: DrawnSample, field: Int) -> Int {
        withLetters(sample) { $0.count } + (field == 0 ? 0 : 1)
    }

    package func draw(_ sample: DrawnSample, field: Int, into buffer: UnsafeMutableBufferPointer<Int32>) {
        withLetters(sample) { letters in
            if field > 0 { arrange(letters) }
            let first = field == 1 ? 1 : 0
            if field == 1 { buffer[0] = Int32(alphabet) }
            for (place, letter) in letters.enumerated() { buffer[first + place] = letter }
            if field == 2 { buffer[letters.count] = Int32(alphabet + 1) }
        }
    }

    /// Makes the answer of a string.
    private func arrange(_ letters: UnsafeMutableBufferPointer<Int32>) {
        var letters = letters
        switch answer {
        case .copy: break
        case .reverse: letters.reverse()
        case .sort:
            for place in letters.indices.dropFirst() {  // insertion, without memory of its own
                var hole = place
                while hole > 0, letters[hole - 1] > letters[hole] {
                    letters.swapAt(hole - 1, hole)
                    hole -= 1
                }
            }
        }
    }

    /// Calls `body` with the sample's string.
    private func withLetters<Result>(
        _ sample: DrawnSample, _ body: (UnsafeMutableBufferPointer<Int32>) -> Result
    ) -> Result {
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: longest) { room in
            var numbers = NumberStream(key: sample.key)
            while true {
                let length = shortest + numbers.integer(below: longest - shortest + 1)
                let letters = UnsafeMutableBufferPointer(rebasing: room[..<length])
                for place in 0..<length {
                    letters.initializeElement(at: place, to: Int32(numbers.integer(below: alphabet)))
                }
                if Strings.part(of: letters) == sample.split { return body(letters) }
            }
        }
    }

    /// The part that a string belongs to, whoever draws it.
    private static func part(of letters: UnsafeMutableBufferPointer<Int32>) -> DatasetSplit {
        var key = RandomKey(seed: 0).folding(.split)
        for letter in letters { key = key.folding(Int(letter)) }
        return key.integer(at: 0, below: 5) == 0 ? .test : .train
    }
}
