import ConfigurationReading
import Kernels
import TensorCore

/// Opinions made of words, of which the order counts: fields `words`, of varying length, and `label`.
///
/// A good word counts 1, a bad one −1; `very` before it doubles that, `not` turns it round, also before `very`; both
/// hold for the next word alone, and the other words say nothing. The label is whether the sum is above or below 0. A
/// sum of 0 does not occur, and classes are balanced: sample i is of class i mod 2.
package struct Opinions: DrawnTask {
    package static let name = "opinions"
    package static let documentation =
        "Made-up opinions of good, bad and other words, with `not` and `very` before them: fields `words`, of varying "
        + "length, and `label`, whether it is favourable."
    package static let things = "opinions"
    package let defaultInput = "words"
    package let defaultTarget = "label"

    package let shortest: Int
    package let longest: Int

    package init(shortest: Int = 3, longest: Int = 20) {
        self.shortest = shortest
        self.longest = longest
    }

    package init(from reader: ConfigurationReader) {
        shortest = reader.value("shortest", .integer(in: 1...1000), default: 3, "Words of the shortest opinion.")
        longest = reader.value(
            "longest", .integer(in: 1...1000), default: .plain(String(max(20, shortest))),
            shown: "20, or `shortest`", "Words of the longest opinion.")
        if longest < shortest {
            reader.refuse("longest", because: "\(longest) is less than the shortest, \(shortest); make it larger.")
        }
    }

    static let (not, very) = ("not", "very")
    static let good = ["good", "great", "lovely", "funny", "clever"]
    static let bad = ["bad", "poor", "dull", "sad", "silly"]
    static let other = ["the", "film", "was", "and", "a", "story", "of", "it", "ending", "music"]
    static let vocabulary = [not, very] + good + bad + other

    package var identity: String { "\(shortest) \(longest)" }

    package var fields: [FieldDescription] {
        [
            FieldDescription(
                name: "words", elementType: .int32, shape: [longest], variableAxis: 0,
                meaning: .tokens(vocabulary: Opinions.vocabulary)),
            FieldDescription(
                name: "label", elementType: .int32, shape: [],
                meaning: .classes(names: ["unfavourable", "favourable"])),
        ]
    }

    package func length(_ sample: DrawnSample, field: Int) -> Int {
        var numbers = NumberStream(key: sample.key)
        return length(&numbers)
    }

    private func length(_ numbers: inout NumberStream) -> Int {
        shortest + numbers.integer(below: longest - shortest + 1)
    }

    package func draw(_ sample: DrawnSample, field: Int, into buffer: UnsafeMutableBufferPointer<Int32>) {
        if field == 1 {
            buffer[0] = Int32(sample.index % 2)
        } else {
            withWords(sample) { words in for (place, word) in words.enumerated() { buffer[place] = word } }
        }
    }

    private func withWords<Result>(
        _ sample: DrawnSample, _ body: (UnsafeMutableBufferPointer<Int32>) -> Result
    ) -> Result {
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: longest) { room in
            var numbers = NumberStream(key: sample.key)
            let length = length(&numbers)
            let words = UnsafeMutableBufferPointer(rebasing: room[..<length])
            // Of single words one in seven is right, of longer opinions more.
            while true {
                for place in 0..<length { words.initializeElement(at: place, to: Opinions.word(&numbers)) }
                let sum = Opinions.sum(words)
                if sum != 0, (sum > 0) == (sample.index % 2 == 1) { return body(words) }
            }
        }
    }

    /// A word: in three of ten cases one with a value, in two of ten `not` or `very`.
    private static func word(_ numbers: inout NumberStream) -> Int32 {
        let kind = numbers.integer(below: 10)
        let first = 2 + good.count + bad.count
        let place =
            switch kind {
            case 0: 0
            case 1: 1
            case 2, 3, 4: 2 + numbers.integer(below: good.count + bad.count)
            default: first + numbers.integer(below: other.count)
            }
        return Int32(place)
    }

    /// What the words say together.
    static func sum(_ words: some Sequence<Int32>) -> Int {
        var (sum, factor) = (0, 1)
        for word in words {
            switch Int(word) {
            case 0: factor = -factor
            case 1: factor *= 2
            case 2..<2 + good.count:
                sum += factor
                factor = 1
            case 2 + good.count..<2 + good.count + bad.count:
                sum -= factor
                factor = 1
            default: factor = 1
            }
        }
        return sum
    }
}
