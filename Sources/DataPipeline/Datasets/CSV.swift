import ConfigurationReading
import Kernels
import TensorCore

/// A table in a text file, a sample a row: comma-separated values (RFC 4180) or the like.
///
/// There is no official test part, so `test` of the rows are drawn for it by a fixed key, the same in every run.
package struct CSV: DatasetFactory {
    package static let name = "csv"
    package static let documentation =
        "A table in one text file, a sample a row: fields `features`, real numbers, and the target, named after its "
        + "column. A column is given by its name, or by its number from 1."
    package static let location = DatasetLocation.file

    /// How the file is to be read.
    package let table: TableSettings
    /// The part of the rows that is drawn for the test.
    package let test: Double

    package init(table: TableSettings, test: Double = 0.2) {
        self.table = table
        self.test = test
    }

    package func open(
        _ split: DatasetSplit, path: String?, imports: [String: SharedBytes.Export]
    ) throws(DataError) -> any Dataset {
        let path = try required(path)
        let file = String(path.split(separator: "/").last ?? "")
        let bytes = try SharedBytes.open(path, imports: imports, expected: [file])
        let all = try TableDataset(bytes, settings: table)
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
        table.ignored = reader.value("ignore", .list(of: .text), default: [], "Columns that are left out.")
        table.sampleWeights = reader.optional(
            "sampleWeights", .text,
            "A column of numbers that is no feature but a field of its own, for a loss's `sampleWeights`.")
        self.init(
            table: table,
            test: reader.value(
                "test", .number(in: 0..<1), default: 0.2,
                "The part of the rows that is drawn for the test, once for all."
            ))
    }
}
