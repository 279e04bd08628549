/// The rows of a series, and what every field of a window is that has its origin at some row.
struct SeriesTable {
    /// What a field of a window holds.
    enum Part: String, CaseIterable {
        case past, future, lastValue, meanValue, seasonalValue
    }

    let count: Int
    /// The columns that are known of the past, and the places of those among them that are forecast.
    let names: [String]
    let targets: [Int]
    private let settings: Series
    /// [rows, C]
    private let rows: [Float]
    /// Σ of all rows before each, and of all, by target: [rows + 1, K].
    private let sums: [Double]

    init(_ file: SharedBytes, _ settings: Series) throws(DataError) {
        let table = try Table(file, settings: settings.table)
        var names: [String] = []
        var columns: [[Float]] = []
        for value in settings.values {
            let column = try table.index(value, key: "values")
            let name = table.columns[column]
            if names.contains(name) {
                throw .tableSettings(
                    path: table.path, problem: "data.values names the column '\(name)' twice; name it once")
            }
            names.append(name)
            columns.append(try table.numbers(column, remedy: "name another column"))
        }
        let targets = settings.targets.compactMap { settings.values.firstIndex(of: $0) }
        rows = (0..<table.count).flatMap { row in columns.map { $0[row] } }
        var total = [Double](repeating: 0, count: targets.count)
        var sums = total
        for row in 0..<table.count {
            for (place, target) in targets.enumerated() { total[place] += Double(columns[target][row]) }
            sums += total
        }
        self.sums = sums
        self.names = names
        self.targets = targets
        self.settings = settings
        count = table.count
    }

    /// The first row that can be an origin.
    var firstOrigin: Int { max(settings.lags, settings.season ?? 0) }

    /// Writes a field of the window with this origin, [L, C] or [H, K].
    func fill(_ buffer: UnsafeMutableBufferPointer<Float>, with part: Part, origin: Int) {
        let width = names.count
        if part == .past {
            let start = (origin - settings.lags) * width
            for offset in buffer.indices { buffer[offset] = rows[start + offset] }
            return
        }
        for step in 0..<settings.horizon {
            for (place, target) in targets.enumerated() {
                buffer[step * targets.count + place] =
                    switch part {
                    case .meanValue: Float(sums[origin * targets.count + place] / Double(origin))
                    case .lastValue: rows[(origin - 1) * width + target]
                    case .seasonalValue: rows[(origin + step - seasons(back: step)) * width + target]
                    case .past, .future: rows[(origin + step) * width + target]
                    }
            }
        }
    }

    /// The rows of the fewest seasons that lead from a step of the forecast to before its origin.
    private func seasons(back step: Int) -> Int {
        let season = settings.season ?? 1
        return (step / season + 1) * season
    }
}
