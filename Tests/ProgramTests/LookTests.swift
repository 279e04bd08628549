import Foundation
import TestSupport
import Testing

extension ProgramTests {
    /// Looks at a trained network, by the program.
    @Suite struct LookTests {
        private let program: Program
        private let directory: TemporaryDirectory

        init() throws {
            program = try Program()
            directory = try TemporaryDirectory(inMemory: true)
        }

        private static let yaml = """
            model:
              input: [28, 28, 1]
              layers:
                - {name: c1, conv: {filters: 16, kernel: 5, padding: 2}}
                - {name: r1, relu: {}}
                - {name: p1, maxPool: 4}
                - {name: c2, conv: {filters: 16, kernel: 3, padding: 1}}
                - {name: r2, relu: {}}
                - flatten
                - {name: f, linear: 10}
            data: {name: digits, limit: 400, validation: 50}
            batch: 32
            grain: 8
            maxSteps: 30
            loss: crossEntropy
            optimizer: {name: momentum, learningRate: 0.05}
            checkpoint: {everySteps: 10, keep: 5}

            """

        private func train() throws -> String {
            let configuration = try directory.write(Array(Self.yaml.utf8), to: "net.yaml")
            let run = directory.file("run")
            let trained = try program.run(["train", configuration, "--run", run, "--threads", "2"])
            try #require(trained.exitCode == 0, "\(trained.account)")
            return run
        }

        private func look(_ arguments: [String], to name: String, ranks: Int? = nil) throws -> Program.Outcome {
            try program.run(["look"] + arguments + ["--out", directory.file(name)], ranks: ranks)
        }

        @Test func `every kind shows a trained network, and none of its pages asks for another file`() throws {
            let run = try train()
            let kinds = [
                ["filters", run], ["maps", run], ["saliency", run, "--draws", "2", "--sanity"],
                ["adversarial", run, "--limit", "40", "--steps", "2"], ["occlusion", run, "--stride", "4"],
                ["receptive", run, "--node", "p1", "--draws", "2"], ["activations", run, "--checkpoints"],
                ["confusion", run], ["mistakes", run], ["augmented", run], ["patches", run, "--units", "2"],
                ["maximize", run, "--units", "0-1", "--steps", "5"],
                ["embedding", run, "--limit", "60", "--perplexity", "8", "--steps", "60"],
                ["retrieval", run, "--limit", "60", "--count", "3"],
                ["invariance", run, "--reach", "2", "--limit", "40", "--node", "c1"], ["evolution", run],
                ["descent", "--steps", "20"], ["gradients", run, "--limit", "40"],
            ]
            for kind in kinds {
                let made = try look(kind, to: "out")
                #expect(made.exitCode == 0 && made.errors.isEmpty, "\(kind[0]): \(made.account)")
                let page = directory.file("out/\(kind[0]).html")
                #expect(made.output.hasSuffix(page + "\n"), "\(made.output)")
                let text = try String(contentsOfFile: page, encoding: .utf8)
                #expect(text.contains("data:image/png;base64,") && !text.contains("http"), "\(kind[0])")
            }
            // c2 is computed by Winograd's algorithm, whose rounding reaches beyond the field.
            let field = try look(["receptive", run, "--node", "c2", "--draws", "2"], to: "out")
            #expect(field.output.contains("theoretical=16x16 measured=16x16 outside=0.0 "), "\(field.output)")
            // A picture of another size than the model's, through the layers that have no size of their own.
            let picture = directory.file("out/augmented.png")
            for kind in [
                ["kernel", picture, "--kernel", "edge"], ["kernel", picture, "--rows", "-1 0 1; -2 0 2; -1 0 1"],
                ["maps", run, picture],
                ["dream", run, picture, "--node", "r1", "--octaves", "2", "--steps", "2", "--most", "40"],
                ["style", run, picture, picture, "--most", "32", "--steps", "3", "--random"],
            ] {
                let made = try look(kind, to: "out")
                #expect(made.exitCode == 0, "\(kind[0]): \(made.account)")
            }
        }

        @Test func `what is computed over a data set has the same bits on any ranks and threads`() throws {
            let run = try train()
            for (kind, picture) in [
                (["patches", run, "--units", "3"], "patches.png"), (["confusion", run], "confusion.html"),
                (["embedding", run, "--limit", "60", "--perplexity", "8", "--steps", "40"], "embedding.html"),
                (["retrieval", run, "--limit", "0"], "retrieval.html"),
                (["activations", run], "activations.html"), (["gradients", run], "gradients.html"),
            ] {
                let one = try look(kind + ["--threads", "1"], to: "one")
                #expect(one.exitCode == 0, "\(one.account)")
                for (ranks, threads) in [(1, 2), (2, 1), (2, 2), (3, 1), (3, 2), (4, 1), (4, 2)] {
                    let other = try look(kind + ["--threads", "\(threads)"], to: "other", ranks: ranks)
                    #expect(other.exitCode == 0, "\(other.account)")
                    let isEqual = try directory.read("one/\(picture)") == directory.read("other/\(picture)")
                    #expect(isEqual, "\(kind[0]) on \(ranks) ranks of \(threads) threads")
                }
            }
        }

        @Test func `what can't be looked at is refused with what to do`() throws {
            let run = try train()
            try directory.write([1], to: "file")
            let cases: [([String], String, Int32, String)] = [
                (["filters", run, "--node", "c3"], "o", 64, "did you mean 'c1'?"),
                (["filters", run, "--node", "r1"], "o", 64, "has no filters"),
                (["saliency", run, "--class", "eleven"], "o", 64, "no class is named 'eleven'"),
                (["maps", run, "--samples", "500000"], "o", 64, "there is no sample 500000"),
                (["patches", run, "--node", "pp1"], "o", 64, "did you mean 'p1'?"),
                (["receptive", run, "--position", "90,0"], "o", 64, "positions, from 0"),
                (["filters", run], "file/look", 64, "give a writable folder with --out"),
                (
                    ["saliency", run, "--values", directory.file("file/v.safetensors")], "o", 64,
                    "give a writable folder with --values"
                ),
                (["filters", run, "--node", "c3"], "o", 64, "no layer is named 'c3'"),
                (["evolution", directory.file("none")], "o", 65, "no weights there"),
                (["evolution", run + "/final.safetensors"], "o", 65, "fewer than two checkpoints"),
                (["descent", "--rules", "sdg"], "o", 64, "did you mean 'sgd'?"),
                (["kernel", directory.file("file"), "--kernel", "edge"], "o", 65, "neither a JPEG nor a PNG"),
                (["maximize", run, "--units", "12"], "o", 64, "has no unit 12"),
                (["dream", run, directory.file("file"), "--node", "f"], "o", 64, "has no positions"),
                (["places", run], "o", 64, "no output says where something is"),
                (["retrieval", run, "--node", "rr1"], "o", 64, "did you mean 'r1'?"),
            ]
            for (arguments, out, code, text) in cases {
                let made = try look(arguments, to: out)
                #expect(made.exitCode == code && made.errors.contains(text), "\(arguments): \(made.account)")
                #expect(made.output.isEmpty)
            }
        }
    }
}
