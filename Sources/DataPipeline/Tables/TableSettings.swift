import ConfigurationReading

/// How a text file is read as a table. A column is given by its name, or by its number from 1.
package struct TableSettings: Equatable, Sendable {
    /// What a target column holds.
    package enum TargetKind: String, CaseIterable, Sendable {
        case real, classes
    }

    /// Whether the first row names the columns.
    package var hasHeader: Bool
    /// An ASCII character.
    package var separator: Character
    /// Names of the columns, instead of the header's; nil for those, or for numbers where there is no header.
    package var columns: [String]?
    /// What is to be predicted; of several columns of real numbers one field `targets` is made.
    package var targets: [String]
    package var targetKind: TargetKind
    /// Columns of names, each of which becomes as many columns of 0 and 1 as it has different values.
    package var categorical: [String]
    /// Columns that are left out.
    package var ignored: [String]
    /// The column that says how much each row counts, a field of its own; nil where there is none.
    package var sampleWeights: String?

    package init(
        hasHeader: Bool = true, separator: Character = ",", columns: [String]? = nil, targets: [String] = [],
        targetKind: TargetKind = .real, categorical: [String] = [], ignored: [String] = [],
        sampleWeights: String? = nil
    ) {
        self.hasHeader = hasHeader
        self.separator = separator
        self.columns = columns
        self.targets = targets
        self.targetKind = targetKind
        self.categorical = categorical
        self.ignored = ignored
        self.sampleWeights = sampleWeights
    }
}

extension TableSettings {
    /// The keys that say how the text of a table is written.
    init(formFrom reader: ConfigurationReader) {
        let columns: [String]? = reader.optional(
            "columns", .list(of: .text, atLeast: 1), "Names of all columns, in order; those of the header if absent.")
        let hasHeader = reader.value(
            "header", .flag, default: .plain(columns == nil ? "true" : "false"), shown: "true, without `columns`",
            "Whether the first row names the columns; it is skipped.")
        let separator = reader.value(
            "separator", .name(of: Self.separators.map(\.name)), default: "comma", "What stands between two values.")
        self.init(
            hasHeader: hasHeader, separator: Self.separators.first { $0.name == separator }?.character ?? ",",
            columns: columns)
    }

    private static let separators: [(name: String, character: Character)] = [
        ("comma", ","), ("semicolon", ";"), ("tab", "\t"), ("space", " "), ("bar", "|"),
    ]
}
