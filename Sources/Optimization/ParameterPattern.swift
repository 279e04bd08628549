import Glibc

/// A shell pattern for parameter names, as `fnmatch` (POSIX.1-2017, 2.13) reads it.
///
/// `*` stands for any characters, dots included, `?` for one, `[ab]` for one of a set, `[!ab]` for one outside it.
package struct ParameterPattern: Equatable, Sendable {
    package let text: String

    package init(_ text: String) { self.text = text }

    /// Whether the pattern stands for the whole of `name`.
    package func matches(_ name: String) -> Bool { fnmatch(text, name, 0) == 0 }

    /// How many characters of `name` have to change before the pattern fits, sets taken literally: which name was
    /// meant.
    ///
    /// Levenshtein distance (Wagner and Fischer 1974) in which `*` absorbs characters at no cost.
    func distance(to name: String) -> Int {
        let characters = Array(name.utf8)
        var previous = Array(0...characters.count)
        for symbol in text.utf8 {
            let isStar = symbol == UInt8(ascii: "*")
            var current = [previous[0] + (isStar ? 0 : 1)]
            current.reserveCapacity(previous.count)
            for (column, character) in characters.enumerated() {
                if isStar {
                    current.append(min(previous[column + 1], current[column]))
                } else {
                    let matches = symbol == character || symbol == UInt8(ascii: "?")
                    let replaced = previous[column] + (matches ? 0 : 1)
                    current.append(min(replaced, previous[column + 1] + 1, current[column] + 1))
                }
            }
            previous = current
        }
        return previous[characters.count]
    }
}
