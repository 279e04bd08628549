extension ConfigurationNode {
    /// The tree as YAML: maps in block style, lists of scalars in one line, text quoted where YAML or we would misread
    /// it.
    package var yamlText: String {
        switch content {
        case .map(let entries) where !entries.isEmpty: block(entries, indent: 0)
        default: flowText + "\n"
        }
    }

    /// The node in one line, as a user would type it.
    package var flowText: String {
        switch content {
        case .null, .invalid:
            return "null"
        case .scalar(let text, isQuoted: false):
            return text
        case .scalar(let text, isQuoted: true):
            return Self.quotedIfNeeded(text)
        case .list(let elements):
            return "[" + elements.map(\.flowText).joined(separator: ", ") + "]"
        case .map(let entries):
            return "{" + entries.map { "\(Self.quotedIfNeeded($0.key)): \($0.value.flowText)" }.joined(separator: ", ")
                + "}"
        }
    }

    /// The tree without the entries that do not influence the weights.
    package var withoutBystanders: ConfigurationNode {
        switch content {
        case .map(let entries):
            let kept = entries.filter(\.influencesWeights).map { entry in
                var entry = entry
                entry.value = entry.value.withoutBystanders
                return entry
            }
            return ConfigurationNode(.map(kept), at: place)
        case .list(let elements):
            return ConfigurationNode(.list(elements.map(\.withoutBystanders)), at: place)
        case .null, .scalar, .invalid:
            return self
        }
    }

    /// The map without some of its own keys.
    package func without(_ keys: Set<String>) -> ConfigurationNode {
        guard case .map(let entries) = content else { return self }
        return ConfigurationNode(.map(entries.filter { !keys.contains($0.key) }), at: place)
    }

    /// The tree without the key `name` of every map that stands under the key `parent`.
    package func removing(_ name: String, under parent: String, isUnder: Bool = false) -> ConfigurationNode {
        switch content {
        case .map(let entries):
            let kept = entries.filter { !isUnder || $0.key != name }.map { entry in
                var entry = entry
                entry.value = entry.value.removing(name, under: parent, isUnder: entry.key == parent)
                return entry
            }
            return ConfigurationNode(.map(kept), at: place)
        case .list(let elements):
            return ConfigurationNode(.list(elements.map { $0.removing(name, under: parent) }), at: place)
        case .null, .scalar, .invalid:
            return self
        }
    }

    private func block(_ entries: [Entry], indent: Int) -> String {
        entries.map { entry in
            String(repeating: " ", count: indent) + Self.quotedIfNeeded(entry.key) + ":"
                + entry.value.blockValue(indent: indent)
        }.joined()
    }

    /// What follows `key:`, up to and with the end of line.
    private func blockValue(indent: Int) -> String {
        switch content {
        case .map(let entries) where !entries.isEmpty:
            return "\n" + block(entries, indent: indent + 2)
        case .list(let elements) where elements.contains(where: \.isComposite):
            let margin = String(repeating: " ", count: indent + 2)
            return "\n" + elements.map { margin + "- " + $0.blockElement(indent: indent + 4) }.joined()
        default:
            return " " + flowText + "\n"
        }
    }

    /// What follows `- `: a map begins on the same line, a nested list stays in one line.
    private func blockElement(indent: Int) -> String {
        guard case .map(let entries) = content, !entries.isEmpty else { return flowText + "\n" }
        return String(block(entries, indent: indent).dropFirst(indent))
    }

    private var isComposite: Bool {
        switch content {
        case .map(let entries): !entries.isEmpty
        case .list(let elements): elements.contains(where: \.isComposite)
        case .null, .scalar, .invalid: false
        }
    }

    /// The text as a plain scalar when it is one beyond doubt, otherwise in double quotes.
    private static func quotedIfNeeded(_ text: String) -> String {
        if isPlain(text), text != "null" { return text }
        var quoted = ""
        for scalar in EnvironmentReference.escape(text).unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value):
                let digits = String(scalar.value, radix: 16)
                quoted += "\\x" + (digits.count < 2 ? "0" : "") + digits
            // Line ends to YAML, a byte order mark, and what no YAML may hold.
            case "\u{2028}", "\u{2029}", "\u{FEFF}", "\u{FFFE}", "\u{FFFF}":
                quoted += "\\u" + String(scalar.value, radix: 16)
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return "\"" + quoted + "\""
    }

    /// Whether a text begins with a letter, a digit or one of `_./` and goes on with these, `+` and `-`, all ASCII.
    ///
    /// Every key and value of the resolved configuration is asked: a regular expression took most of its reading.
    private static func isPlain(_ text: String) -> Bool {
        func isFirst(_ byte: UInt8) -> Bool {
            byte.isOfName || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "/")
        }
        guard let first = text.utf8.first, isFirst(first) else { return false }
        return text.utf8.allSatisfy { isFirst($0) || $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") }
    }
}

extension UInt8 {
    /// Whether it is an ASCII letter or digit, or `_`.
    var isOfName: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
