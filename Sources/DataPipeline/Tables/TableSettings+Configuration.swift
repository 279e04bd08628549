import ConfigurationReading

extension TableSettings {
    /// The keys that say how the text of a table is written.
    init(formFrom reader: ConfigurationReader) {
        let columns: [String]? = reader.optional(
            "columns", .list(of: .text, atLeast: 1), "Names of all columns, in order; those of the header if absent.")
        let hasHeader = reader.value(
            "header", .flag, default: .plain(columns == nil ? "true" : "false"), shown: "true, without `columns`",
            "Whether the first row names the columns; it is skipped. Where the key is absent, a first row of numbers "
                + "is refused.")
        let separator = TableSettings.separator(from: reader)
        self.init(hasHeader: hasHeader, separator: separator, columns: columns)
        headerIsGuess.isOne = columns == nil && !reader.entries.contains { $0.key == "header" && !$0.value.isNull }
        decimal = reader.value(
            "decimal", .choice(of: Decimal.self), default: "point",
            "What stands before the fraction of a number. With comma and the separator comma, such numbers must be "
                + "quoted.")
        missing = reader.value(
            "missing", .list(of: .text), default: [],
            "Texts that stand for a value that is not known, beside the empty one, ?, NA, N/A, NaN and null.")
    }

    /// The key of the separator.
    static func separator(from reader: ConfigurationReader) -> Character {
        reader.value(
            "separator", .separator, default: "comma",
            "What stands between two values: comma, semicolon, tab, space, bar, or any character in quotes.")
    }

    fileprivate static let separators: [(name: String, character: Character)] = [
        ("comma", ","), ("semicolon", ";"), ("tab", "\t"), ("space", " "), ("bar", "|"),
    ]
}

extension ConfigurationType where Value == Character {
    /// What separates values, by its name or itself.
    fileprivate static var separator: Self {
        let names = TableSettings.separators.map(\.name)
        let summary = "one of \(names.joined(separator: ", ")), or one character"
        return Self(summary, placeholder: ",") { node, path, context in
            guard case .scalar(let text, _) = node.content else {
                context.reportWrongType(node, path, expected: summary)
                return nil
            }
            if let known = TableSettings.separators.first(where: { $0.name == text || String($0.character) == text }) {
                return Reading(value: known.character, node: .plain(known.name))
            }
            guard let character = text.first, text.count == 1 else {
                context.report(.outOfRange(node.place, key: path, value: text, expected: summary))
                return nil
            }
            if character == "\"" || character.isNewline {
                context.report(
                    .refused(
                        node.place, key: path,
                        reason: "quotes enclose values and line ends end rows; give another character."))
                return nil
            }
            return Reading(value: character, node: ConfigurationNode(.scalar(text, isQuoted: true)))
        }
    }
}

extension ConfigurationType where Value == FillSettings {
    /// A rule for all columns, or one for each of some.
    static var fill: Self {
        let summary = "mean, median, mostFrequent or a value, or a map of columns to such"
        return Self(summary, placeholder: FillSettings()) { node, path, context in
            func rule(_ node: ConfigurationNode, _ path: String) -> (FillSettings.Rule, ConfigurationNode)? {
                guard case .scalar(let text, _) = node.content, !text.isEmpty else {
                    context.reportWrongType(node, path, expected: summary)
                    return nil
                }
                switch text {
                case "mean": return (.mean, .plain(text))
                case "median": return (.median, .plain(text))
                case "mostFrequent": return (.mostFrequent, .plain(text))
                default: return (.value(text), ConfigurationNode(.scalar(text, isQuoted: true)))
                }
            }
            guard case .map(let entries) = node.content else {
                return rule(node, path).map { Reading(value: FillSettings(others: $0.0), node: $0.1) }
            }
            var settings = FillSettings()
            var resolved: [ConfigurationNode.Entry] = []
            for entry in entries {
                guard let (rule, node) = rule(entry.value, joined(path, entry.key)) else { return nil }
                if entry.key == "others" {
                    settings.others = rule
                } else {
                    settings.columns.append(.init(name: entry.key, rule: rule))
                }
                resolved.append(.init(key: entry.key, keyPlace: .builtIn, value: node))
            }
            return Reading(value: settings, node: ConfigurationNode(.map(resolved)))
        }
    }
}
