import ConfigurationReading
import Kernels
import TensorCore

/// Sequences of different lengths from two tables: one with a row for each step, one with a row for each sequence. See
/// `SequenceTableDataset`.
package struct GroupedTable: DatasetFactory {
    package static let name = "sequences"
    package static let documentation =
        "Sequences of different lengths from two tables, one with a row a step, one with a row a sequence: fields "
        + "`sequence`, real numbers of each step, and the target, named after its column."
    package static let location = DatasetLocation.file

    /// How the table of steps is to be read.
    package let table: TableSettings
    /// The file of targets, in the same folder.
    package let targetFile: String
    /// The column, of both tables, that says which sequence a row belongs to.
    package let group: String
    /// The column that counts a sequence's steps; nil where none does.
    package let step: String?
    /// The column of the second table that is to be predicted.
    package let target: String
    package let targetKind: TableSettings.TargetKind
    /// The part of the sequences that is drawn for the test.
    package let test: Double

    package init(
        table: TableSettings = TableSettings(), targetFile: String = "targets.csv", group: String, step: String? = nil,
        target: String, targetKind: TableSettings.TargetKind = .classes, test: Double = 0.2
    ) {
        self.table = table
        self.targetFile = targetFile
        self.group = group
        self.step = step
        self.target = target
        self.targetKind = targetKind
        self.test = test
    }

    package func open(
        _ split: DatasetSplit, path: String?, imports: [String: SharedBytes.Export]
    ) throws(DataError) -> any Dataset {
        let path = try required(path)
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        let other = (parts.dropLast() + [Substring(targetFile)]).joined(separator: "/")
        let all = try SequenceTableDataset(
            try SharedBytes.open(path, imports: imports, expected: [String(parts.last ?? "")]),
            targets: try SharedBytes.open(other, imports: imports, expected: [targetFile]), settings: self)
        let held = Int((test * Double(all.count)).rounded())
        guard held < all.count, split == .train || held > 0 else {
            throw .tableSettings(
                path: path,
                problem: "data.test: \(test) of \(all.count) sequences leaves none for "
                    + "\(held > 0 ? "training" : "the test"); give a fraction that leaves some on both sides")
        }
        return Subset(
            of: all, part: split.rawValue, key: RandomKey(seed: 0).folding(.split).folding(1),
            positions: split == .test ? 0..<held : held..<all.count)
    }

    package func openSamples(_ path: String, field: FieldDescription) throws(DataError) -> any UnlabelledSamples {
        throw .notPredictable(path: path, dataset: Self.name, field: field.name)
    }
}

/// `{name: sequences, path: sequences.csv, targets: targets.csv, group: sequence, step: t, target: target}`
extension GroupedTable {
    package init(from reader: ConfigurationReader) {
        var table = TableSettings(formFrom: reader)
        table.ignored = reader.value(
            "ignore", .list(of: .text), default: [], "Columns of the steps that are left out.")
        self.init(
            table: table,
            targetFile: reader.value(
                "targets", .text, default: "targets.csv",
                "The file, in the folder of the first one, with a header and a row for each sequence."),
            group: reader.required(
                "group", .text, "The column, of both files, that says which sequence a row belongs to."),
            step: reader.optional(
                "step", .text, "The column that counts a sequence's steps; it must grow, and is no feature."),
            target: reader.required("target", .text, "The column of the second file that is predicted."),
            targetKind: reader.value(
                "targetKind", .choice(of: TableSettings.TargetKind.self), default: "classes",
                "What the target holds: names of classes, or real numbers."),
            test: reader.value(
                "test", .number(in: 0..<1), default: 0.2,
                "The part of the sequences that is drawn for the test, once for all."))
    }
}
