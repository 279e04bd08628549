import Foundation
import TestSupport
import Testing

extension ProgramTests {
    /// What scripts rely on: the last line, the files of a run directory, the words of each command.
    @Suite struct Output {
        private let program: Program
        private let directory: TemporaryDirectory

        init() throws {
            program = try Program()
            directory = try TemporaryDirectory(inMemory: true)
        }

        @Test
        func `a run prints its final line last, once, whatever the ranks, and leaves the files that the design lists`()
            throws
        {
            let outcome = try program.run(Scenario.lenet5.arguments(in: directory), ranks: 3)
            // A machine of two cores has a warning about three ranks.
            #expect(
                outcome.exitCode == 0
                    && outcome.errors.split(separator: "\n").allSatisfy { $0.hasPrefix("warning: 3 ranks") },
                "\(outcome.account)")
            let line = /final: epochs=4.5 steps=18 valLoss=[0-9.e+-]+ valAccuracy=[0-9.]+ digest=([0-9a-f]{64})/
            let match = try #require(outcome.lastLine.wholeMatch(of: line), "\(outcome.account)")
            #expect(outcome.output.split(separator: "\n").count { $0.hasPrefix("final:") } == 1)
            #expect(
                outcome.output.split(separator: "\n").count { $0.contains("lenet5") } == 1, "the header is printed once"
            )

            let files = try FileManager.default.contentsOfDirectory(atPath: directory.file("run")).sorted()
            let events = try #require(files.first { $0.hasPrefix("events.out.tfevents.") })
            #expect(
                files == [
                    "best.safetensors", "checkpoints", "config.yaml", "decisions.jsonl", events, "final.safetensors",
                    "metrics.jsonl",
                    "report.html",
                ])
            let checkpoints = try FileManager.default.contentsOfDirectory(atPath: directory.file("run/checkpoints"))
                .sorted()
            #expect(checkpoints.last == "step-00000018.safetensors" && checkpoints.allSatisfy { $0.hasPrefix("step-") })

            for file in ["run/final.safetensors", "run/checkpoints/step-00000018.safetensors"] {
                let digest = try program.run(["digest", directory.file(file)])
                #expect(digest.output == match.1 + "\n", "\(file): \(digest.account)")
            }
            let best = try program.run(["digest", directory.file("run/best.safetensors")])
            #expect(best.output.wholeMatch(of: /[0-9a-f]{64}\n/) != nil, "\(best.account)")
        }

        @Test func `the configuration in the run directory trains the same weights again`() throws {
            let first = try program.run(Scenario.mlp.arguments(in: directory))
            let second = try program.run(["train", directory.file("run/config.yaml"), "--run", directory.file("again")])
            #expect(first.exitCode == 0 && first.lastLine == second.lastLine, "\(first.account)\n\(second.account)")
        }

        @Test func `metrics have a line for each interval and validation with the documented keys`() throws {
            let outcome = try program.run(Scenario.lenet5.arguments(in: directory))
            #expect(outcome.exitCode == 0, "\(outcome.account)")
            let lines = try jsonLines(directory.file("run/metrics.jsonl"))
            let intervals = lines.filter { $0["trainLoss"] != nil }
            let validations = lines.filter { $0["valLoss"] != nil }
            #expect(lines.count == intervals.count + validations.count)
            #expect(intervals.map { $0["step"] as? Int } == [5, 10, 15, 18])
            #expect(validations.map { $0["step"] as? Int } == [3, 6, 9, 12, 15, 18])
            for key in [
                "epoch", "samples", "learningRate", "samplesPerSecond", "compute", "wait", "reduce", "data", "save",
            ] {
                #expect(intervals.allSatisfy { $0[key] is NSNumber }, "\(key)")
            }
            for key in ["epoch", "learningRate", "valAccuracy"] {
                #expect(validations.allSatisfy { $0[key] is NSNumber }, "\(key)")
            }
            #expect(intervals.last?["samples"] as? Int == 4 * 195 + 128)  // 4 epochs and 2 steps
        }

        @Test func `evaluation prints the same line for one process and for three ranks`() throws {
            let trained = try program.run(Scenario.lenet5.arguments(in: directory))
            #expect(trained.exitCode == 0, "\(trained.account)")
            let alone = try program.run(["evaluate", directory.file("run"), "--threads", "2"])
            #expect(
                alone.output.wholeMatch(of: /samples=4000 loss=[0-9.e+-]+ accuracy=[0-9.]+\n/) != nil,
                "\(alone.account)")
            let ranks = try program.run(["evaluate", directory.file("run/best.safetensors")], ranks: 3)
            let alsoBest = try program.run(["evaluate", directory.file("run/best.safetensors")])
            #expect(ranks.exitCode == 0 && ranks.output == alsoBest.output, "\(ranks.account)\n\(alsoBest.account)")
        }

        @Test func `the summary of LeNet-5 gives the known counts`() throws {
            let outcome = try program.run(["summary", "lenet5"])
            #expect(outcome.exitCode == 0, "\(outcome.account)")
            let output = outcome.output
            #expect(output.contains(/c1 +conv +\[28, 28, 6\] +150 +6 +117,600 +5 +1 +4,704\n/), "\(output)")
            #expect(output.contains(/c2 +conv +\[10, 10, 16\] +2,400 +16 +240,000 +14 +2 +1,600\n/), "\(output)")
            #expect(output.contains(/total +\[10\] +61,470 +236 +416,520 +8,878\b/), "\(output)")
            #expect(output.contains("61,706 parameters: 61,470 weights and 236 biases, all trained"), "\(output)")
            for wrong in [["--wide", "--json"], ["--depth", "0"], ["--input", "28,x"]] {
                let refused = try program.run(["summary", "lenet5"] + wrong)
                #expect(refused.exitCode == 64 && refused.errors.contains(wrong[0]), "\(refused.account)")
            }
            let column = try program.run(["summary", "lenet5", "--columns", "wieghts"])
            #expect(column.exitCode == 64 && column.errors.contains("did you mean 'weights'?"), "\(column.account)")
        }

        @Test(arguments: [nil, 1, 2])
        func `the step benchmark prints its one line and takes nothing from the system`(ranks: Int?) throws {
            let outcome = try program.run(
                ["bench", "step", "lenet5", "--batch", "32", "--grain", "16", "--steps", "20"], ranks: ranks)
            let count = ranks ?? 1
            let line = try Regex(
                "trainer lenet5 ranks=\(count) threads=1 batch/rank=32 grain=16 [A-Za-z0-9_-]+: [0-9.]+ samples/s, "
                    + "[0-9.]+ ms/step "
                    + #"\(median of 20, min [0-9.]+\), 0 system allocations\n"#)
            #expect(try line.wholeMatch(in: outcome.output) != nil, "\(outcome.account)")
        }

        @Test func `the memory of a process that trains does not grow`() throws {
            // Seen from outside: what the C library or anybody else takes from the system shows too.
            let job = try program.start([
                "bench", "step", "lenet5", "--batch", "64", "--grain", "8", "--threads", "2", "--steps", "1500",
            ])
            var kilobytes: [Int] = []
            _ = job.wait { job in
                if let resident = job.residentKilobytes { kilobytes.append(resident) }
                usleep(10_000)
                return false
            }
            #expect(job.wait().exitCode == 0)
            try #require(kilobytes.count > 40, "too few samples: \(kilobytes.count)")
            // The first half holds start-up; the last tenth the end of the process.
            let steady = kilobytes[(kilobytes.count / 2)..<(kilobytes.count * 9 / 10)]
            let growth = (steady.last ?? 0) - (steady.first ?? 0)
            #expect(growth <= 64, "grew by \(growth) KiB in about 600 steps: \(kilobytes)")
        }

        @Test func `help is no error and an unknown word is`() throws {
            let help = try program.run(["--help"])
            #expect(help.exitCode == 0 && help.output.contains("USAGE: trainer"), "\(help.account)")
            let unknown = try program.run(["trian"])
            #expect(unknown.exitCode == 64 && unknown.errors.contains("trian"), "\(unknown.account)")
        }

        @Test func `without a configuration it trains the embedded default into runs of an empty folder`() throws {
            let outcome = try program.run(["train", "--max-steps", "20"], in: directory.path)
            #expect(outcome.exitCode == 0, "\(outcome.account)")
            #expect(outcome.lastLine.contains(" steps=20 "))
            #expect(FileManager.default.fileExists(atPath: directory.file("runs/digits/final.safetensors")))
            let withoutCommand = try program.run(
                ["--max-steps", "20", "--resume", "never"], in: directory.path, environment: ["HOME": ""])
            #expect(withoutCommand.lastLine == outcome.lastLine, "\(withoutCommand.account)")
            #expect(
                FileManager.default.fileExists(atPath: directory.file("runs/digits.1/final.safetensors")),
                "the old run was set aside")
        }

        @Test func `ranks are started by the program itself where --np asks for it`() throws {
            let outcome = try program.run(Scenario.lenet5.arguments(in: directory) + ["--np", "2"])
            #expect(outcome.exitCode == 0 && outcome.output.contains("2 ranks × "), "\(outcome.account)")
        }
    }
}
