import Foundation
import NeuralNetwork
import Training

extension IntervalRecord {
    /// The record as a line of `metrics.jsonl`.
    package var jsonLine: String {
        var line = JSONLine()
        line.add("step", step)
        line.add("epoch", epoch.rounded(toPlaces: 6))
        line.add("samples", samples)
        line.add("learningRate", learningRate)
        for metric in metrics { line.add(metric.description.trainingName, metric.value) }
        line.add("samplesPerSecond", samplesPerSecond.rounded(toPlaces: 1))
        line.add("compute", shares.compute.rounded(toPlaces: 4))
        line.add("wait", shares.wait.rounded(toPlaces: 4))
        line.add("reduce", shares.reduce.rounded(toPlaces: 4))
        line.add("data", shares.data.rounded(toPlaces: 4))
        line.add("save", shares.save.rounded(toPlaces: 4))
        return line.text
    }
}

extension ValidationRecord {
    /// The record as a line of `metrics.jsonl`.
    package var jsonLine: String {
        var line = JSONLine()
        line.add("step", step)
        line.add("epoch", epoch.rounded(toPlaces: 6))
        line.add("learningRate", learningRate)
        for metric in metrics { line.add(metric.description.validationName, metric.value) }
        line.add("best", isBest)
        return line.text
    }
}

extension DecisionRecord {
    /// The record as a line of `decisions.jsonl`.
    package var jsonLine: String {
        var line = JSONLine()
        line.add("step", step)
        line.add("kind", kind.rawValue)
        line.add("reason", reason)
        line.add("numbers", numbers)
        return line.text
    }
}

extension FigureRecord {
    /// The record as a line of `figures.jsonl`, its numbers with six significant digits.
    package var jsonLine: String {
        var record = self
        for curve in curves.indices {
            record.curves[curve].y = curves[curve].y.map { $0.isFinite ? Double(String(format: "%.6g", $0)) ?? $0 : $0 }
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        // Numbers and texts can always be written.
        do { return String(decoding: try encoder.encode(record), as: UTF8.self) } catch { return "{}" }
    }

    /// The record in a line of `figures.jsonl`, or nil when the line is damaged.
    init?(line: ArraySlice<UInt8>) {
        guard let record = decodeLine(FigureRecord.self, line) else { return nil }
        self = record
    }
}

extension Double {
    /// This number rounded to `places` decimal places, so that logs carry no digits that mean nothing.
    func rounded(toPlaces places: Int) -> Double {
        let scale = pow(10, Double(places))
        let scaled = (self * scale).rounded()
        return scaled.isFinite ? scaled / scale : self
    }
}

/// A line of `metrics.jsonl` as it is read back.
enum MetricsLine: Equatable {
    case interval(IntervalRecord)
    case validation(ValidationRecord)

    /// The record in `line`, or nil when the line is damaged.
    ///
    /// - Parameter known: what the run measures; a metric that it no longer does is read back as a plain number.
    init?(_ line: ArraySlice<UInt8>, _ known: [MetricDescription]) {
        guard let fields = decodeLine(MetricsFields.self, line) else { return nil }
        let validation = fields.figures.values("val", known)
        let training = fields.figures.values("train", known)
        if !validation.isEmpty {
            self = .validation(
                ValidationRecord(
                    step: fields.step, epoch: fields.epoch, metrics: validation, learningRate: fields.learningRate,
                    isBest: fields.best ?? false))
        } else if !training.isEmpty || fields.samples != nil {
            // All steps of an interval may have been skipped; then it has no metrics.
            let shares = TimeShares(
                compute: fields.compute ?? 0, wait: fields.wait ?? 0, reduce: fields.reduce ?? 0,
                data: fields.data ?? 0, save: fields.save ?? 0)
            self = .interval(
                IntervalRecord(
                    step: fields.step, epoch: fields.epoch, samples: fields.samples ?? 0,
                    learningRate: fields.learningRate, metrics: training,
                    samplesPerSecond: fields.samplesPerSecond ?? .nan, shares: shares))
        } else {
            return nil
        }
    }

    var step: Int {
        switch self {
        case .interval(let record): record.step
        case .validation(let record): record.step
        }
    }
}

extension DecisionRecord {
    /// The record in a line of `decisions.jsonl`, or nil when the line is damaged.
    init?(line: ArraySlice<UInt8>) {
        guard let fields = decodeLine(DecisionFields.self, line) else { return nil }
        self.init(step: fields.step, kind: fields.kind, reason: fields.reason, numbers: fields.numbers ?? [:])
    }
}

private struct MetricsFields: Decodable {
    var step: Int
    var epoch: Double
    var samples: Int?
    var learningRate: Double
    var samplesPerSecond: Double?
    var compute, wait, reduce, data, save: Double?
    var best: Bool?
    /// Everything that is called `train…` or `val…`.
    var figures = LoggedFigures()

    enum CodingKeys: CodingKey {
        case step, epoch, samples, learningRate, samplesPerSecond, compute, wait, reduce, data, save, best
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        step = try fields.decode(Int.self, forKey: .step)
        epoch = try fields.decode(Double.self, forKey: .epoch)
        samples = try fields.decodeIfPresent(Int.self, forKey: .samples)
        learningRate = try fields.decode(Double.self, forKey: .learningRate)
        func share(_ key: CodingKeys) throws -> Double? { try fields.decodeIfPresent(Double.self, forKey: key) }
        samplesPerSecond = try share(.samplesPerSecond)
        (compute, wait, reduce) = (try share(.compute), try share(.wait), try share(.reduce))
        (data, save) = (try share(.data), try share(.save))
        best = try fields.decodeIfPresent(Bool.self, forKey: .best)
        figures = try LoggedFigures(from: decoder)
    }
}

/// The metrics of a line, by the names that they have there.
private struct LoggedFigures: Decodable {
    private var numbers: [String: Double] = [:]

    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init() {}

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Name.self)
        for name in fields.allKeys where LoggedFigures.metric(of: name.stringValue) != nil {
            numbers[name.stringValue] = try fields.decode(Double.self, forKey: name)
        }
    }

    /// The values whose names begin with `prefix`: those of `known` metrics in their order, then others by name.
    func values(_ prefix: String, _ known: [MetricDescription]) -> [MetricValue] {
        let present = numbers.compactMap { name, value in
            name.hasPrefix(prefix) ? LoggedFigures.metric(of: name).map { ($0, value) } : nil
        }
        let byMetric = Dictionary(present) { first, _ in first }
        let others = byMetric.keys.filter { name in !known.contains { $0.name == name } }.sorted()
        return (known + others.map { MetricDescription($0) }).compactMap { description in
            byMetric[description.name].map { MetricValue(description, $0) }
        }
    }

    /// `loss` of `trainLoss` and `valLoss`; nil of a name that is not of a metric.
    private static func metric(of name: String) -> String? {
        for prefix in ["train", "val"] where name.hasPrefix(prefix) {
            let rest = name.dropFirst(prefix.count)
            if let first = rest.first, first.isUppercase { return first.lowercased() + rest.dropFirst() }
        }
        return nil
    }
}

private struct DecisionFields: Decodable {
    var step: Int
    var kind: DecisionRecord.Kind
    var reason: String
    var numbers: [String: Double]?
}

private func decodeLine<Fields: Decodable>(_ type: Fields.Type, _ line: ArraySlice<UInt8>) -> Fields? {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
        positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    do { return try decoder.decode(type, from: Data(line)) } catch { return nil }  // damaged: the caller counts it
}
