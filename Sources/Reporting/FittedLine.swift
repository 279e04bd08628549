import Foundation

/// A line of parts of which some go, the least important first, until it fits the width of a terminal.
struct FittedLine {
    struct Part {
        var text: String
        /// The part of the largest number goes first; one of 0 stays.
        var rank: Int
        /// What it is cut down to before it goes, and its rank from then on; nil where it goes at once.
        var shorter: (text: String, rank: Int)?

        init(_ text: String, rank: Int, shorter: (text: String, rank: Int)? = nil) {
            self.text = text
            self.rank = rank
            self.shorter = shorter
        }
    }

    static let separator = " - "
    var parts: [Part]

    /// All of it.
    var whole: String { parts.map(\.text).joined(separator: FittedLine.separator) }

    /// What fits in `width` columns; what is left of the last part is cut.
    func text(width: Int) -> String {
        var line = self
        while line.whole.count > width,
            let last = line.parts.indices.max(by: { line.parts[$0].rank < line.parts[$1].rank }),
            line.parts[last].rank > 0
        {
            if let (text, rank) = line.parts[last].shorter {
                line.parts[last] = Part(text, rank: rank)
            } else {
                line.parts.remove(at: last)
            }
        }
        return String(line.whole.prefix(max(width, 0)))
    }
}

/// `text` in lines of at most `width` columns, broken between the facts that `·` parts, else between words; every line
/// but the first is indented. A longer word stays whole.
package func wrapped(_ text: String, width: Int) -> [String] {
    let (separator, indent) = (" · ", "  ")
    var lines = [""]
    func add(_ piece: String, after gap: String) -> Bool {
        let isFirst = lines[lines.count - 1].isEmpty || lines[lines.count - 1] == indent
        let line = lines[lines.count - 1] + (isFirst ? "" : gap) + piece
        if line.count > width && !isFirst { return false }
        lines[lines.count - 1] = line
        return true
    }
    for fact in text.components(separatedBy: separator) {
        if indent.count + fact.count <= width || lines == [""] && fact.count <= width {
            if add(fact, after: separator) { continue }
            lines.append(indent)
            _ = add(fact, after: "")
        } else {
            // A fact that is longer than a line begins on what room there is.
            for (place, word) in fact.split(separator: " ", omittingEmptySubsequences: false).enumerated() {
                if add(String(word), after: place == 0 ? separator : " ") { continue }
                lines.append(indent)
                _ = add(String(word), after: "")
            }
        }
    }
    return lines
}
