import ConfigurationReading
import Kernels
import TensorCore

/// A table in a text file, a sample a row: comma-separated values (RFC 4180) or the like.
///
/// Where no file of its own is the test part, `test` of the rows are drawn for it by a fixed key, the same in every
/// run.
package struct CSV: DatasetFactory {
    package static let name = "csv"
    package static let documentation =
        "A table in one text file, a sample a row: fields `features`, real numbers, and the target, named after its "
        + "column. A column is given by its name, or by its number from 1."
    package static let location = DatasetLocation.file

    /// How the file is to be read.
    package let table: TableSettings
    /// The part of the rows that is drawn for the test, where that is no file.
    package let test: Double
    /// The file of the test part, in the folder of the other one unless it begins with `/`; nil where it is drawn.
    package let testPath: String?

    package init(table: TableSettings, test: Double = 0.2, testPath: String? = nil) {
        self.table = table
        self.test = test
        self.testPath = testPath
    }

    package func open(
        _ split: DatasetSplit, path: String?, imports: [String: SharedBytes.Export]
    ) throws(DataError) -> any Dataset {
        let path = try required(path)
        let all = try CSV.open(path, table, imports)
        if let testPath { return try openFiles(split, all, folderOf: path, testPath, imports) }
        let held = Int((test * Double(all.count)).rounded())
        guard held < all.count, split == .train || held > 0 else {
            throw .tableSettings(
                path: path,
                problem: "data.test: \(test) of \(all.count) rows leaves none for \(held > 0 ? "training" : "the test")"
                    + "; give a fraction that leaves rows on both sides")
        }
        return Subset(
            of: all, part: split.rawValue, key: RandomKey(seed: 0).folding(.split).folding(1),
            positions: split == .test ? 0..<held : held..<all.count)
    }

    /// A part that is a file of its own.
    private func openFiles(
        _ split: DatasetSplit, _ training: TableDataset, folderOf path: String, _ testPath: String,
        _ imports: [String: SharedBytes.Export]
    ) throws(DataError) -> any Dataset {
        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        let file = testPath.hasPrefix("/") ? testPath : (folder + [Substring(testPath)]).joined(separator: "/")
        let part = split == .train ? training : try CSV.open(file, table, imports, like: training)
        return Subset(
            of: part, part: split.rawValue, key: RandomKey(seed: 0).folding(.split).folding(1),
            positions: 0..<part.count)
    }

    private static func open(
        _ path: String, _ settings: TableSettings, _ imports: [String: SharedBytes.Export],
        like training: TableDataset? = nil
    ) throws(DataError) -> TableDataset {
        let file = String(path.split(separator: "/").last ?? "")
        return try TableDataset(
            try SharedBytes.open(path, imports: imports, expected: [file]), settings: settings, like: training)
    }

    package func openSamples(
        _ path: String, field: FieldDescription
    ) throws(DataError) -> any UnlabelledSamples {
        guard case .real(let names) = field.meaning else {
            throw .notPredictable(path: path, dataset: CSV.name, field: field.name)
        }
        return try TableSamples(SharedBytes.open(path, expected: [path]), settings: table, names: names)
    }
}

/// `{name: csv, path: abalone.csv, columns: [sex, …, rings], target: rings, categorical: [sex]}`
extension CSV {
    package init(from reader: ConfigurationReader) {
        var table = TableSettings(formFrom: reader)
        table.targets =
            reader.optional(
                "target", .oneOrMore(of: .text),
                "The column to predict; several of real numbers are predicted together.")
            ?? []
        table.targetKind = reader.value(
            "targetKind", .choice(of: TableSettings.TargetKind.self), default: "real",
            "What the target holds: real numbers, or names of classes.")
        table.categorical = reader.value(
            "categorical", .list(of: .text), default: [],
            "Columns of names; each becomes a feature of 0 and 1 for every name.")
        table.unknown = reader.value(
            "unknown", .choice(of: TableSettings.UnknownCategory.self), default: "error",
            "What becomes of a name in such a column that the training file does not have, in `testPath` or a file to "
                + "predict: an error that says where it is, or 0 for every known name.")
        table.ignored = reader.value("ignore", .list(of: .text), default: [], "Columns that are left out.")
        table.sampleWeights = reader.optional(
            "sampleWeights", .text,
            "A column of numbers that is no feature but a field of its own, for a loss's `sampleWeights`.")
        table.fill = reader.optional(
            "fill", .fill,
            "What stands for missing values of features: mean, median or mostFrequent of the training samples, or a "
                + "value; or a map of columns to such, and of `others`. For all columns, mean and median of a "
                + "categorical one are its most frequent name. A missing value without a rule is refused.")
        table.indicatesMissing = reader.value(
            "indicateMissing", .flag, default: false,
            "Whether each filled column in which the file misses values has a feature `COLUMN?` beside it, 1 where it "
                + "did.")
        let testPath: String? = reader.optional(
            "testPath", .text,
            "The file of the test part, in the folder of `path` unless it begins with /; its columns are found by name."
        )
        // With a file there is nothing to draw, and the resolved configuration must not say both.
        let test =
            testPath == nil
            ? reader.value(
                "test", .number(in: 0..<1), default: 0.2,
                "The part of the rows that is drawn for the test, once for all.")
            : reader.optional("test", .number(in: 0..<1), "") ?? 0
        reader.excludeEachOther("test", "testPath")
        self.init(table: table, test: test, testPath: testPath)
    }
}
