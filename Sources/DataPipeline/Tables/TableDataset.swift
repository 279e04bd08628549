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

    init(_ file: SharedBytes, settings: TableSettings) throws(DataError) {
        let table = try Table(file, settings: settings)
        var targets: [Int] = []
        for name in settings.targets { targets.append(try table.index(name, key: "target")) }
        var categorical: Set<Int> = []
        for name in settings.categorical { categorical.insert(try table.index(name, key: "categorical")) }
        var skipped = Set(targets)
        var weights: Int?
        if let name = settings.sampleWeights {
            weights = try table.index(name, key: "sampleWeights")
            skipped.formUnion(weights.map { [$0] } ?? [])
        }
        for name in settings.ignored { skipped.insert(try table.index(name, key: "ignore")) }
        let used = table.columns.indices.filter { !skipped.contains($0) }
        var parts = [try TableDataset.features(table, columns: used, categorical: categorical)]
        if settings.targetKind == .classes {
            for column in targets { parts.append(try TableDataset.classes(table, column)) }
        } else if !targets.isEmpty {
            parts.append(try TableDataset.realTargets(table, targets))
        }
        defaultTarget = targets.isEmpty ? nil : parts[1].0.name
        if let weights {
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
        fields = parts.map(\.0)
        values = parts.map(\.1)
        self.file = file
    }

    private static func features(
        _ table: Table, columns: [Int], categorical: Set<Int>
    ) throws(DataError) -> (FieldDescription, Values) {
        var names: [String] = []
        var filled: [[Float]] = []
        for column in columns {
            let name = table.columns[column]
            guard categorical.contains(column) else {
                names.append(name)
                filled.append(
                    try table.numbers(column, remedy: "name the column in data.categorical or data.ignore"))
                continue
            }
            let texts = try table.texts(column)
            for category in Table.categories(texts) {
                names.append("\(name)=\(category)")
                filled.append(texts.map { $0 == category ? 1 : 0 })
            }
        }
        guard !names.isEmpty else {
            throw .tableSettings(path: table.path, problem: "no column is left for 'features'; ignore fewer columns")
        }
        return (
            FieldDescription(
                name: "features", elementType: .float32, shape: [names.count], meaning: .real(names: names)),
            .floats(interleaved(filled, table.count), width: names.count)
        )
    }

    private static func classes(_ table: Table, _ column: Int) throws(DataError) -> (FieldDescription, Values) {
        let texts = try table.texts(column)
        let names = Table.categories(texts)
        let places = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, Int32($0)) })
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
            .floats(interleaved(filled, table.count), width: names.count)
        )
    }

    /// Columns as rows.
    private static func interleaved(_ columns: [[Float]], _ count: Int) -> [Float] {
        (0..<count).flatMap { row in columns.map { $0[row] } }
    }

    package var exports: [String: SharedBytes.Export] { file.exported.map { [file.path: $0] } ?? [:] }

    package var fingerprint: UInt64 {
        var hash = Fingerprint()
        hash.feed(count)
        for field in fields { hash.feed("\(field.name) \(field.shape) \(field.meaning)") }
        file.withUnsafeBytes { hash.feed($0) }
        return hash.value
    }

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
