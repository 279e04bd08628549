import TensorCore

/// Sequences of different lengths: field `sequence` [T, C], real numbers, T varying, and a target for each.
///
/// The rows of a sequence stand in the first file in their order, not necessarily together; sequences are those of the
/// second file, in its order. Everything is read and checked when the files are opened.
package struct SequenceTableDataset: Dataset {
    package let name = "sequences"
    package let count: Int
    package let fields: [FieldDescription]
    package let defaultInput = "sequence"
    package var defaultTarget: String? { fields[1].name }
    /// [steps of all sequences, C], sequence after sequence.
    private let steps: [Float]
    /// Where each sequence begins, and the number of all steps.
    private let starts: [Int]
    private let width: Int
    /// A number, or the number of a class, a sequence.
    private let targets: [Float]
    private let files: [SharedBytes]

    init(_ file: SharedBytes, targets targetFile: SharedBytes, settings: GroupedTable) throws(DataError) {
        let table = try Table(file, settings: settings.table)
        var targetForm = TableSettings()
        targetForm.separator = settings.table.separator
        let targetTable = try Table(targetFile, settings: targetForm)
        let rows = try Self.rows(table, targetTable, settings)
        var skipped: Set<Int> = [try table.index(settings.group, key: "group")]
        if let step = settings.step { skipped.insert(try table.index(step, key: "step")) }
        for name in settings.table.ignored { skipped.insert(try table.index(name, key: "ignore")) }
        let used = table.columns.indices.filter { !skipped.contains($0) }
        guard !used.isEmpty else {
            throw .tableSettings(path: table.path, problem: "no column is left for 'sequence'; ignore fewer columns")
        }
        var columns: [[Float]] = []
        for column in used { columns.append(try table.numbers(column, remedy: "name the column in data.ignore")) }
        let (field, values) = try Self.target(targetTable, settings)
        guard field.name != "sequence" else {
            throw .tableSettings(
                path: targetTable.path, problem: "the target column has the name of a field, 'sequence'; rename it")
        }
        fields = [
            FieldDescription(
                name: "sequence", elementType: .float32, shape: [rows.map(\.count).max() ?? 0, used.count],
                variableAxis: 0, meaning: .real(names: used.map { table.columns[$0] })),
            field,
        ]
        count = rows.count
        width = used.count
        steps = rows.flatMap { $0.flatMap { row in columns.map { $0[row] } } }
        starts = rows.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1.count) }
        targets = values
        files = [file, targetFile]
    }

    /// The rows of each sequence of the second table.
    private static func rows(_ table: Table, _ targets: Table, _ settings: GroupedTable) throws(DataError) -> [[Int]] {
        let groups = try targets.texts(try targets.index(settings.group, key: "group"))
        var places: [String: Int] = [:]
        for (place, group) in groups.enumerated() {
            guard places.updateValue(place, forKey: group) == nil else {
                throw .tableSettings(path: targets.path, problem: "sequence '\(group)' has two rows; keep one")
            }
        }
        var rows = [[Int]](repeating: [], count: groups.count)
        for (row, group) in try table.texts(try table.index(settings.group, key: "group")).enumerated() {
            guard let place = places[group] else {
                throw .tableSettings(
                    path: table.path,
                    problem: "sequence '\(group)' has no row in \(targets.path); add one, or remove its steps")
            }
            rows[place].append(row)
        }
        if let empty = rows.firstIndex(where: \.isEmpty) {
            throw .tableSettings(
                path: table.path,
                problem: "sequence '\(groups[empty])' of \(targets.path) has no steps; remove it there, or add steps")
        }
        if let step = settings.step {
            let numbers = try table.numbers(try table.index(step, key: "step"), remedy: "name another column")
            for (place, own) in rows.enumerated()
            where zip(own, own.dropFirst()).contains(where: { numbers[$0] >= numbers[$1] }) {
                throw .tableSettings(
                    path: table.path,
                    problem: "the steps of sequence '\(groups[place])' do not grow in '\(step)'; put its rows in order")
            }
        }
        return rows
    }

    private static func target(
        _ table: Table, _ settings: GroupedTable
    ) throws(DataError) -> (FieldDescription, [Float]) {
        let column = try table.index(settings.target, key: "target")
        let name = table.columns[column]
        guard settings.targetKind == .classes else {
            return (
                FieldDescription(name: name, elementType: .float32, shape: [1], meaning: .real(names: [name])),
                try table.numbers(column, remedy: "set data.targetKind: classes")
            )
        }
        let texts = try table.texts(column)
        let names = Table.categories(texts)
        let places = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, Float($0)) })
        return (
            FieldDescription(name: name, elementType: .int32, shape: [], meaning: .classes(names: names)),
            texts.map { places[$0] ?? 0 }
        )
    }

    package var exports: [String: SharedBytes.Export] {
        Dictionary(files.compactMap { file in file.exported.map { (file.path, $0) } }) { first, _ in first }
    }

    package var fingerprint: UInt64 {
        var hash = Fingerprint()
        hash.feed(count)
        for field in fields { hash.feed("\(field.name) \(field.shape) \(field.meaning)") }
        for file in files { file.withUnsafeBytes { hash.feed($0) } }
        return hash.value
    }

    package func length(of index: Int, field: Int) -> Int { starts[index + 1] - starts[index] }

    package func read(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Float>) {
        guard field == 0 else {
            buffer[0] = targets[index]
            return
        }
        precondition(
            buffer.count == length(of: index, field: 0) * width,
            "\(name): sequence \(index) is not \(buffer.count) numbers")
        let start = starts[index] * width
        for offset in buffer.indices { buffer[offset] = steps[start + offset] }
    }

    package func readIntegers(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Int32>) {
        precondition(field == 1, "\(name): field \(field) is not the target")
        buffer[0] = Int32(targets[index])
    }
}
