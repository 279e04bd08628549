/// A name that stands for several, as shells write them: `train-{000..009}.tar`, `{a,b}`.
enum BracePattern {
    /// All names that `text` stands for, in order.
    ///
    /// - Throws: `PictureSetProblem.badPattern`.
    static func names(_ text: String) throws(PictureSetProblem) -> [String] {
        guard let open = text.firstIndex(of: "{") else {
            if text.contains("}") { throw .badPattern("'\(text)' closes a brace that is not open; correct it") }
            return [text]
        }
        var (depth, close): (Int, String.Index?) = (0, nil)
        var commas: [String.Index] = []
        for index in text.indices[open...] {
            switch text[index] {
            case "{": depth += 1
            case "}": depth -= 1
            case "," where depth == 1: commas.append(index)
            default: break
            }
            if depth == 0 {
                close = index
                break
            }
        }
        guard let close else { throw .badPattern("'\(text)' has a brace that is not closed; close it") }
        let inside = text[text.index(after: open)..<close]
        var choices: [String] = []
        if commas.isEmpty {
            choices = try range(inside, of: text)
        } else {
            var start = inside.startIndex
            for comma in commas + [close] {
                choices += try names(String(text[start..<comma]))
                start = text.index(after: comma)
            }
        }
        let before = text[..<open]
        let tails = try names(String(text[text.index(after: close)...]))
        guard choices.count * tails.count <= most else { throw tooMany(text) }
        return choices.flatMap { choice in tails.map { before + choice + $0 } }
    }

    private static let most = 1_000_000

    private static func tooMany(_ text: String) -> PictureSetProblem {
        .badPattern("'\(text)' stands for more than \(most) names; give a smaller range")
    }

    /// `000..009`, with as many digits as the longer end where one begins with 0.
    private static func range(_ inside: Substring, of text: String) throws(PictureSetProblem) -> [String] {
        let dots = inside.split(separator: ".", omittingEmptySubsequences: false)
        guard dots.count == 3, dots[1].isEmpty, let first = Int(dots[0]), let last = Int(dots[2]), first >= 0,
            first <= last
        else {
            throw .badPattern("'{\(inside)}' is no range such as {000..009} and no choice such as {a,b}; correct it")
        }
        guard last - first < most else { throw tooMany(text) }
        let isPadded = [dots[0], dots[2]].contains { $0.count > 1 && $0.first == "0" }
        let width = isPadded ? max(dots[0].count, dots[2].count) : 0
        return (first...last).map { number in
            let digits = String(number)
            return String(repeating: "0", count: max(width - digits.count, 0)) + digits
        }
    }
}
