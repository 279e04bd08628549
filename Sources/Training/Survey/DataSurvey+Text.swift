import Foundation
import System

extension DataSurvey {
    /// As tables for people, warnings last.
    package var text: String {
        var sections = [partTable, fieldTable]
        for field in parts[0].fields where !field.classes.isEmpty { sections.append(classTable(field.name)) }
        for field in parts[0].fields where field.values != nil { sections.append(valueTable(field)) }
        sections.append(warningText)
        return name + (path.map { ", \($0)" } ?? "") + "\n\n" + sections.joined(separator: "\n")
    }

    private var partTable: String {
        let header = ["part", "samples", "copies", "constant", "damaged"]
        let rows = parts.map {
            [
                $0.part, $0.samples.grouped, $0.copies.count.grouped, $0.constant.count.grouped,
                $0.damagedCount.grouped,
            ]
        }
        return TextTable(header: header, rows: rows, isText: [true, false, false, false, false]).text
    }

    private var fieldTable: String {
        let rows = parts[0].fields.map { field in
            var what = field.kind
            if !field.classes.isEmpty { what = "\(field.classes.count) classes" }
            if let used = field.used, let choices = field.choices {
                what += ", \(used.grouped) of \(choices.grouped) in use"
            }
            let lengths = field.lengths.map { "\($0.least) to \($0.most), \(Self.number($0.mean)) on average" } ?? ""
            return [field.name, what, "\(field.shape)", lengths]
        }
        let hasLengths = rows.contains { !$0[3].isEmpty }
        let columns = hasLengths ? 4 : 3
        return TextTable(
            header: Array(["field", "holds", "shape", "lengths in training"].prefix(columns)),
            rows: rows.map { Array($0.prefix(columns)) }, isText: Array(repeating: true, count: columns)
        ).text
    }

    /// How often each class is in each part; of many classes the largest and the smallest of training.
    private func classTable(_ name: String) -> String {
        let fields = parts.compactMap { part in part.fields.first { $0.name == name } }
        let counted = fields[0].classes.indices.sorted {
            (fields[0].classes[$1].count, $0) < (fields[0].classes[$0].count, $1)
        }
        let shown = counted.count > 24 ? Set(counted.prefix(10) + counted.suffix(10)) : Set(counted)
        var rows: [[String]] = []
        for place in fields[0].classes.indices where shown.contains(place) {
            let cells = fields.flatMap { field in
                [
                    field.classes[place].count.grouped,
                    String(format: "%.1f %%", 100 * field.classes[place].share),
                ]
            }
            rows.append([fields[0].classes[place].name] + cells)
        }
        let hidden = counted.count - shown.count
        return TextTable(
            header: [name] + parts.flatMap { [$0.part, "share"] }, rows: rows,
            isText: [true] + parts.flatMap { _ in [false, false] }
        ).text + (hidden > 0 ? "… and \(hidden) between the ten largest and the ten smallest\n" : "")
    }

    /// Of each part, and of training by channel where these are not too many.
    private func valueTable(_ field: FieldSurvey) -> String {
        var rows = parts.compactMap { part -> [String]? in
            part.fields.first { $0.name == field.name }?.values.map { Self.row(part.part, $0) }
        }
        if field.channels.count <= 32 {
            for (channel, values) in field.channels.enumerated() {
                rows.append(Self.row("  " + (values.name ?? "channel \(channel)"), values))
            }
        }
        return TextTable(
            header: [field.name, "least", "most", "mean", "deviation", "missing"], rows: rows,
            isText: [true, false, false, false, false, false]
        ).text
    }

    private static func row(_ name: String, _ values: FieldSurvey.NumberSurvey) -> [String] {
        [name] + [values.least, values.most, values.mean, values.deviation].map { $0.map(number) ?? "–" }
            + [values.missing.grouped]
    }

    private static func number(_ value: Double) -> String { String(format: "%.4g", value) }

    private var warningText: String {
        if warnings.isEmpty { return "nothing to warn of\n" }
        return "\(warnings.count) warning\(warnings.count == 1 ? "" : "s")\n" + warnings.map { "  - \($0)\n" }.joined()
    }
}
