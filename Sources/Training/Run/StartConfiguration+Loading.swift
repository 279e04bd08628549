import Checkpointing
import ConfigurationReading
import Interchange
import Optimization

extension StartConfiguration {
    /// Takes the weights, statistics and constants over whose names and shapes fit; all others stay as they are.
    ///
    /// - Returns: what matched, what the file lacks, and what has another shape there, in one sentence.
    /// - Throws: `CheckpointError`, `TrainingError.startMismatch`, `ConfigurationError` for a pattern that names
    ///   nothing.
    func load(into state: TrainingState) throws -> String {
        let names = state.network.layout.parameters.filter { $0.role != .carried }.map(\.name)
        var wanted = Set(names)
        if !only.isEmpty {
            wanted = []
            for pattern in only {
                let found = names.filter(ParameterPattern(pattern.name).matches)
                if found.isEmpty {
                    throw pattern.refused(
                        because: "no parameter is named like this; there are: "
                            + "\(names.prefix(40).joined(separator: ", ")).")
                }
                wanted.formUnion(found)
            }
        }
        let match = try ModelWeights.loadMatching(
            try WeightsFile.read(weights), state.network, into: state.values, names: wanted)
        let report =
            "started from \(weights): \(match.taken) of \(wanted.count) parameters taken"
            + list("missing there", match.missing) + list("of another shape there", match.reshaped)
            + list("not used of it", match.unused)
        if match.taken == 0 || isStrict && !(match.missing.isEmpty && match.reshaped.isEmpty) {
            throw TrainingError.startMismatch(path: weights, report: report, fitsPartly: match.taken > 0)
        }
        return report
    }

    private func list(_ words: String, _ names: [String]) -> String {
        if names.isEmpty { return "" }
        let shown = names.prefix(12).joined(separator: ", ")
        return "; \(words): \(shown)\(names.count > 12 ? ", … (\(names.count) in all)" : "")"
    }
}
