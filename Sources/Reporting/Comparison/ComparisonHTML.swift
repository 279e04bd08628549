import Foundation
import System

/// The page `compare.html`: table, curves and what differs, in one file that needs no other and loads nothing.
struct ComparisonHTML {
    let comparison: Comparison
    /// The page's folder, from which links to the runs' reports lead.
    let folder: String
    /// Seconds since 1970; nil leaves out when the page was written.
    var writtenAt: Double?

    private var keys: [ChartLegend.Key] { ChartLegend(comparison.settings.map(\.name)).keys }

    var text: String {
        let table = ComparisonTable(comparison)
        return htmlPage(
            title: "\(comparison.title) · trainer",
            sections: [
                ("summary", summary), ("table", figures(table)), ("curves", curves), ("differences", differences),
                ("runs", runs),
            ])
    }

    private var summary: String {
        let members = comparison.settings.flatMap(\.members)
        let open = members.count { !$0.isFinished }
        let failed = members.count { $0.failure != nil }
        var lead =
            "\(NumberText.count(members.count, "run")) of \(NumberText.count(comparison.settings.count, "setting"))"
        if failed > 0 { lead += ", \(failed) failed" }
        if open > failed { lead += ", \(open - failed) not at \(open - failed == 1 ? "its" : "their") end" }
        return "<h1>\(escaped(comparison.title))</h1>\n<p class=\"lead\">\(escaped(lead))\(written)</p>"
    }

    private var written: String {
        guard let writtenAt, writtenAt.isFinite else { return "" }
        let text = Date(timeIntervalSince1970: writtenAt.rounded()).formatted(.iso8601)
        return "; as of <time datetime=\"\(text)\">\(text)</time>"
    }

    private func figures(_ table: ComparisonTable) -> String {
        let texts = [0, table.header.count - 1]
        let heads = table.header.enumerated().map { index, name in
            "<th scope=\"col\"\(texts.contains(index) ? "" : " class=\"number\"")>\(escaped(name))</th>"
        }
        let rows = zip(table.rows, keys).map { cells, key in
            let others = cells.enumerated().dropFirst().map { index, cell in
                "<td\(texts.contains(index) ? "" : " class=\"number\"")>\(escaped(cell))</td>"
            }
            return "<tr><th scope=\"row\">\(key.html)</th>\(others.joined())</tr>"
        }
        let notes = table.notes.map { "<p class=\"note\">\(escaped($0))</p>" }
        let isSpread = comparison.settings.contains { $0.counted.count > 1 }
        let note = isSpread ? "last values; mean ± standard deviation over the runs of a setting" : "last values"
        return heading("Figures", note: note) + card(heads.joined(), rows, "Figures", style: " settings")
            + notes.map { "\n" + $0 }.joined()
    }

    private var curves: String {
        let rows = ComparisonCharts(comparison).rows
        if rows.isEmpty { return "" }
        let tools = """
            <div class="tools"><span class="note hint">Drag over a chart to zoom in, double-click to zoom out. On the \
            keyboard: ← → + − 0.</span>
            <button data-zoom="in" data-group="epochs">Zoom in</button>
            <button data-zoom="out" data-group="epochs" disabled>Zoom out</button>
            <button data-zoom="whole" data-group="epochs" disabled>Whole run</button></div>
            """
        let isSpread = comparison.settings.contains { $0.counted.count > 1 }
        let note =
            isSpread
            ? "<p class=\"note\">Lines are means over the runs of a setting that have got there; areas go from the "
                + "lowest to the highest.</p>\n" : ""
        let charts = rows.map { row in
            let drawn = row.map { chart in
                var chart = chart
                chart.hasLegend = false
                return ChartDrawing(chart).html
            }
            return "<div class=\"pair\">\n\(drawn.joined(separator: "\n"))\n</div>"
        }
        return heading("Curves", tools: tools) + note
            + "<div class=\"legend shared\">\(keys.map(\.html).joined())</div>\n"
            + charts.joined(separator: "\n")
    }

    /// The keys that differ; of settings that have nothing in common no list helps.
    private var differences: String {
        let differences = comparison.differences
        guard (1...30).contains(differences.count), comparison.settings.count <= 12 else { return "" }
        let heads = "<th scope=\"col\">key</th>" + keys.map { "<th scope=\"col\">\($0.html)</th>" }.joined()
        let rows = differences.map { difference in
            "<tr><th scope=\"row\"><code>\(escaped(difference.key))</code></th>"
                + difference.values.map { "<td>\(escaped($0))</td>" }.joined() + "</tr>"
        }
        return heading("What differs") + card(heads, rows, "What differs")
    }

    private var runs: String {
        let heads =
            "<th scope=\"col\">run</th><th scope=\"col\">setting</th><th scope=\"col\" class=\"number\">seed</th>"
            + "<th scope=\"col\" class=\"number\">step</th><th scope=\"col\">state</th><th scope=\"col\">digest</th>"
        let rows = zip(comparison.settings, keys).flatMap { setting, key in
            setting.members.map { member in
                let digest = member.run?.digest.map { "<code>\(escaped($0))</code>" } ?? "–"
                let name = member.run == nil ? escaped(member.name) : link(to: member)
                return "<tr><th scope=\"row\">\(name)</th><td>\(key.html)</td>"
                    + "<td class=\"number\">\(member.seed.map { "\($0)" } ?? "–")</td>"
                    + "<td class=\"number\">\(member.run.map { NumberText.grouped($0.steps) } ?? "–")</td>"
                    + "<td>\(escaped(member.state))</td><td>\(digest)</td></tr>"
            }
        }
        return heading("Runs") + card(heads, rows, "Runs", style: " runs")
    }

    /// A link to a run's report, where that lies below the page's folder, so that both can be moved.
    private func link(to member: Comparison.Member) -> String {
        let inside = folder.isEmpty || folder == "." ? "" : folder + "/"
        guard member.path.hasPrefix(inside), !member.path.hasPrefix("/") || inside.hasPrefix("/"),
            let address = "\(member.path.dropFirst(inside.count))/report.html"
                .addingPercentEncoding(withAllowedCharacters: .urlPathAllowed)
        else { return escaped(member.name) }
        return "<a href=\"./\(escaped(address))\">\(escaped(member.name))</a>"
    }

    private func heading(_ title: String, note: String = "", tools: String = "") -> String {
        let note = note.isEmpty ? "" : "<p class=\"note\">\(escaped(note))</p>"
        return "<div class=\"title\"><h2>\(escaped(title))</h2>\(note)\(tools)</div>\n"
    }

    private func card(_ heads: String, _ rows: [String], _ title: String, style: String = "") -> String {
        """
        <div class="card scroll\(style)" tabindex="0" role="region" aria-label="\(escaped(title))"><table>
        <tr>\(heads)</tr>
        \(rows.joined(separator: "\n"))
        </table></div>
        """
    }
}
