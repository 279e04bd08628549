import Foundation
import TestSupport
import Testing

extension ProgramTests {
    /// `plan` predicts from what it measures here, and says what it wants where it can't.
    @Suite struct PlanCommand {
        let program: Program
        let directory: TemporaryDirectory

        init() throws {
            program = try Program()
            directory = try TemporaryDirectory(inMemory: true)
        }

        /// Digits, whose data nobody has to open.
        private func configuration(_ more: String = "") throws -> String {
            try directory.write(
                Array(
                    """
                    model: lenet5
                    data: {name: digits, limit: 250, validation: 55}
                    batch: 128
                    grain: 32
                    epochs: 1
                    loss: crossEntropy
                    optimizer: {name: sgd, learningRate: 0.1}
                    \(more)
                    """.utf8), to: "config.yaml")
        }

        @Test func `it prints a line for each number of ranks, and the batch for too many`() throws {
            let outcome = try program.run(
                [
                    "plan", configuration(), "--ranks", "1,2,8", "--threads", "1", "--bandwidth", "1Gbit", "--latency",
                    "50us",
                ])
            #expect(outcome.exitCode == 0, "\(outcome.account)")
            let lines = outcome.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
            for ranks in ["1", "2"] {
                let line = try #require(
                    lines.first { $0.count > 6 && $0[0] == ranks && $0[3] == "×" }, "\(outcome.account)")
                #expect(try #require(Double(line[5])) > 0)
            }
            #expect(outcome.output.contains("network, given: 125.0 MB/s each way, 50.0 µs one way"))
            #expect(outcome.output.contains("8 ranks: more than the 4 grains of a batch of 128; a batch of 256"))
        }

        @Test func `times of other cores take the place of measured ones`() throws {
            let outcome = try program.run(
                [
                    "plan", configuration(), "--ranks", "1,4", "--per-host", "4", "--threads", "1", "--grain-time",
                    "100ms", "--update-time", "10ms",
                ])
            #expect(outcome.exitCode == 0, "\(outcome.account)")
            // Four grains one after the other, and the update.
            let line = try #require(outcome.output.split(separator: "\n").first { $0.contains("1 × 1") })
            let step = try #require(line.split(separator: " ").dropFirst(5).first.flatMap { Double($0) })
            #expect(step >= 410 && step < 420, "\(line)")
        }

        @Test(arguments: [
            (["--ranks", "2"], "2 ranks with 1 a host need a network; give --latency and --bandwidth"),
            (["--ranks", "none"], "--ranks none: give numbers"), (["--ranks", "2,"], "--ranks 2,: give numbers"),
            (["--ranks", "2", "--latency", "5us"], "--latency needs --bandwidth beside it"),
            (["--ranks", "2", "--latency", "5", "--bandwidth", "1Gbit"], "--latency 5: has no unit; give 50us"),
            (["--ranks", "2", "--latency", "5us", "--bandwidth", "1Gb"], "did you mean Gbit for bits"),
            (["--ranks", "2", "--per-host", "0"], "--per-host 0: give at least 1"),
            (["--ranks", "1", "--update-time", "1ms"], "--update-time: give --grain-time as well"),
            (["--ranks", "1", "--set", "batch=many"], "'batch'"),
        ])
        func `what can't be planned is refused with what to give`(options: [String], words: String) throws {
            let outcome = try program.run(["plan", configuration()] + options)
            #expect(outcome.exitCode == 64, "\(outcome.account)")
            #expect(outcome.errors.contains(words), "\(outcome.account)")
        }

        @Test func `a step over the whole batch is not planned`() throws {
            let config = try directory.write(
                Array(
                    """
                    model:
                      input: [28, 28, 1]
                      layers: [flatten, {linear: 16}, {batchNorm: {statistics: batch}}, {linear: 10}]
                    data: {name: digits, limit: 250, validation: 55}
                    batch: 64
                    epochs: 1
                    loss: crossEntropy
                    optimizer: {name: sgd, learningRate: 0.1}
                    """.utf8), to: "whole.yaml")
            let outcome = try program.run(["plan", config, "--ranks", "1"])
            #expect(outcome.exitCode == 64, "\(outcome.account)")
            #expect(outcome.errors.contains("layers with statistics of the whole batch"), "\(outcome.account)")
        }

        @Test func `steps with pauses take at least as long as those`() throws {
            let outcome = try program.run(
                ["bench", "step", configuration(), "--steps", "5", "--warmup", "1", "--pause", "5ms"])
            #expect(outcome.exitCode == 0, "\(outcome.account)")
            let words = outcome.output.split(separator: " ")
            let unit = try #require(words.firstIndex { $0.hasPrefix("ms/step") }, "\(outcome.account)")
            #expect(try #require(Double(words[unit - 1])) >= 20)  // four grains
        }

        @Test(arguments: [
            (["--pause", "5"], "--pause 5: has no unit"), (["--pause-update", "5ms"], "--pause-update: give --pause"),
            (["--batch", "64"], "is a configuration; change it with --set batch="),
        ])
        func `options that a configuration's steps don't take are refused`(options: [String], words: String) throws {
            let outcome = try program.run(["bench", "step", configuration()] + options)
            #expect(outcome.exitCode == 64, "\(outcome.account)")
            #expect(outcome.errors.contains(words), "\(outcome.account)")
        }
    }
}
