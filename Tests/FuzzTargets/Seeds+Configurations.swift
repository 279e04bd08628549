import Foundation

extension Seeds {
    /// The configurations of the project without their comments, as far as they are short, and what they do not have.
    static var configurations: [[UInt8]] {
        get throws {
            let folder = root + "/configs"
            let files = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".yaml") }
            let texts = try files.sorted().map {
                try withoutComments(String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8))
            }
            return (texts.filter { $0.utf8.count <= 1024 } + odd).map { Array($0.utf8) }
        }
    }

    /// The same whose data need no files, so that their models are known, and models alone.
    static var models: [[UInt8]] {
        get throws {
            let drawn = try configurations.filter { text in
                ["digits", "shapes", "mnist", "cifar10"].contains {
                    String(decoding: text, as: UTF8.self).contains("name: \($0)")
                }
            }
            return drawn + modelsAlone.map { Array($0.utf8) }
        }
    }

    private static func withoutComments(_ text: String) -> String {
        text.split(separator: "\n").map { line in
            let comment = line.range(of: " #")?.lowerBound ?? (line.hasPrefix("#") ? line.startIndex : line.endIndex)
            return String(line[..<comment])
        }.filter { !$0.isEmpty }.joined(separator: "\n") + "\n"
    }

    /// What YAML has beside what configurations use.
    private static let odd = [
        "", "~", "[]", "{a: [b, {c: d}], ? e : f}", "a: &x {b: 1}\nc: *x\n", "a: |\n  text\n  more\nb: >-\n  folded\n",
        "\"quoted \\u00e9 \\x41\": 'single ''quote'''\n", "%YAML 1.2\n---\na: !!str 5\n...\n",
        "a: ${HOME}\nb: ${MISSING}\n",
        "a: 1\na: 2\n", "- - - 1\n", "a: 0x1F\nb: .inf\nc: 1_000\nd: 1e-3\n",
    ]

    private static let modelsAlone = [
        "model: {input: [8, 8, 1], layers: [{convolution: {filters: 4, kernel: 3}}, relu, {maxPool: 2}, flatten, "
            + "{linear: 3}]}\n",
        "model: {name: resnet, input: [32, 32, 3], depth: 20, classes: 10}\n",
        "model:\n  input: [6]\n  vocabulary: 9\n  layers:\n    - {name: e, embedding: 4}\n"
            + "    - {name: r, recurrent: {lstm: {units: 3}}}\n    - {name: o, linear: 9}\n",
    ]
}
