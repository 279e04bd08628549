/// How the names of files tell what they hold: `{digit}_{speaker}_{index}` fits `7_jackson_0.wav`.
///
/// Each placeholder stands for some text without `/`, as short as what follows allows. A pattern with slashes has the
/// last folders of the path in it, so `{word}/{index}` takes classes from folders. The file's ending is no part of it.
package struct NamePattern: Equatable, Sendable {
    private enum Piece: Equatable, Sendable {
        case literal(String)
        case placeholder(String)
    }

    /// As it was written.
    package let text: String
    /// The placeholders' names in their order.
    package let placeholders: [String]
    private let pieces: [Piece]
    private let slashes: Int

    /// What is wrong with a pattern; ends with what to do.
    package struct Mistake: Error, Equatable {
        package let text: String
    }

    /// - Throws: `Mistake` for braces that do not fit, names that are none or twice there, and neighbours without text
    ///   between them.
    package init(_ text: String) throws(Mistake) {
        var pieces: [Piece] = []
        var rest = Substring(text)
        while !rest.isEmpty {
            let literal = rest.prefix { $0 != "{" && $0 != "}" }
            if !literal.isEmpty { pieces.append(.literal(String(literal))) }
            rest = rest[literal.endIndex...]
            if rest.isEmpty { break }
            guard rest.first == "{", let end = rest.firstIndex(of: "}") else {
                throw Mistake(text: "a brace has no partner; write a placeholder as {name}")
            }
            let name = String(rest[rest.index(after: rest.startIndex)..<end])
            guard let first = name.unicodeScalars.first, first.properties.isAlphabetic || first == "_",
                name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" })
            else { throw Mistake(text: "'\(name)' is no name; use letters, digits and _, a letter first") }
            if case .placeholder? = pieces.last {
                throw Mistake(text: "nothing stands before {\(name)} that ends the placeholder there; put text between")
            }
            pieces.append(.placeholder(name))
            rest = rest[rest.index(after: end)...]
        }
        let names = pieces.compactMap { if case .placeholder(let name) = $0 { name } else { nil } }
        guard !names.isEmpty else { throw Mistake(text: "it has no placeholder; write one as {name}") }
        if let twice = names.first(where: { name in names.filter { $0 == name }.count > 1 }) {
            throw Mistake(text: "{\(twice)} stands there twice; give each its own name")
        }
        self.text = text
        self.pieces = pieces
        placeholders = names
        slashes = text.filter { $0 == "/" }.count
    }

    /// What the placeholders stand for in the path of a file, in their order; nil where it does not fit.
    package func values(in path: String) -> [String]? {
        var folders = path.split(separator: "/")
        if let file = folders.popLast() {
            folders.append(file.lastIndex(of: ".").map { file[..<$0] } ?? file)
        }
        guard folders.count > slashes else { return nil }
        var rest = Substring(folders.suffix(slashes + 1).joined(separator: "/"))
        var values: [String] = []
        for (place, piece) in pieces.enumerated() {
            switch piece {
            case .literal(let literal):
                guard rest.hasPrefix(literal) else { return nil }
                rest = rest.dropFirst(literal.count)
            case .placeholder:
                guard let value = value(at: place, in: rest), !value.isEmpty, !value.contains("/") else { return nil }
                values.append(String(value))
                rest = rest.dropFirst(value.count)
            }
        }
        return rest.isEmpty ? values : nil
    }

    /// The text before the literal that follows the placeholder, all of it behind the last piece.
    private func value(at place: Int, in rest: Substring) -> Substring? {
        guard place + 1 < pieces.count, case .literal(let next) = pieces[place + 1] else { return rest }
        var end = rest.startIndex
        // At least one character belongs to the placeholder.
        while end < rest.endIndex {
            end = rest.index(after: end)
            if rest[end...].hasPrefix(next) { return rest[..<end] }
        }
        return nil
    }
}
