import Foundation
import TestSupport
import Testing

extension ProgramTests {
    /// `optimizer.forBatch` as a run sees it.
    @Suite struct BatchScalingTests {
        /// The learning rates of a run's log.
        private func rates(_ yaml: String) throws -> [Double] {
            let program = try Program()
            let directory = try TemporaryDirectory(inMemory: true)
            let file = directory.file("run.yaml")
            try Data(yaml.utf8).write(to: URL(fileURLWithPath: file))
            let outcome = try program.run(["train", file, "--run", directory.file("run"), "--threads", "1"])
            try #require(outcome.exitCode == 0, "\(outcome.account)")
            let log = try String(contentsOfFile: directory.file("run/metrics.jsonl"), encoding: .utf8)
            return try log.split(separator: "\n").compactMap { line in
                let record = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
                return record?["trainLoss"] == nil ? nil : record?["learningRate"] as? Double
            }
        }

        private func yaml(_ optimizer: String, _ more: String = "") -> String {
            """
            model: {name: mlp, hidden: [8]}
            data: {name: digits, limit: 400, validation: 0}
            batch: 200
            grain: 50
            epochs: 4
            optimizer: \(optimizer)
            logEverySteps: 1
            \(more)
            """
        }

        @Test func `the rate of a batch four times as large rises to four times as much`() throws {
            let scaled = try rates(yaml("{name: sgd, learningRate: 0.01, forBatch: {batch: 50, warmupEpochs: 2}}"))
            let expected: [Double] = [10_000, 17_500, 25_000, 32_500, 40_000, 40_000, 40_000, 40_000]
            #expect(scaled.map { ($0 * 1e6).rounded() } == expected)
            let own = try rates(
                yaml("{name: sgd, learningRate: 0.01, forBatch: 50}", "schedule: {warmup: {steps: 2}}"))
            #expect(own.prefix(4).map { $0 } == [0, 0.02, 0.04, 0.04])
            let smaller = try rates(yaml("{name: sgd, learningRate: 0.01, forBatch: 400}"))
            #expect(smaller.allSatisfy { $0 == 0.005 })
        }
    }
}
