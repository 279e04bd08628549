import ConfigurationReading
import Foundation
import Training

extension FuzzTarget {
    /// A run's configuration.
    static let yaml = FuzzTarget("yaml", longest: 1024, seeds: { try Seeds.configurations }, words: { try words }) {
        input in
        let configuration = try RunConfiguration(
            yaml: try text(input), file: "fuzz.yaml", environment: ["HOME": "/home"])
        let again = try RunConfiguration(yaml: configuration.resolvedYAML(), file: "fuzz.yaml", environment: [:])
        precondition(again == configuration, "yaml: what is written of a configuration reads back as another")
    }

    /// What a summary says of a run's models, or of models alone; nothing of their size is made.
    static let model = FuzzTarget("model", longest: 1024, seeds: { try Seeds.models }, words: { try words }) { input in
        _ = try text(input)
        let summary = try ModelSummary(ScratchFolder.write(input, to: "model.yaml"), environment: [:])
        _ = summary.text()
        _ = try summary.json()
    }

    private static func text(_ input: UnsafeRawBufferPointer) throws(ConfigurationError) -> String {
        guard let text = String(validating: input, as: UTF8.self) else {
            throw .unreadableFile("fuzz.yaml", reason: "it is not text in UTF-8")
        }
        return text
    }

    /// All keys and names of the reference.
    private static var words: [String] {
        get throws {
            let reference = try String(contentsOfFile: Seeds.root + "/docs/configuration.md", encoding: .utf8)
            let parts = reference.split(separator: "`", omittingEmptySubsequences: false)
            let names = parts.enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) }
                .filter { $0.count < 24 && $0.allSatisfy { $0.isASCII && !$0.isNewline } }
            return Array(Set(names)).sorted().flatMap { [$0, "\($0): "] } + [
                "${HOME}", "&a ", "*a", "!!int ", "<<: ", "1e400",
            ]
        }
    }
}
