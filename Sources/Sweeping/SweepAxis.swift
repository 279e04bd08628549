import Foundation

/// Something that a sweep varies, with its values.
package struct SweepAxis: Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        /// A key of the configuration.
        case key(String)
        case ranks
        case threads
    }

    package let kind: Kind
    package let values: [String]

    /// `--vary KEY=V1,V2`: values are YAML; where one has commas of its own outside of brackets and quotes, `;` stands
    /// between values. Throws ``SweepError``.
    package init(vary text: String) throws(SweepError) {
        let option = "--vary \(text)"
        guard let equals = text.firstIndex(of: "="), equals > text.startIndex else {
            throw .option(
                option, reason: "this has no key and '='; write KEY=V1,V2, as optimizer.learningRate=0.1,0.01")
        }
        kind = .key(String(text[..<equals]).trimmingCharacters(in: .whitespaces))
        let list = text[text.index(after: equals)...]
        let pieces = SweepAxis.split(list, at: ";")
        values = (pieces.count > 1 ? pieces : SweepAxis.split(list, at: ",")).map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        if values.contains("") { throw .option(option, reason: "a value is empty; remove a comma, or write null") }
    }

    /// `--seeds 3` for 1, 2 and 3, or `--seeds 7,11`. Throws ``SweepError``.
    package init(seeds text: String) throws(SweepError) {
        let numbers = try SweepAxis.numbers("--seeds", text, 0...Int.max)
        kind = .key("seed")
        if text.contains(",") {
            values = numbers.map(String.init)
        } else {
            guard (1...SweepError.mostRuns).contains(numbers[0]) else {
                throw .option("--seeds \(text)", reason: "give how many (1 to \(SweepError.mostRuns)), or seeds: A,B")
            }
            values = (1...numbers[0]).map(String.init)
        }
    }

    /// `--np 1,2,4`. Throws ``SweepError``.
    package init(ranks text: String) throws(SweepError) {
        kind = .ranks
        values = try SweepAxis.numbers("--np", text, 1...65536).map(String.init)
    }

    /// `--threads 1,2,4`. Throws ``SweepError``.
    package init(threads text: String) throws(SweepError) {
        kind = .threads
        values = try SweepAxis.numbers("--threads", text, 1...1024).map(String.init)
    }

    /// What a user would give for it.
    package var option: String {
        let list = values.joined(separator: values.contains { SweepAxis.split($0[...], at: ",").count > 1 } ? ";" : ",")
        return switch kind {
        case .key("seed"): "--seeds \(list)" + (values.count == 1 ? "," : "")
        case .key(let key): "--vary \(key)=\(list)"
        case .ranks: "--np \(list)"
        case .threads: "--threads \(list)"
        }
    }

    var isSeed: Bool { kind == .key("seed") }

    private static func numbers(
        _ option: String, _ text: String, _ range: ClosedRange<Int>
    ) throws(SweepError) -> [Int] {
        var pieces = text.split(separator: ",", omittingEmptySubsequences: false).map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        // `--seeds 7,` is the seed 7 alone.
        if pieces.count == 2, pieces[1].isEmpty { pieces.removeLast() }
        var numbers: [Int] = []
        for piece in pieces {
            guard let number = Int(piece), range.contains(number) else {
                throw .option(
                    "\(option) \(text)",
                    reason: "'\(piece)' is no number of \(range.lowerBound) to \(range.upperBound); give such, as 1,2")
            }
            numbers.append(number)
        }
        return numbers
    }

    /// The parts of `text` between separators that stand outside of brackets and quotes.
    static func split(_ text: Substring, at separator: Character) -> [String] {
        var parts = [""]
        var depth = 0
        var quote: Character?
        for character in text {
            if let open = quote {
                if character == open { quote = nil }
            } else if character == "\"" || character == "'" {
                quote = character
            } else if "[{(".contains(character) {
                depth += 1
            } else if "]})".contains(character) {
                depth -= 1
            } else if character == separator, depth <= 0 {
                parts.append("")
                continue
            }
            parts[parts.count - 1].append(character)
        }
        return parts
    }
}
