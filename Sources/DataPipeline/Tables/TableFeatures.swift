import TensorCore

/// Which numbers of a sample come from which column of a table, and how.
struct TableFeatures: Sendable {
    /// What is made of one column.
    enum Kind: Equatable, Sendable {
        case number
        /// 0 and 1 for each of these names.
        case categories([String])
        /// 1 where the column's value is not known.
        case indicator
    }

    struct Part: Equatable, Sendable {
        let column: String
        let kind: Kind
        /// Whether values may be missing; they are then NaN.
        let isFilled: Bool
    }

    private(set) var parts: [Part] = []

    /// The name of each feature: `length`, `sex=M`, `length?`.
    var names: [String] { parts.flatMap(\.names) }

    /// From the table that is trained on.
    ///
    /// - Parameter columns: those that are features.
    init(_ table: Table, columns: [Int], categorical: Set<Int>, _ settings: TableSettings) throws(DataError) {
        try TableFeatures.check(settings.fill, table, columns)
        for column in columns {
            let rule = settings.fillRule(of: column, in: table, isCategorical: categorical.contains(column))
            var kind = Kind.number
            if categorical.contains(column) {
                let texts = try table.texts(column, missing: TableFeatures.policy(isFilled: rule != nil))
                var names = texts.compactMap(\.self)
                // A name that stands for missing ones may be one of its own.
                if case .value(let name)? = rule { names.append(name) }
                kind = .categories(Table.categories(names))
            }
            parts.append(Part(column: table.columns[column], kind: kind, isFilled: rule != nil))
        }
        if settings.indicatesMissing {
            for (column, part) in zip(columns, parts) where part.isFilled && table.hasMissing(column) {
                parts.append(Part(column: part.column, kind: .indicator, isFilled: true))
            }
        }
    }

    /// As weights have kept them.
    init(names: [String], in table: Table, _ settings: TableSettings) {
        for name in names {
            func isFilled(_ column: String, _ isCategorical: Bool) -> Bool {
                table.place(of: column).flatMap { settings.fillRule(of: $0, in: table, isCategorical: isCategorical) }
                    != nil
            }
            if table.place(of: name) == nil, let (column, category) = TableFeatures.category(name, in: table) {
                if let last = parts.last, last.column == column, case .categories(let names) = last.kind {
                    parts[parts.count - 1] = Part(
                        column: column, kind: .categories(names + [category]), isFilled: last.isFilled)
                } else {
                    parts.append(Part(column: column, kind: .categories([category]), isFilled: isFilled(column, true)))
                }
            } else if table.place(of: name) == nil, name.hasSuffix("?"), table.columns.contains(String(name.dropLast()))
            {
                parts.append(Part(column: String(name.dropLast()), kind: .indicator, isFilled: true))
            } else {
                parts.append(Part(column: name, kind: .number, isFilled: isFilled(name, false)))
            }
        }
    }

    /// The column and the category of `sex=M`.
    private static func category(_ name: String, in table: Table) -> (column: String, category: String)? {
        for place in name.indices where name[place] == "=" {
            let column = String(name[..<place])
            if table.columns.contains(column) { return (column, String(name[name.index(after: place)...])) }
        }
        return nil
    }

    /// The features of all rows, [rows, features].
    ///
    /// - Throws: `DataError` with the line and the column of what is missing, no number or an unknown category.
    func values(of table: Table, _ settings: TableSettings) throws(DataError) -> [Float] {
        var filled: [[Float]] = []
        for part in parts {
            let key = part.kind == .number ? "columns" : "categorical"
            let column = try table.index(part.column, key: key)
            let policy = TableFeatures.policy(isFilled: part.isFilled)
            switch part.kind {
            case .number:
                filled.append(
                    try table.numbers(
                        column, remedy: "name the column in data.categorical or data.ignore", missing: policy))
            case .indicator:
                filled.append(try table.texts(column, missing: policy).map { $0 == nil ? 1 : 0 })
            case .categories(let names):
                let texts = try table.texts(column, missing: policy)
                if settings.unknown == .error { try TableFeatures.check(texts, names, column, in: table) }
                for name in names { filled.append(texts.map { $0.map { $0 == name ? 1 : 0 } ?? .nan }) }
            }
        }
        return (0..<table.count).flatMap { row in filled.map { $0[row] } }
    }

    /// How missing values of the training rows are filled; nil where none may be missing.
    func fillPlan(_ table: Table, _ settings: TableSettings) throws(DataError) -> FillPlan? {
        var plan: [FillPlan.Part] = []
        var channel = 0
        for part in parts {
            let channels = channel..<channel + part.names.count
            channel = channels.upperBound
            guard part.kind != .indicator, let column = table.place(of: part.column),
                let rule = settings.fillRule(of: column, in: table, isCategorical: part.kind != .number)
            else { continue }
            plan.append(
                FillPlan.Part(column: part.column, channels: channels, rule: try part.fillRule(rule, table, settings)))
        }
        return plan.isEmpty ? nil : FillPlan(plan)
    }

    private static func policy(isFilled: Bool) -> Table.MissingValues {
        isFilled
            ? .kept
            : .refused(
                remedy: "fill it in, remove the row, have it filled by data.fill, or leave the column out with "
                    + "data.ignore")
    }

    /// Refuses rules for columns that are no features.
    private static func check(_ fill: FillSettings?, _ table: Table, _ columns: [Int]) throws(DataError) {
        for column in fill?.columns ?? [] where !columns.contains(try table.index(column.name, key: "fill")) {
            throw .tableSettings(
                path: table.path,
                problem: "data.fill names '\(column.name)', which is no feature; only features are filled, take it away"
            )
        }
    }

    private static func check(
        _ texts: [String?], _ names: [String], _ column: Int, in table: Table
    ) throws(DataError) {
        let known = Set(names)
        guard let place = texts.firstIndex(where: { $0.map { !known.contains($0) } ?? false }) else { return }
        let cell = table.cells(column)[place]
        throw table.problem(
            cell.line, column,
            "'\(cell.text)' is none of the categories that training knows: \(names.joined(separator: ", ")); correct "
                + "it, or set data.unknown: zero, which makes it none of them")
    }
}

extension TableFeatures.Part {
    fileprivate var names: [String] {
        switch kind {
        case .number: [column]
        case .categories(let names): names.map { "\(column)=\($0)" }
        case .indicator: [column + "?"]
        }
    }

    fileprivate func fillRule(
        _ rule: FillSettings.Rule, _ table: Table, _ settings: TableSettings
    ) throws(DataError) -> FillPlan.Rule {
        switch (rule, kind) {
        case (.mostFrequent, _): return .mostFrequent
        case (.mean, .number): return .mean
        case (.median, .number): return .median
        case (.value(let text), .categories(let names)): return .values(names.map { $0 == text ? 1 : 0 })
        case (.value(let text), _):
            guard let value = Table.number(text, .point), Float(value).isFinite else {
                throw .tableSettings(
                    path: table.path,
                    problem: "data.fill: '\(text)' is no number for the column '\(column)'; give mean, median, "
                        + "mostFrequent or a number")
            }
            return .values([Float(value)])
        case (.mean, _), (.median, _):
            throw .tableSettings(
                path: table.path,
                problem: "data.fill: the categorical column '\(column)' has no mean or median; give mostFrequent or a "
                    + "name")
        }
    }
}

extension TableSettings {
    /// How missing values of a column are filled; nil where they are refused. What is said of all columns means the
    /// most frequent name where there is no mean, and nothing where it does not fit at all.
    func fillRule(of column: Int, in table: Table, isCategorical: Bool) -> FillSettings.Rule? {
        guard let fill else { return nil }
        if let own = fill.columns.first(where: { table.place(of: $0.name) == column }) { return own.rule }
        switch fill.others {
        case .mean, .median: return isCategorical ? .mostFrequent : fill.others
        case .value(let text): return isCategorical == (Table.number(text, .point) == nil) ? fill.others : nil
        case .mostFrequent, nil: return fill.others
        }
    }
}
