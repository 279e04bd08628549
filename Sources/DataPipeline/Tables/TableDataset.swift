import TensorCore

/// The rows of a table as samples: field `features` [F], real numbers, and the targets behind it.
///
/// A target column of classes, or the only one of real numbers, is a field with the column's name, [] or [1]; several
/// columns of real numbers are the field `targets` [K]. Everything is read and checked when the file is opened.
package struct TableDataset: Dataset {
    private enum Values: Sendable {
        case floats([Float], width: Int)
        case integers([Int32])
    }

    package let name = "csv"
    package let count: Int
    package let fields: [FieldDescription]
    package let defaultInput = "features"
    package let defaultTarget: String?
    /// By field.
    private let values: [Values]
    private let file: SharedBytes
    /// The line that each row begins in.
    private let lines: [Int32]
    private let features: TableFeatures
    private let fillPlan: FillPlan?

    /// - Parameter training: the rows that are trained on, where these are others: they say which categories and
    ///   classes there are.
    init(
        _ file: SharedBytes, settings: TableSettings, like training: TableDataset? = nil
    ) throws(DataError) {
        let table = try Table(file, settings: settings)
        let columns = try TableColumns(table, settings)
        if let training {
            features = training.features
            fillPlan = training.fillPlan
        } else {
            features = try TableFeatures(
                table, columns: columns.features, categorical: columns.categorical, settings)
            fillPlan = try features.fillPlan(table, settings)
        }
        guard !features.parts.isEmpty else {
            throw .tableSettings(path: table.path, problem: "no column is left for 'features'; ignore fewer columns")
        }
        let names = features.names
        var parts: [(FieldDescription, Values)] = [
            (
                FieldDescription(
                    name: "features", elementType: .float32, shape: [names.count], meaning: .real(names: names)),
                .floats(try features.values(of: table, settings), width: names.count)
            )
        ]
        if settings.targetKind == .classes {
            for (place, column) in columns.targets.enumerated() {
                let known = training?.fields[1 + place].meaning.choiceNames
                parts.append(try TableDataset.classes(table, column, known))
            }
        } else if !columns.targets.isEmpty {
            parts.append(try TableDataset.realTargets(table, columns.targets))
        }
        defaultTarget = columns.targets.isEmpty ? nil : parts[1].0.name
        if let weights = columns.weights {
            let name = table.columns[weights]
            parts.append(
                (
                    FieldDescription(name: name, elementType: .float32, shape: [1], meaning: .real(names: [name])),
                    .floats(try table.numbers(weights, remedy: "name another column"), width: 1)
                ))
        }
        for (place, part) in parts.enumerated() where parts[..<place].contains(where: { $0.0.name == part.0.name }) {
            throw .tableSettings(
                path: file.path, problem: "the column '\(part.0.name)' has the name of another field; rename it")
        }
        count = table.count
        lines = table.cells(0).map { Int32(clamping: $0.line) }
        fields = parts.map(\.0)
        values = parts.map(\.1)
        self.file = file
    }

    /// - Parameter known: the classes that there are; nil for those of the column.
    private static func classes(
        _ table: Table, _ column: Int, _ known: [String]?
    ) throws(DataError) -> (FieldDescription, Values) {
        let texts = try table.texts(column)
        let names = known ?? Table.categories(texts)
        let places = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, Int32($0)) })
        if let other = texts.firstIndex(where: { places[$0] == nil }) {
            throw table.problem(
                table.cells(column)[other].line, column,
                "'\(texts[other])' is none of the classes that training knows: \(names.joined(separator: ", ")); "
                    + "correct it, or remove the row")
        }
        return (
            FieldDescription(
                name: table.columns[column], elementType: .int32, shape: [], meaning: .classes(names: names)),
            .integers(texts.map { places[$0] ?? 0 })
        )
    }

    private static func realTargets(_ table: Table, _ columns: [Int]) throws(DataError) -> (FieldDescription, Values) {
        var filled: [[Float]] = []
        for column in columns { filled.append(try table.numbers(column, remedy: "set data.targetKind: classes")) }
        let names = columns.map { table.columns[$0] }
        return (
            FieldDescription(
                name: names.count == 1 ? names[0] : "targets", elementType: .float32, shape: [names.count],
                meaning: .real(names: names)),
            .floats((0..<table.count).flatMap { row in filled.map { $0[row] } }, width: names.count)
        )
    }

    package var exports: [String: SharedBytes.Export] { file.exported.map { [file.path: $0] } ?? [:] }

    package var fingerprint: UInt64 {
        var hash = Fingerprint()
        hash.feed(count)
        for field in fields { hash.feed("\(field.name) \(field.shape) \(field.meaning)") }
        file.withUnsafeBytes { hash.feed($0) }
        return hash.value
    }

    package func origin(of index: Int) -> String? {
        "\(file.path.split(separator: "/").last ?? ""):\(lines[index])"
    }

    package func fillPlan(field: Int) -> FillPlan? { field == 0 ? fillPlan : nil }

    package func read(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Float>) {
        guard case .floats(let all, let width) = values[field], buffer.count == width else {
            preconditionFailure("\(name): field \(field) is not \(buffer.count) floats")
        }
        for offset in 0..<width { buffer[offset] = all[index * width + offset] }
    }

    package func readIntegers(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Int32>) {
        guard case .integers(let all) = values[field], buffer.count == 1 else {
            preconditionFailure("\(name): field \(field) is not \(buffer.count) integers")
        }
        buffer[0] = all[index]
    }
}

/// What the columns of a table are for.
private struct TableColumns {
    var features: [Int]
    var targets: [Int] = []
    var categorical: Set<Int> = []
    /// Nil where all rows count alike.
    var weights: Int?

    init(_ table: Table, _ settings: TableSettings) throws(DataError) {
        for name in settings.targets { targets.append(try table.index(name, key: "target")) }
        for name in settings.categorical { categorical.insert(try table.index(name, key: "categorical")) }
        var skipped = Set(targets)
        if let name = settings.sampleWeights {
            let column = try table.index(name, key: "sampleWeights")
            weights = column
            skipped.insert(column)
        }
        for name in settings.ignored { skipped.insert(try table.index(name, key: "ignore")) }
        features = table.columns.indices.filter { !skipped.contains($0) }
    }
}
