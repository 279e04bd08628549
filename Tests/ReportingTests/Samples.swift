import Foundation
import NeuralNetwork
import Reporting
import Testing
import Training

/// Records and doubles that several suites use.
enum Samples {
    static let accuracy = Accuracy().description
    static let rmse = RootMeanSquareError().description

    /// What a classifier measures; a regression where `accuracy` is nil.
    static func figures(loss: Double, accuracy value: Double?) -> [MetricValue] {
        [MetricValue(.loss, loss)] + (value.map { [MetricValue(accuracy, $0)] } ?? [])
    }

    static let run = RunDescription(
        configurationName: "lenet5-mnist", model: "lenet5", parameterCount: 61_706, ranks: 4, threadsPerRank: 1,
        hosts: ["alpha"], cores: 2, batch: 128, grain: 32, epochs: 12, stepsPerEpoch: 430, totalSteps: 5160,
        trainingSamples: 55_000, validationSamples: 5000, runDirectory: "runs/lenet5-mnist", openBLASCore: "SkylakeX",
        metrics: [.loss, accuracy])

    static let shares = TimeShares(compute: 0.91, wait: 0.03, reduce: 0.02, data: 0.004, save: 0)

    static func interval(_ step: Int, loss: Double = 0.0712, accuracy: Double? = 0.978) -> IntervalRecord {
        IntervalRecord(
            step: step, epoch: Double(step) / 430, samples: step * 128, learningRate: 0.1,
            metrics: figures(loss: loss, accuracy: accuracy), samplesPerSecond: 58_214.3, shares: shares)
    }

    static func validation(_ step: Int, isBest: Bool = true) -> ValidationRecord {
        ValidationRecord(
            step: step, epoch: Double(step) / 430, metrics: figures(loss: 0.0611, accuracy: 0.9812),
            learningRate: 0.1, isBest: isBest)
    }

    static func decision(_ step: Int, _ kind: DecisionRecord.Kind) -> DecisionRecord {
        DecisionRecord(step: step, kind: kind, reason: "no better since step 430", numbers: ["to": 0.05, "from": 0.1])
    }

    static let final = FinalRecord(
        epochs: 12, steps: 5160, validation: [.init(.loss, 0.031_245_1), .init(accuracy, 0.9912)],
        digest: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", seconds: 81, exitReason: .finished)
}

/// Keeps what is shown.
final class RecordingOutput: TextOutput {
    let isTerminal: Bool
    let usesColor: Bool
    var width: Int
    private(set) var text = ""

    init(isTerminal: Bool, usesColor: Bool = false, width: Int = 200) {
        self.isTerminal = isTerminal
        self.usesColor = usesColor
        self.width = width
    }

    func write(_ text: String) { self.text += text }

    /// What a reader sees in the end: lines after all redrawing.
    var visibleLines: [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let last = line.split(separator: "\r", omittingEmptySubsequences: false).last ?? ""
            return String(last).replacing("\u{1B}[K", with: "")
        }
    }
}

/// A clock that tests move.
final class ManualClock {
    var seconds = 0.0
}

/// Runs `body` with a fresh directory that is removed afterwards.
func withTemporaryDirectory(_ body: (String) throws -> Void) throws {
    let path = FileManager.default.temporaryDirectory.path + "/trainer-reporting-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer {
        do { try FileManager.default.removeItem(atPath: path) } catch {
            Issue.record("cannot remove \(path): \(error)")
        }
    }
    try body(path)
}

/// The text of the file at `path`.
func textOfFile(_ path: String) throws -> String { String(decoding: try bytesOfFile(path), as: UTF8.self) }

/// The bytes of the file at `path`.
func bytesOfFile(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: path))) }

/// Writes `text` to the file at `path`.
func writeFile(_ path: String, _ text: String) throws { try Data(text.utf8).write(to: URL(fileURLWithPath: path)) }
