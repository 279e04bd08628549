import TensorCore

/// Which class each recording is of, one field of classes after the other.
struct RecordingClasses: Sendable {
    /// The fields' names.
    let names: [String]
    /// The classes of each field that recordings for training have; numbers in their order, others by their bytes.
    let classes: [[String]]
    /// By field, by recording.
    let labels: [[Int32]]

    /// - Parameters:
    ///   - recordings: those that are labelled.
    ///   - training: those for training, which say what classes there are.
    ///   - folder: where the table lies.
    /// - Throws: `DataError.sound` for a name that does not fit, and a class that no recording for training has.
    init(
        _ settings: RecordingNames, of recordings: [String], path: String, training: [String], trainingPath: String,
        folder: String
    ) throws(DataError) {
        names = settings.classes
        let source = try ClassSource(settings, folder: folder)
        var (classes, labels): ([[String]], [[Int32]]) = ([], [])
        for field in names {
            var seen: Set<String> = []
            for name in training { seen.insert(try source.value(of: field, in: name, path: trainingPath)) }
            let known = Table.categories(Array(seen))
            let places = Dictionary(uniqueKeysWithValues: known.enumerated().map { ($1, Int32($0)) })
            var own: [Int32] = []
            for name in recordings {
                let value = try source.value(of: field, in: name, path: path)
                guard let place = places[value] else {
                    throw .sound(
                        path: "\(path)/\(name)", problem: .noSuchClass(field: field, name: value, known: known))
                }
                own.append(place)
            }
            classes.append(known)
            labels.append(own)
        }
        self.classes = classes
        self.labels = labels
    }
}

/// What names of files, and a table beside them, say of recordings.
package struct RecordingNames: Equatable, Sendable {
    /// Nil where names say nothing.
    package let pattern: NamePattern?
    /// A table with more, in the data set's folder. Its first column is `file`, or a placeholder of the pattern.
    package let table: String?
    /// The fields of classes: placeholders, and columns of the table.
    package let classes: [String]

    /// The placeholder that only tells recordings apart.
    package static let index = "index"

    /// - Parameter classes: nil for all placeholders but `index`.
    package init(pattern: NamePattern? = nil, table: String? = nil, classes: [String]? = nil) {
        self.pattern = pattern
        self.table = table
        self.classes = classes ?? pattern?.placeholders.filter { $0 != RecordingNames.index } ?? []
    }
}

/// Finds the value of a field for a recording.
private struct ClassSource {
    private let pattern: NamePattern?
    private let tablePath: String
    /// What the table's rows are found by.
    private let key: String
    /// By column, by key.
    private var columns: [String: [String: String]] = [:]

    init(_ settings: RecordingNames, folder: String) throws(DataError) {
        pattern = settings.pattern
        tablePath = settings.table.map { "\(folder)/\($0)" } ?? ""
        guard settings.table != nil else {
            key = ""
            return
        }
        let table = try Table(SharedBytes.open(tablePath, expected: [tablePath]), settings: TableSettings())
        key = table.columns[0]
        guard key == "file" || pattern?.placeholders.contains(key) == true else {
            throw .tableSettings(
                path: tablePath,
                problem: "its first column is '\(key)'; name it 'file', or as a placeholder of data.names")
        }
        let keys = try table.texts(0)
        for name in settings.classes where pattern?.placeholders.contains(name) != true {
            let texts = try table.texts(try table.index(name, key: "classes"))
            columns[name] = Dictionary(zip(keys, texts)) { first, _ in first }
        }
    }

    /// - Parameter path: of the part, for messages.
    func value(of field: String, in name: String, path: String) throws(DataError) -> String {
        var fitted: [String] = []
        if let pattern {
            guard let values = pattern.values(in: name) else {
                throw .sound(path: "\(path)/\(name)", problem: .nameDoesNotFit(pattern: pattern.text))
            }
            if let place = pattern.placeholders.firstIndex(of: field) { return values[place] }
            fitted = values
        }
        var keys = [name, name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name]
        if let place = pattern?.placeholders.firstIndex(of: key) { keys = [fitted[place]] }
        guard let value = keys.lazy.compactMap({ columns[field]?[$0] }).first else {
            throw .sound(path: "\(path)/\(name)", problem: .noClass(field: field, table: tablePath))
        }
        return value
    }
}
