import Foundation
import TestSupport
import Testing

extension ProgramTests {
    /// Bricks, gradients and graphs of networks, by the program.
    @Suite struct LaboratoryTests {
        private let program: Program
        private let directory: TemporaryDirectory

        init() throws {
            program = try Program()
            directory = try TemporaryDirectory(inMemory: true)
        }

        private static let configurations = URL(fileURLWithPath: Fixtures.directory).deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("configs").path

        // MARK: - brick

        @Test func `a brick is listed, shown at values, and drawn into a folder that was not there`() throws {
            let list = try program.run(["brick"])
            #expect(list.exitCode == 0 && list.output.contains("\n  sigmoid "), "\(list.account)")
            let picture = directory.file("new/sigmoid.png")
            let shown = try program.run(["brick", "sigmoid", "--at", "-10,0,10", "--out", picture])
            #expect(shown.exitCode == 0 && shown.output.hasSuffix(picture + "\n"), "\(shown.account)")
            let lines = shown.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
            #expect(lines[2].prefix(3) == ["-10", "4.53979e-05", "4.53958e-05"], "\(shown.output)")
            #expect(lines[3].prefix(3) == ["0", "0.5", "0.25"], "\(shown.output)")
            #expect(abs((Double(lines[3][3]) ?? 0) - 0.25) < 1e-5)
            #expect(try directory.read("new/sigmoid.png").starts(with: [0x89, 0x50, 0x4E, 0x47]))
            let kink = try program.run(["brick", "relu", "--at", "0"])
            #expect(kink.output.contains("kink within 0.001: the slope is 0 on the left and 1 on the right"))
        }

        @Test func `what a brick can't be asked is refused with what to do`() throws {
            try directory.write([1], to: "file")
            let cases: [([String], String)] = [
                (["sigmod"], "did you mean 'sigmoid'?"), (["relu", "--at", "nan"], "finite numbers"),
                (["relu", "--at", "1,,2"], "finite numbers"), (["hinge", "--target", "inf"], "give a finite number"),
                (["relu", "--epsilon", "0"], "above 0"), (["relu", "--out", "a.svg"], "ends in .png"),
                (["relu", "--out", directory.file("file/a.png")], "give a writable folder with --out"),
                (["--at", "1"], "give the name of a brick too"),
                (["leakyRelu", "--set", "slop=1"], "did you mean 'slope'?"),
            ]
            for (arguments, text) in cases {
                let made = try program.run(["brick"] + arguments)
                #expect(made.exitCode == 64 && made.errors.contains(text), "\(arguments): \(made.account)")
                #expect(made.output.isEmpty)
            }
        }

        // MARK: - check-gradients

        /// One of each kind; the last three have kinks so near each other that no distance has one alone.
        private static let kinds = [
            "digits-two-heads", "digits-auxiliary", "detect-objects", "autoencoder-mnist", "vae-mnist", "gan-mnist",
            "gcn-cora", "gat-cora", "iris", "abalone", "opinions", "reverse-strings", "vanishing-gradient", "svm",
            "denoising-mnist", "spoken-digits-tdnn", "dbn-mnist", "keypoints-figures", "p4-rotated-mnist", "wgan-mnist",
        ]
        static let checked = (Slice.all + Slice.boltzmann).filter { kinds.contains($0.name) }

        @Test func `each kind is a slice`() { #expect(Self.checked.count == Self.kinds.count) }

        @Test(arguments: checked)
        func `backpropagation of every kind of training is the derivative of its loss`(_ slice: Slice) throws {
            let data = try SliceData()
            let made = try program.run(
                [
                    "check-gradients", "\(Self.configurations)/\(slice.name).yaml", "--samples", "3", "--per-parameter",
                    "3",
                ]
                    + slice.settings.flatMap { ["--set", $0] }, in: directory.path,
                environment: ["TRAINER_DATA": data.directory.path], timeoutSeconds: 240)
            #expect(made.exitCode == 0 && made.lastLine.contains(" failed=0 "), "\(made.account)")
        }

        @Test func `what can't be checked is refused with what to do`() throws {
            let configuration = "\(Self.configurations)/digits.yaml"
            let cases: [([String], Int32, String)] = [
                ([directory.file("none.yaml")], 64, "cannot be read"),
                ([configuration, "--samples", "0"], 64, "give 1 to"),
                ([configuration, "--tolerance", "nan"], 64, "between 0 and 1"),
                ([configuration, "--set", "optimiser=1"], 64, "did you mean 'optimizer'?"),
            ]
            for (arguments, code, text) in cases {
                let made = try program.run(["check-gradients"] + arguments)
                #expect(made.exitCode == code && made.errors.contains(text), "\(arguments): \(made.account)")
                #expect(made.output.isEmpty)
            }
        }

        // MARK: - graph

        @Test func `a network is drawn as a picture and as text, and an unrolled one has U, V and W once`() throws {
            for (source, more, words) in [
                ("digits", [], ["conv", "crossEntropy", "[28, 28, 1]"]),
                ("resnet20-cifar10", ["--depth", "1"], ["layers"]),
                ("recall-rnn", ["--unroll", "4", "--backward"], [">U<", ">V<", ">W<", ">h₄<", "∂L/∂U"]),
                ("digits-two-heads", ["--backward"], ["mse", "∂L/∂"]),
            ] {
                let file = directory.file("new/\(source).svg")
                let made = try program.run(
                    ["graph", "\(Self.configurations)/\(source).yaml", "--out", file] + more)
                #expect(made.exitCode == 0 && made.lastLine.hasSuffix(file), "\(made.account)")
                let text = try String(contentsOfFile: file, encoding: .utf8)
                for word in words { #expect(text.components(separatedBy: word).count > 1, "\(source): no \(word)") }
                for letter in [">U<", ">V<", ">W<"] where words.contains(letter) {
                    #expect(text.components(separatedBy: letter).count == 2, "\(letter)")
                }
            }
            let dot = directory.file("lenet.dot")
            let made = try program.run(["graph", "lenet5", "--out", dot])
            #expect(made.exitCode == 0, "\(made.account)")
            #expect(try String(contentsOfFile: dot, encoding: .utf8).hasPrefix("digraph network {"))
        }

        @Test func `what can't be drawn is refused with what to do`() throws {
            try directory.write([1], to: "file")
            let cases: [([String], String)] = [
                (["lenet4", "--out", "a.svg"], "did you mean 'lenet5'?"),
                (["lenet5", "--out", "a.png"], ".svg or .dot"),
                ([directory.file("no.yaml"), "--out", directory.file("a.svg")], "cannot be read"),
                (["lenet5", "--unroll", "4", "--out", directory.file("a.svg")], "no recurrent layer"),
                (["lenet5", "--unroll", "0", "--out", "a.svg"], "give 1 to 64"),
                (["lenet5", "--depth", "0", "--out", "a.svg"], "at least 1"),
                (["lenet5", "--set", "model=resnet20", "--out", "a.svg"], "leave --set out"),
                (["lenet5", "--out", directory.file("file/a.svg")], "give a writable folder with --out"),
            ]
            for (arguments, text) in cases {
                let made = try program.run(["graph"] + arguments, in: directory.path)
                #expect(made.exitCode == 64 && made.errors.contains(text), "\(arguments): \(made.account)")
                #expect(made.output.isEmpty)
            }
        }
    }
}
