import TensorCore

/// Windows of series in time: sample i knows the L rows before its origin and is asked for the H rows from there on.
///
/// Fields are `past` [L, C], `future` [H, K], and naive forecasts of the shape of `future` (Hyndman and Athanasopoulos,
/// Forecasting: Principles and Practice, section 5.2): `lastValue`, the last known value at every step; `meanValue`,
/// the mean of all rows before the origin; with a season of S rows `seasonalValue`, what stood a whole number of
/// seasons earlier, as few as possible. The test has the windows whose origins lie in the last rows, and may look back
/// at the rows before; training has those that end before. Origins begin at max(L, S).
package struct SeriesDataset: Dataset {
    package let name: String
    package let count: Int
    package let fields: [FieldDescription]
    package let defaultInput = SeriesTable.Part.past.rawValue
    package let defaultTarget: String? = SeriesTable.Part.future.rawValue
    /// Windows that reach into the next part are left out.
    package let partition: Partition
    package let baselines: [Baseline]
    private let table: SeriesTable
    /// By field.
    private let parts: [SeriesTable.Part]
    private let firstOrigin: Int
    private let file: SharedBytes

    init(_ file: SharedBytes, settings: Series, split: DatasetSplit) throws(DataError) {
        let table = try SeriesTable(file, settings)
        let held = Int((settings.test * Double(table.count)).rounded())
        let (earliest, cut, last) = (table.firstOrigin, table.count - held, table.count - settings.horizon)
        let origins =
            split == .train
            ? earliest..<max(earliest, cut - settings.horizon + 1)
            : max(earliest, cut)..<max(earliest, cut, last + 1)
        guard !origins.isEmpty else {
            throw .tableSettings(
                path: file.path,
                problem: "its \(table.count) rows, of which the last \(held) are the test, leave no "
                    + "\(split == .train ? "training" : "test") window of \(earliest) rows before and "
                    + "\(settings.horizon) behind its origin; make data.lags, data.horizon or data.season smaller, or "
                    + "change data.test")
        }
        name = "series/\(split.rawValue)"
        count = origins.count
        firstOrigin = origins.lowerBound
        partition = .runs(gap: settings.horizon - 1)
        parts = SeriesTable.Part.allCases.filter { $0 != .seasonalValue || settings.season != nil }
        fields = parts.map { part in
            let names = part == .past ? table.names : table.targets.map { table.names[$0] }
            return FieldDescription(
                name: part.rawValue, elementType: .float32,
                shape: [part == .past ? settings.lags : settings.horizon, names.count], meaning: .real(names: names))
        }
        baselines = parts.compactMap { part in
            let name: String? =
                switch part {
                case .past, .future: nil
                case .lastValue: "last value"
                case .meanValue: "mean"
                case .seasonalValue: "a season ago"
                }
            return name.map { Baseline(name: $0, field: part.rawValue) }
        }
        self.table = table
        self.file = file
    }

    package var exports: [String: SharedBytes.Export] { file.exported.map { [file.path: $0] } ?? [:] }

    package var fingerprint: UInt64 {
        var hash = Fingerprint()
        hash.feed(name)
        for number in [count, firstOrigin] { hash.feed(number) }
        for field in fields { hash.feed("\(field.name) \(field.shape) \(field.meaning)") }
        file.withUnsafeBytes { hash.feed($0) }
        return hash.value
    }

    /// The row of the first forecast.
    package func sampleID(of index: Int) -> Int { firstOrigin + index }

    package func read(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Float>) {
        precondition(
            index >= 0 && index < count && parts.indices.contains(field) && buffer.count == fields[field].shape.count,
            "\(name): no window \(index) of \(count) with \(buffer.count) values in field \(field)")
        table.fill(buffer, with: parts[field], origin: firstOrigin + index)
    }
}
