import System
import Training

/// The table of a comparison: a line a setting, as text, and a line a run, for programs.
package struct ComparisonTable: Sendable {
    /// A figure of runs.
    private struct Column: Sendable {
        let name: String
        var digits = 6
        /// Whether a spread of nothing is left out.
        var isCount = false
        let value: @Sendable (RecordedRun) -> Double?
    }

    private let comparison: Comparison
    private let columns: [Column]

    package init(_ comparison: Comparison) {
        self.comparison = comparison
        let runs = comparison.settings.flatMap(\.counted)
        var columns = [Column(name: "steps", isCount: true) { Double($0.steps) }]
        for metric in comparison.metrics where comparison.isChosen || !metric.isComplement {
            if metric.showsTraining, metric.isLoss || comparison.isChosen {
                columns.append(Column(name: metric.trainingName) { metric.training($0) })
            }
            if metric.showsValidation { columns.append(Column(name: metric.validationName) { metric.validation($0) }) }
        }
        columns.append(Column(name: "seconds", digits: 3) { $0.history.intervals.isEmpty ? nil : $0.seconds })
        self.columns = columns.filter { column in runs.contains { column.value($0) != nil } }
    }

    /// What stands above the columns.
    package var header: [String] { ["setting", "runs"] + columns.map(\.name) + ["digest"] }

    /// The cells of each setting: means over its runs, with the standard deviation where there are several.
    package var rows: [[String]] {
        comparison.settings.map { setting in
            let runs = setting.counted
            let figures = columns.map { column in
                Spread(runs.compactMap { column.value($0) })?.text(digits: column.digits, isCount: column.isCount)
                    ?? "–"
            }
            let finished = setting.members.count(where: \.isFinished)
            let count = finished == setting.members.count ? "\(finished)" : "\(finished) of \(setting.members.count)"
            return [setting.name, count] + figures + [ComparisonTable.digest(of: setting)]
        }
    }

    private static func digest(of setting: Comparison.Setting) -> String {
        let digests = Set(setting.members.filter(\.isFinished).compactMap { $0.run?.digest })
        if digests.count > 1 { return "\(digests.count) digests" }
        return digests.first.map { String($0.prefix(12)) } ?? "–"
    }

    /// The table for people, with what they must know of single runs below it.
    package var text: String {
        let table = TextTable(
            header: header, rows: rows, isText: header.indices.map { $0 == 0 || $0 == header.count - 1 })
        return ([String(table.text.dropLast())] + notes).joined(separator: "\n")
    }

    /// What the table does not say: runs that have not come to their end, and whether equal runs have equal weights.
    var notes: [String] {
        let open = comparison.settings.flatMap(\.members).filter { !$0.isFinished }
        var notes = open.map { "\($0.name): \($0.state)" }
        if let agreement = comparison.agreement { notes.append(agreement.text) }
        let damaged = comparison.settings.flatMap(\.members).filter { $0.run?.damagedLines ?? 0 > 0 }
        notes += damaged.map { member in
            let lines = NumberText.count(member.run?.damagedLines ?? 0, "damaged line")
            return "note: \(lines) of \(member.path)/metrics.jsonl left out"
        }
        return notes
    }

    /// A line a run, after one of names, as RFC 4180 has it; numbers in the shortest form that reads back the same.
    package var csv: String {
        func quoted(_ text: String) -> String {
            text.contains(where: { "\",\n\r".contains($0) }) ? "\"\(text.replacing("\"", with: "\"\""))\"" : text
        }
        var lines = [["setting", "run", "seed", "ranks", "threads"] + columns.map(\.name) + ["digest", "state"]]
        for setting in comparison.settings {
            for member in setting.members {
                let facts = [
                    setting.name, member.name, member.seed.map { "\($0)" } ?? "", member.ranks.map { "\($0)" } ?? "",
                    member.threads.map { "\($0)" } ?? "",
                ]
                let figures = columns.map { column in member.run.flatMap(column.value).map(ComparisonTable.plain) ?? ""
                }
                lines.append(facts + figures + [member.run?.digest ?? "", member.state])
            }
        }
        return lines.map { $0.map(quoted).joined(separator: ",") }.joined(separator: "\n")
    }

    /// `{"settings": […]}` in one line: each with its mean, deviation and runs.
    package var json: String {
        let settings = comparison.settings.map { setting in
            let runs = setting.members.map { member in
                var line = JSONLine()
                line.add("name", member.name)
                line.add("path", member.path)
                line.add("seed", member.seed.map { Int(clamping: $0) })
                line.add("ranks", member.ranks)
                line.add("threads", member.threads)
                for column in columns { line.add(column.name, member.run.flatMap(column.value)) }
                if let digest = member.run?.digest { line.add("digest", digest) }
                line.add("state", member.state)
                return line.text
            }
            var line = JSONLine()
            line.add("name", setting.name)
            let spreads = columns.map { ($0.name, Spread(setting.counted.compactMap($0.value))) }
            line.add("mean", spreads.compactMap { name, spread in spread.map { (name, $0.mean) } }.asDictionary)
            line.add(
                "deviation", spreads.compactMap { name, spread in spread?.deviation.map { (name, $0) } }.asDictionary)
            return line.text.dropLast() + ",\"runs\":[\(runs.joined(separator: ","))]}"
        }
        return "{\"title\":\(JSONText.quoted(comparison.title)),\"settings\":[\(settings.joined(separator: ","))]}"
    }

    /// Whole numbers without a fraction.
    private static func plain(_ value: Double) -> String {
        abs(value) < 1e15 && value == value.rounded() ? "\(Int(value))" : value.description
    }
}

extension [(String, Double)] {
    fileprivate var asDictionary: [String: Double] { Dictionary(self, uniquingKeysWith: { first, _ in first }) }
}

extension ComparedMetric {
    /// The last value in training; nil where there is none.
    func training(_ run: RecordedRun) -> Double? { run.lastTraining(description.name).map(shown) }
    /// The last value in validation; nil where there is none.
    func validation(_ run: RecordedRun) -> Double? { run.lastValidation(description.name).map(shown) }
}
