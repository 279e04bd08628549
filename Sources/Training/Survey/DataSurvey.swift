import DataPipeline
import Foundation
import TensorCore

/// What the data of a configuration hold: counts, ranges, and what may be wrong with them.
package struct DataSurvey: Encodable {
    /// The name of the data set.
    package let name: String
    package let path: String?
    package let parts: [PartSurvey]
    /// Samples that two parts have in common, by the usual input.
    package let shared: [SharedSamples]
    /// What may be wrong, each with what to do.
    package private(set) var warnings: [String] = []

    package struct SharedSamples: Encodable {
        package let parts: [String]
        /// Of the second part.
        package let samples: Int
        /// Pairs of them.
        package let examples: [[String]]
    }

    /// Reads all samples of all parts; collective.
    ///
    /// - Returns: nil on all ranks but the first, which does the work.
    /// - Throws: `ConfigurationError`, `DataError`.
    package static func make(
        _ configuration: RunConfiguration, _ ranks: Ranks, threads: Int?
    ) throws -> DataSurvey? {
        // Its statistics are not needed.
        let data = try RunData.open(configuration.data, ranks: ranks, preprocessing: [])
        var parts: [(String, any Dataset)] = [("training", data.training)]
        if let validation = data.validation { parts.append(("validation", validation)) }
        var absent: String?
        do {
            parts.append(("test", try RunData.openTest(configuration.data, stored: [], ranks: ranks).test))
        } catch let error as DataError {
            absent = "test: there is none. \(error)"
        }
        guard ranks.rank == 0 else { return nil }
        let threads = threads ?? Placement.defaultThreads(ranksOnHost: 1)
        return try DataSurvey(
            name: configuration.data.name, path: configuration.data.path, parts, absent: absent,
            isSelected: configuration.data.classes != nil || !configuration.data.excluded.isEmpty,
            isBalanced: configuration.data.balance != nil, threads: threads)
    }

    /// - Parameters:
    ///   - parts: with their names, training first.
    ///   - absent: what is to be said of a part that is not there.
    ///   - isSelected: whether classes are left out on purpose.
    ///   - isBalanced: whether training sees classes equally often.
    package init(
        name: String, path: String?, _ parts: [(String, any Dataset)], absent: String? = nil, isSelected: Bool = false,
        isBalanced: Bool = false, threads: Int
    ) throws {
        self.name = name
        self.path = path
        let surveys = try parts.map { try PartSurvey($0.0, $0.1, threads: threads) }
        self.parts = surveys
        let searches = try surveys.map { try DuplicateSearch($0) }
        var shared: [SharedSamples] = []
        for (later, second) in searches.enumerated() {
            for (first, earlier) in zip(searches[..<later], surveys) {
                let pairs = try first.shared(with: second)
                if pairs.isEmpty { continue }
                let examples = pairs.prefix(SampleList.shown).map {
                    [sampleName($0.here, of: earlier.dataset), sampleName($0.there, of: surveys[later].dataset)]
                }
                shared.append(
                    SharedSamples(
                        parts: [earlier.part, surveys[later].part], samples: pairs.count, examples: examples))
            }
        }
        self.shared = shared
        warnings = (absent.map { [$0] } ?? []) + makeWarnings(isSelected: isSelected, isBalanced: isBalanced)
    }

    package func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }
}
