import ConfigurationReading
import TensorCore

/// One or more columns of a table as a series in time, cut into what is known and what is to be forecast, see
/// `SeriesDataset`.
package struct Series: DatasetFactory {
    package static let name = "series"
    package static let documentation =
        "Columns of a table as series in time, a row a step: fields `past` (`lags` steps) and `future` (the `horizon` "
        + "steps behind them), and naive forecasts of it to be compared with: `lastValue`, `meanValue` and, with "
        + "`season`, `seasonalValue`. Parts are cut by time: training, then validation, then test."
    package static let location = DatasetLocation.file

    /// How the file is to be read; `columns`, `separator` and the header count.
    package let table: TableSettings
    /// The columns that are known of the past.
    package let values: [String]
    /// Those of them that are forecast.
    package let targets: [String]
    package let lags: Int
    package let horizon: Int
    /// The steps of a season, for the naive forecast; nil without.
    package let season: Int?
    /// The part of the rows, at the end, that is the test.
    package let test: Double

    package init(
        table: TableSettings = TableSettings(), values: [String], targets: [String]? = nil, lags: Int, horizon: Int = 1,
        season: Int? = nil, test: Double = 0.2
    ) {
        self.table = table
        self.values = values
        self.targets = targets ?? values
        self.lags = lags
        self.horizon = horizon
        self.season = season
        self.test = test
    }

    package func open(
        _ split: DatasetSplit, path: String?, imports: [String: SharedBytes.Export]
    ) throws(DataError) -> any Dataset {
        let path = try required(path)
        let file = String(path.split(separator: "/").last ?? "")
        return try SeriesDataset(
            try SharedBytes.open(path, imports: imports, expected: [file]), settings: self, split: split)
    }

    package var opensEveryField: Bool { true }

    /// The end of a table: what follows it is to be forecast.
    package func openSamples(_ path: String, field: FieldDescription) throws(DataError) -> any UnlabelledSamples {
        guard let part = SeriesTable.Part(rawValue: field.name), part != .future else {
            throw .notPredictable(path: path, dataset: Self.name, field: field.name)
        }
        return try EndOfSeries(SharedBytes.open(path, expected: [path]), self, part, field.shape.count)
    }
}

/// `{name: series, path: airline.csv, values: Passengers, lags: 12}`
extension Series {
    package init(from reader: ConfigurationReader) {
        let table = TableSettings(formFrom: reader)
        let values = reader.required(
            "values", .oneOrMore(of: .text), "The columns of numbers that are the series, by name or number from 1.")
        let targets: [String]? = reader.optional(
            "target", .oneOrMore(of: .text), "Those of `values` that are forecast; all if absent.")
        if let unknown = targets?.first(where: { !values.contains($0) }) {
            reader.refuse("target", because: "'\(unknown)' is none of `values`; name it there too.")
        }
        self.init(
            table: table, values: values, targets: targets,
            lags: reader.value("lags", .integer(in: 1..., atMost: 1 << 20), default: 12, "Known steps of a sample."),
            horizon: reader.value(
                "horizon", .integer(in: 1..., atMost: 1 << 20), default: 1, "Steps behind them that are forecast."),
            season: reader.optional(
                "season", .integer(in: 1..., atMost: 1 << 20),
                "Steps of a season; then the value a season earlier is one of the naive forecasts."),
            test: reader.value(
                "test", .number(in: 0..<1), default: 0.2,
                "The part of the rows, at the end, whose forecasts are the test; they may look back at earlier rows."))
    }
}

/// A field of the window whose origin is behind the last row.
private struct EndOfSeries: UnlabelledSamples {
    let count = 1
    private let window: [Float]

    init(_ file: SharedBytes, _ settings: Series, _ part: SeriesTable.Part, _ size: Int) throws(DataError) {
        let table = try SeriesTable(file, settings)
        guard table.count >= table.firstOrigin else {
            throw .tableSettings(
                path: file.path,
                problem: "\(table.count) rows are fewer than the \(table.firstOrigin) that a forecast looks back on; "
                    + "give more rows")
        }
        var window = [Float](repeating: 0, count: size)
        window.withUnsafeMutableBufferPointer { table.fill($0, with: part, origin: table.count) }
        self.window = window
    }

    func values(_ index: Int) -> [Float] { window }
}
