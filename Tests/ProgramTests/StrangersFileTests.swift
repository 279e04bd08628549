import Checkpointing
import Foundation
import TestSupport
import Testing

extension ProgramTests {
    /// Whatever stands in a configuration or checkpoint that somebody else wrote, it is refused, or used and no more.
    @Suite struct FilesFromAStranger: EndingChecks {
        let program: Program
        let directory: TemporaryDirectory

        init() throws {
            program = try Program()
            directory = try TemporaryDirectory(inMemory: true)
        }

        private static let layers = "model: {input: [28, 28, 1], layers: [LAYER, flatten, {linear: 10}]}"

        @Test(arguments: [
            ("units", "model: {name: mlp, hidden: [1000000000000]}", "at most 2147483647"),
            (
                "tensor", "model: {name: mlp, hidden: [2147483647]}",
                "2147483647 × 784 values are more than 2147483647; make the layer smaller"
            ),
            (
                "memory", "model: {name: mlp, hidden: [" + String(repeating: "2000000, 1000, ", count: 20) + "9]}",
                "takes at least "
            ),
            (
                "filters", layers.replacingOccurrences(of: "LAYER", with: "{conv: {filters: 2147483647, kernel: 3}}"),
                "make the layer smaller"
            ),
            (
                "padding",
                layers.replacingOccurrences(of: "LAYER", with: "{conv: {filters: 2, kernel: 3, padding: 2147483647}}"),
                "make the layer smaller"
            ),
            (
                "pooling", layers.replacingOccurrences(of: "LAYER", with: "{maxPool: 2147483647}"),
                "does not fit its input"
            ),
            ("deep", "model: " + String(repeating: "[", count: 100_000), "this is not YAML"),
            (
                "aliases",
                "model: lenet5\na0: &a0 [x, x]\n"
                    + (1...9).map {
                        "a\($0): &a\($0) [\(Array(repeating: "*a\($0 - 1)", count: 9).joined(separator: ", "))]\n"
                    }.joined(), "more than 32 aliases"
            ),
            ("path", "model: lenet5\nname: ../../x", "give a name of letters, digits, - and _"),
            ("folder", "model: lenet5\nname: /x", "give a name of letters, digits, - and _"),
        ])
        func `a configuration that asks for what no machine has, or for another place, is refused and not obeyed`(
            name: String, model: String, words: String
        ) throws {
            let config = try configuration {
                model + "\n" + $0.split(separator: "\n").dropFirst().joined(separator: "\n") + "\n"
            }
            try expectRefusal(["train", config, "--max-steps", "1"], 64, [words], ranks: [nil])
            #expect(try directory.contents() == ["config.yaml"])
        }

        @Test func `whatever a checkpoint says of the run, it is refused or continued, and nothing else happens`()
            throws
        {
            let first = try program.run(Scenario.lenet5.arguments(in: directory, run: "first"))
            try #require(first.exitCode == 0, "\(first.account)")
            let name = try #require(
                FileManager.default.contentsOfDirectory(atPath: directory.file("first/checkpoints")).sorted().last)
            let file = try SafetensorsFile(path: directory.file("first/checkpoints/" + name))
            let huge = "9223372036854775807"
            let deep = String(repeating: "[", count: 50_000)
            let plateau =
                #"{"plateau.rate":"7ff0000000000000","plateau.badCount":"\#(huge)","#
                + #""plateau.remainingCooldown":"\#(huge)"}"#
            let badCount = try #require(file.metadata["state.learningRate"]).replacing(
                /"plateau.badCount":"\d+"/, with: "\"plateau.badCount\":\"\(huge)\"")
            for (key, value) in [
                ("step", "-1"), ("step", huge), ("step", "1000000"), ("best", deep),
                ("best", #"{"name":"../../x","step":-5,"value":1e999}"#),
                ("best", #"{"name":"valError","step":\#(huge),"value":0}"#), ("state.best", deep), ("state.best", "{}"),
                ("state.learningRate", plateau),
                ("state.learningRate", badCount), ("state.learningRate", deep), ("state.validationIsPending", "7"),
                ("configFingerprint", "../../x"),
            ] {
                var metadata = file.metadata
                metadata[key] = value
                metadata[SafetensorsFile.checksumKey] = nil
                let sources = try file.tensors.map {
                    TensorSource(
                        name: $0.name, dataType: $0.dataType, shape: $0.shape, values: try file.floats(of: $0.name))
                }
                try SafetensorsFile(metadata: metadata, sources: sources).sealed().write(
                    to: directory.file("stranger.safetensors"))
                let before = try directory.contents()
                let outcome = try program.run(
                    Scenario.lenet5.arguments(in: directory) + ["--resume", directory.file("stranger.safetensors")])
                #expect(
                    [0, 64, 65].contains(outcome.exitCode) && outcome.leftovers.isEmpty,
                    "\(key): \(value.prefix(60)): \(outcome.account)")
                #expect(Set(try directory.contents()).subtracting(before).subtracting(["run"]).isEmpty)
                if outcome.exitCode != 0 {
                    #expect(
                        outcome.errors.contains("trainer: ") && !outcome.errors.contains("Fatal"), "\(outcome.account)")
                }
            }
        }

        @Test func `names from outside are text in the report, and colours for nobody's terminal`() throws {
            let attack = "<img src=x onerror=alert(1)>&\"'"
            let outcome = try program.run(train(configuration(), ["--run", directory.file(attack)]))
            #expect(outcome.exitCode == 0, "\(outcome.account)")
            let report = String(decoding: try directory.read(attack + "/report.html"), as: UTF8.self)
            #expect(!report.contains("<img src=x"))
            #expect(report.contains("&lt;img src=x onerror=alert(1)&gt;&amp;&quot;&#39;"))
            let refused = try program.run(["digest", directory.file("\u{1b}[31mred\u{7}")])
            #expect(
                refused.exitCode == 65 && !refused.errors.contains("\u{1b}")
                    && refused.errors.contains("\\u{1b}[31mred\\u{7}"), "\(refused.account)")
        }
    }
}
