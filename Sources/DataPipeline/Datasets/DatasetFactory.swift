import ConfigurationReading
import TensorCore

/// A kind of data set that a configuration can name, with its settings: it opens the parts of the data set.
package protocol DatasetFactory: Equatable, Sendable {
    /// Reads the data set's own keys, which stand beside `data.name`.
    init(from reader: ConfigurationReader)
    /// What a configuration calls it.
    static var name: String { get }
    /// One sentence for the reference of the configuration.
    static var documentation: String { get }
    /// What `data.path` names.
    static var location: DatasetLocation { get }
    /// The fields of every such data set; nil where only the files say.
    var knownFields: [FieldDescription]? { get }
    /// Opens one part and checks its files.
    ///
    /// - Parameters:
    ///   - path: a folder or a file, see ``location``.
    ///   - imports: `exports` of the same data set opened by another process of this host, which spare unpacking.
    /// - Throws: `DataError` with the file and the place in it.
    func open(
        _ split: DatasetSplit, path: String?, imports: [String: SharedBytes.Export]
    ) throws(DataError) -> any Dataset
    /// Whether ``openSamples(_:field:)`` finds every field in one file.
    var opensEveryField: Bool { get }
    /// Opens a file of samples of one field without the others, for `predict`.
    ///
    /// - Throws: `DataError.notPredictable` for fields that are in no such file.
    func openSamples(_ path: String, field: FieldDescription) throws(DataError) -> any UnlabelledSamples
}

/// A data set without keys of its own.
package protocol KeylessDataset: DatasetFactory {
    init()
}

extension KeylessDataset {
    package init(from reader: ConfigurationReader) { self.init() }
}

/// What the path of a data set names.
package enum DatasetLocation: String, Sendable {
    /// The program makes the data itself.
    case nowhere
    case folder, file
    /// A folder of any name, or an archive.
    case recordings = "folder of recordings"
    /// A folder of any name, or tar files.
    case pictures = "folder of pictures or tar files"
    /// A folder of any name with the files of a graph.
    case graph = "folder of a graph's files"
}

extension DatasetFactory {
    package var knownFields: [FieldDescription]? { nil }
    package var opensEveryField: Bool { false }

    /// The path, where one is needed.
    func required(_ path: String?) throws(DataError) -> String {
        guard let path else { throw .missingPath(dataset: Self.name, location: Self.location) }
        return path
    }

    /// Opens a table whose header names the columns of a field of real numbers.
    func openTable(_ path: String, field: FieldDescription) throws(DataError) -> any UnlabelledSamples {
        guard case .real(let names) = field.meaning else {
            throw .notPredictable(path: path, dataset: Self.name, field: field.name)
        }
        return try TableSamples(SharedBytes.open(path, expected: [path]), settings: TableSettings(), names: names)
    }

    /// Whether `other` is the same kind of data set with the same settings.
    package func isEqual(to other: any DatasetFactory) -> Bool { other as? Self == self }
}
