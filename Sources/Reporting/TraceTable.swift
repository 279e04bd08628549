import Training

extension ReportTables {
    /// Where the time of the last traced steps went, rank by rank; nothing where none were traced.
    var trace: String {
        guard let trace = report.trace else { return "" }
        let shares = TraceRecord.Share.allCases
        let heads = ["rank", "host", "own ms a step"] + shares.map(\.title)
        let cells = heads.enumerated().map { index, head in
            "<th scope=\"col\"\(index == 1 ? "" : " class=\"number\"")>\(escaped(head))</th>"
        }
        let rows = trace.ranks.map { rank in
            let own = NumberText.significant(1000 * rank.own / Double(trace.steps.count), digits: 4)
            let parts = shares.map { share in
                rank.total > 0 ? "\(Int((100 * rank.of(share) / rank.total).rounded())) %" : "–"
            }
            let numbers = ([own] + parts).map { "<td class=\"number\">\(escaped($0))</td>" }.joined()
            return "<tr><td class=\"number\">\(rank.rank)</td><td>\(escaped(rank.host))</td>\(numbers)</tr>"
        }
        let steps = trace.steps
        let title = steps.count == 1 ? "Time of step" : "Time of steps"
        let range = steps.count == 1 ? "\(steps.lowerBound)" : "\(steps.lowerBound) to \(steps.upperBound)"
        return table("\(title) \(range)", cells.joined(), rows)
            + "\n<p class=\"note\">\(escaped(trace.slowestLine)). Own is what a rank does without waiting for others. "
            + "All of it: <code>\(escaped(trace.path))</code></p>"
    }
}

extension TraceRecord.Share {
    /// A column's head.
    fileprivate var title: String {
        switch self {
        case .data: "waiting for data"
        case .ranks: "waiting for ranks"
        default: rawValue
        }
    }
}
