import TensorCore

/// Samples of one field from a file that is no data set, for trained weights to be applied to.
package protocol UnlabelledSamples {
    var count: Int { get }
    /// The graph whose nodes the samples are, in their order; nil where they have no neighbours.
    var nodes: (any NodeSource)? { get }
    /// The raw values of a sample, as many as the field has; where its first axis varies, as many as the sample has.
    func values(_ index: Int) -> [Float]
}

extension UnlabelledSamples {
    package var nodes: (any NodeSource)? { nil }
}

extension SampleFile: UnlabelledSamples {
    package func values(_ index: Int) -> [Float] { pixels(index).map(Float.init) }
}

extension DatasetFactory {
    /// Opens a file of images without labels; a data set of other samples has its own.
    ///
    /// - Parameter field: the model's input, as the data set that it was trained on declared it.
    /// - Throws: `DataError`.
    package func openSamples(
        _ path: String, field: FieldDescription
    ) throws(DataError) -> any UnlabelledSamples {
        guard case .pixels = field.meaning, field.shape.rank == 3 else {
            throw .notPredictable(path: path, dataset: Self.name, field: field.name)
        }
        return try SampleFile(path, shape: field.shape)
    }
}

/// Rows of a table with the columns of a trained model's features; the target columns, and that of the rows' weights,
/// may be there or not.
struct TableSamples: UnlabelledSamples {
    let count: Int
    private let rows: [[Float]]

    /// - Parameter names: of the features; `sex=M` stands for a category.
    init(_ file: SharedBytes, settings: TableSettings, names: [String]) throws(DataError) {
        let table = try TableSamples.table(file, settings)
        var columns: [[Float]] = []
        for name in names {
            let parts = name.split(separator: "=", maxSplits: 1).map(String.init)
            if parts.count == 2, settings.categorical.contains(parts[0]) {
                let texts = try table.texts(try table.index(parts[0], key: "categorical"))
                columns.append(texts.map { $0 == parts[1] ? 1 : 0 })
            } else {
                columns.append(try table.numbers(try table.index(name, key: "columns"), remedy: "correct the file"))
            }
        }
        count = table.count
        rows = (0..<table.count).map { row in columns.map { $0[row] } }
    }

    func values(_ index: Int) -> [Float] { rows[index] }

    /// The table as it is in training, or without what is to be predicted, or without the rows' weights too.
    private static func table(_ file: SharedBytes, _ settings: TableSettings) throws(DataError) -> Table {
        do throws(DataError) {
            return try Table(file, settings: settings)
        } catch {
            guard let columns = settings.columns else { throw error }
            var left = settings.targets
            for more in [[], settings.sampleWeights.map { [$0] } ?? []] {
                left += more
                var fewer = settings
                fewer.columns = columns.enumerated()
                    .filter { !left.contains($1) && !left.contains(String($0 + 1)) }.map(\.element)
                if fewer.columns == columns { continue }
                do throws(DataError) { return try Table(file, settings: fewer) } catch {}  // the first error is told
            }
            throw error
        }
    }
}
