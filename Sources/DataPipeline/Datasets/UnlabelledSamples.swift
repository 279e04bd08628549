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
    /// Opens a file of images without labels; a data set of other samples has its own. A picture of any size, JPEG or
    /// PNG, is fitted to the field.
    ///
    /// - Parameter field: the model's input, as the data set that it was trained on declared it.
    /// - Throws: `DataError`.
    package func openSamples(
        _ path: String, field: FieldDescription
    ) throws(DataError) -> any UnlabelledSamples {
        guard case .pixels = field.meaning, field.shape.rank == 3 else {
            throw .notPredictable(path: path, dataset: Self.name, field: field.name)
        }
        if let picture = try PictureSample(path, shape: field.shape, fit: .crop) { return picture }
        return try SampleFile(path, shape: field.shape)
    }
}

/// Rows of a table with the columns of a trained model's features; the target columns, and that of the rows' weights,
/// may be there or not.
struct TableSamples: UnlabelledSamples {
    let count: Int
    private let width: Int
    /// [rows, features]
    private let values: [Float]

    /// - Parameter names: of the features; `sex=M` stands for a category. What training fills is NaN where it is
    ///   missing.
    init(_ file: SharedBytes, settings: TableSettings, names: [String]) throws(DataError) {
        let table = try TableSamples.table(file, settings)
        count = table.count
        width = names.count
        values = try TableFeatures(names: names, in: table, settings).values(of: table, settings)
    }

    func values(_ index: Int) -> [Float] { Array(values[index * width..<(index + 1) * width]) }

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
