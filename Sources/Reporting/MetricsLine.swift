import Foundation
import Training

extension IntervalRecord {
    /// The record as a line of `metrics.jsonl`.
    package var jsonLine: String {
        var line = JSONLine()
        line.add("step", step)
        line.add("epoch", epoch.rounded(toPlaces: 6))
        line.add("samples", samples)
        line.add("learningRate", learningRate)
        line.add("trainLoss", trainLoss)
        line.add("trainAccuracy", trainAccuracy)
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
    /// The record as a line of `metrics.jsonl`; further metrics are an object under `metrics`.
    package var jsonLine: String {
        var line = JSONLine()
        line.add("step", step)
        line.add("epoch", epoch.rounded(toPlaces: 6))
        line.add("learningRate", learningRate)
        line.add("valLoss", valLoss)
        line.add("valAccuracy", valAccuracy)
        line.add("metrics", metrics)
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
    init?(_ line: ArraySlice<UInt8>) {
        guard let fields = decodeLine(MetricsFields.self, line) else { return nil }
        if let valLoss = fields.valLoss {
            self = .validation(
                ValidationRecord(
                    step: fields.step, epoch: fields.epoch, valLoss: valLoss, valAccuracy: fields.valAccuracy,
                    metrics: fields.metrics ?? [:], learningRate: fields.learningRate, isBest: fields.best ?? false))
        } else if let trainLoss = fields.trainLoss {
            let shares = TimeShares(
                compute: fields.compute ?? 0, wait: fields.wait ?? 0, reduce: fields.reduce ?? 0,
                data: fields.data ?? 0, save: fields.save ?? 0)
            self = .interval(
                IntervalRecord(
                    step: fields.step, epoch: fields.epoch, samples: fields.samples ?? 0,
                    learningRate: fields.learningRate, trainLoss: trainLoss, trainAccuracy: fields.trainAccuracy,
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
    var trainLoss, trainAccuracy, valLoss, valAccuracy, samplesPerSecond: Double?
    var compute, wait, reduce, data, save: Double?
    var metrics: [String: Double]?
    var best: Bool?
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
