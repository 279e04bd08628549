/// A change of tensors' names: `backbone.*=*` or `*.gamma=*.weight`.
///
/// On the left each `*` stands for any text, and the n-th `*` on the right for what the n-th one found; of several ways
/// to fit, each but the last takes as little as it can. Without a `*` the whole name is meant.
package struct TensorRenaming: Equatable, Sendable {
    /// As it was given.
    package let text: String
    /// What stands between the stars.
    private let old, new: [String]

    /// - Returns: nil for a text that is no `old=new`, or has more stars on the right.
    package init?(_ text: String) {
        let sides = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard sides.count == 2, !sides[0].isEmpty, !sides[1].isEmpty else { return nil }
        func pieces(_ side: Substring) -> [String] {
            side.split(separator: "*", omittingEmptySubsequences: false).map(String.init)
        }
        (old, new) = (pieces(sides[0]), pieces(sides[1]))
        guard new.count <= old.count else { return nil }
        self.text = text
    }

    /// The new name; nil for one that the left side does not stand for.
    package func callAsFunction(_ name: String) -> String? {
        guard let found = texts(in: name) else { return nil }
        return new.dropFirst().enumerated().reduce(new[0]) { $0 + found[$1.offset] + $1.element }
    }

    /// What the stars of the left side stand for.
    private func texts(in name: String) -> [Substring]? {
        guard let first = old.first, let last = old.last else { return nil }
        if old.count == 1 { return name == first ? [] : nil }
        guard name.hasPrefix(first), name.hasSuffix(last), name.utf8.count >= first.utf8.count + last.utf8.count
        else { return nil }
        var rest = name.dropFirst(first.count).dropLast(last.count)
        var found: [Substring] = []
        for piece in old.dropFirst().dropLast() {
            guard let range = Self.first(piece, in: rest) else { return nil }
            found.append(rest[..<range.lowerBound])
            rest = rest[range.upperBound...]
        }
        return found + [rest]
    }

    /// Where a text first stands; at the beginning if it is empty.
    private static func first(_ text: String, in name: Substring) -> Range<Substring.Index>? {
        var start = name.startIndex
        while true {
            if name[start...].hasPrefix(text) { return start..<name.index(start, offsetBy: text.count) }
            guard start < name.endIndex else { return nil }
            start = name.index(after: start)
        }
    }
}
