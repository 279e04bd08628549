import Foundation
import TestSupport
import Testing

extension ProgramTests {
    /// Training on the user's own pictures.
    @Suite struct OwnPictures {
        private let program: Program
        private let directory: TemporaryDirectory

        init() throws {
            program = try Program()
            directory = try TemporaryDirectory(inMemory: true)
        }

        // MARK: The pictures

        private struct DrawnFile {
            let part: String
            let label: String
            let name: String
            let bytes: [UInt8]
            var path: String { "\(part)/\(label)/\(name)" }
        }

        /// Pictures of all sizes: stripes along the rows, the columns or both, 90 for training and 18 for the test.
        private var drawn: [DrawnFile] {
            (0..<108).map { number in
                let label = ["across", "along", "mixed lines"][number % 3]
                let (height, width) = (18 + number % 7, 16 + number % 11)
                let bytes = pngBytes(height: height, width: width, channels: number % 4 == 0 ? 1 : 3) { y, x, channel in
                    let place = number % 3 == 0 ? y : number % 3 == 1 ? x : x + y
                    return UInt8((place * 50 + number * 13 + channel * 20) % 256)
                }
                return DrawnFile(
                    part: number < 90 ? "train" : "test", label: label, name: "\(number * 37 % 108).png", bytes: bytes)
            }
        }

        private func write(_ name: String, _ bytes: [UInt8]) throws {
            let path = URL(fileURLWithPath: directory.file(name))
            try FileManager.default.createDirectory(
                at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(bytes).write(to: path)
        }

        private func writeFolders(_ name: String = "folders") throws {
            for file in drawn { try write("\(name)/\(file.path)", file.bytes) }
        }

        private func writeTable() throws {
            let rows = drawn.reversed().map { "\($0.path),\($0.label),\($0.part)" }
            try write("folders/list.csv", Array((["file,class,split"] + rows).joined(separator: "\n").utf8))
        }

        private func writeShards() throws {
            for part in ["train", "test"] {
                let own = drawn.filter { $0.part == part }
                let count = part == "train" ? 4 : 1
                for shard in 0..<count {
                    var tar = TarFile()
                    for (place, file) in own.enumerated() where place % count == shard {
                        tar.add("\(file.label)/\(file.name)", file.bytes)
                    }
                    try write("shards/\(part)-00\(shard).tar", tar.ended)
                }
            }
        }

        // MARK: Runs

        private func arguments(_ run: String, path: String, threads: Int, _ settings: [String]) throws -> [String] {
            let yaml = """
                model:
                  input: [13, 14, 3]
                  layers:
                    [{conv: {filters: 4, kernel: 5}}, relu, {maxPool: 2}, {name: flat, flatten: {}}, {linear: 3}]
                data:
                  {name: images, path: "\(directory.file(path))", size: [13, 14], validation: 17, augment: [flip]}
                batch: 24
                grain: 5
                epochs: 3
                optimizer: {name: sgd, learningRate: 0.05, momentum: 0.9}
                validation: {everySteps: 4}
                checkpoint: {everySteps: 1}
                seed: 3

                """
            let configuration = try directory.write(Array(yaml.utf8), to: "\(run).yaml")
            return ["train", configuration, "--run", directory.file(run), "--threads", "\(threads)"]
                + settings.flatMap { ["--set", $0] }
        }

        /// Trains and gives the last line, which has the digest of the final weights.
        private func trained(
            _ run: String, path: String = "folders", ranks: Int? = nil, threads: Int = 1, _ settings: [String] = []
        ) throws -> String {
            let outcome = try program.run(
                try arguments(run, path: path, threads: threads, settings), ranks: ranks)
            try #require(outcome.exitCode == 0, "\(run): \(outcome.account)")
            try #require(outcome.lastLine.contains("digest"), "\(outcome.account)")
            return outcome.lastLine
        }

        @Test func `folders, a table and shards give the same weights for any ranks, threads and readers`() throws {
            try writeFolders()
            try writeTable()
            try writeShards()
            let expected = try trained("alone")
            let runs: [(name: String, path: String, ranks: Int, threads: Int, settings: [String])] = [
                ("folders-2", "folders", 2, 1, ["data.loader.threads=3", "data.loader.depth=20"]),
                ("folders-1", "folders", 1, 2, ["data.loader.threads=0"]),
                ("table-3", "folders", 3, 2, ["data.table={path: list.csv, split: split}"]),
                ("table-1", "folders", 1, 1, ["data.table={path: list.csv, split: split}", "data.loader.threads=1"]),
                ("shards-4", "shards", 4, 1, []),
                ("shards-2", "shards/train-{000..003}.tar", 2, 2, ["data.test=0"]),
            ]
            for run in runs {
                let line = try trained(
                    run.name, path: run.path, ranks: run.ranks, threads: run.threads, run.settings)
                #expect(line == expected, "\(run.name) gives other weights")
            }
        }

        @Test func `shards that are streamed give the same weights for any ranks, and after a stop inside of one`()
            throws
        {
            try writeShards()
            let streamed = ["data.order=shards", "data.window=7"]
            let expected = try trained("alone", path: "shards", streamed)
            #expect(try trained("three", path: "shards", ranks: 3, threads: 2, streamed) == expected)
            // 73 training pictures in four shards: a step ends inside of one.
            _ = try trained("resumed", path: "shards", ranks: 2, streamed + ["maxSteps=5"])
            #expect(try trained("resumed", path: "shards", ranks: 4, streamed) == expected)
            #expect(try trained("shuffled", path: "shards") != expected)
        }

        @Test func `damaged pictures end a run, or are left out alike on all ranks and reported`() throws {
            try writeFolders()
            let broken = drawn.filter { $0.part == "train" }.prefix(3).map(\.path).sorted()
            for path in broken { try write("folders/\(path)", Array("\u{89}PNG\r\n".utf8)) }
            let stopped = try program.run(try arguments("stopped", path: "folders", threads: 1, []))
            #expect(stopped.exitCode != 0 && stopped.errors.contains(".png: "), "\(stopped.account)")
            let settings = ["data.onDamaged=skip"]
            let expected = try trained("alone", settings)
            for (ranks, threads) in [(2, 2), (3, 1)] {
                let run = "np\(ranks)"
                #expect(try trained(run, ranks: ranks, threads: threads, settings) == expected, "\(run)")
                let told = try jsonLines(directory.file("\(run)/decisions.jsonl")).filter {
                    $0["kind"] as? String == "samplesLeftOut"
                }
                // Training samples at the start, those for validation when they are first read.
                let reasons = told.compactMap { $0["reason"] as? String }
                #expect(reasons.last?.contains("(3 in all)") == true, "\(reasons)")
                for path in broken { #expect(reasons.filter { $0.contains(path) }.count == 1, "\(reasons)") }
            }
        }

        @Test func `an own picture of any size is predicted by the class's name`() throws {
            try writeFolders()
            _ = try trained("run")
            let file = drawn.filter { $0.part == "test" }[1]
            let large = pngBytes(height: 90, width: 77, channels: 3) { _, x, channel in UInt8((x * 9 + channel) % 256) }
            let paths = [directory.file("folders/\(file.path)"), try directory.write(large, to: "my photo.png")]
            let outcome = try program.run(["predict", directory.file("run")] + paths)
            let lines = outcome.output.split(separator: "\n")
            try #require(lines.count == 2, "\(outcome.account)")
            for (line, path) in zip(lines, paths) {
                #expect(line.hasPrefix("\(path)[0]: "))
                #expect(line.wholeMatch(of: /.*\]: (across|along|mixed lines) probability=[0-9.e-]+/) != nil, "\(line)")
            }
            let features = try program.run([
                "features", directory.file("run"), paths[1], "--node", "flat", "--out", directory.file("f.csv"),
            ])
            #expect(features.exitCode == 0, "\(features.account)")
            // Weights of grey digits take it as well.
            let digits = try program.run(Scenario.mlp.arguments(in: directory, run: "digits"))
            try #require(digits.exitCode == 0, "\(digits.account)")
            let digit = try program.run(["predict", directory.file("digits"), paths[1]])
            #expect(digit.output.wholeMatch(of: /.*\]: [0-9] probability=[0-9.e-]+\n/) != nil, "\(digit.account)")
            let text = try directory.write(Array("no picture".utf8), to: "text.png")
            let refused = try program.run(["predict", directory.file("run"), text])
            #expect(refused.exitCode != 0 && refused.errors.contains("text.png: "), "\(refused.account)")
        }

        @Test func `an index that can't be kept beside the pictures is kept in the user's cache`() throws {
            try writeFolders()
            // A folder in its place can't be replaced.
            try write("folders/.trainer-pictures.index/x", [])
            let outcome = try program.run(
                try arguments("run", path: "folders", threads: 1, []), ranks: 2,
                environment: ["XDG_CACHE_HOME": directory.file("cache")])
            #expect(outcome.exitCode == 0, "\(outcome.account)")
            let kept = try FileManager.default.contentsOfDirectory(atPath: directory.file("cache/trainer"))
            #expect(kept.count == 1 && kept[0].hasSuffix(".index"))
            // Nor there: it is in memory.
            let nowhere = try program.run(
                try arguments("memory", path: "folders", threads: 1, []), ranks: 2,
                environment: ["XDG_CACHE_HOME": "/proc/none"])
            #expect(nowhere.exitCode == 0 && nowhere.lastLine == outcome.lastLine, "\(nowhere.account)")
        }
    }
}
