import Checkpointing
import ConfigurationReading
import DataPipeline
import Interchange
import NeuralNetwork
import Optimization

extension StartConfiguration {
    /// Takes the weights, statistics and constants over whose names and shapes fit; all others stay as they are.
    ///
    /// - Parameter preprocessing: how values become what the models get.
    /// - Returns: what matched, what the file lacks, and what has another shape there, in one sentence.
    /// - Throws: `CheckpointError`, `TrainingError.startMismatch`, `ConfigurationError` for a pattern that names
    ///   nothing.
    func load(into state: TrainingState, _ preprocessing: [FieldPreprocessing]) throws -> String {
        let file = try WeightsFile.read(weights)
        let names = try parameters(state.network, file, preprocessing)
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
            file, state.network, into: state.values, names: wanted,
            prefix: model.map { $0.name + "." } ?? "")
        let report =
            "started from \(weights): \(match.taken) of \(wanted.count) parameters taken"
            + MatchReport.list("missing there", match.missing)
            + MatchReport.list("of another shape there", match.reshaped)
            + MatchReport.list("not used of it", match.unused)
        if match.taken == 0 || isStrict && !(match.missing.isEmpty && match.reshaped.isEmpty) {
            throw TrainingError.startMismatch(path: weights, report: report, fitsPartly: match.taken > 0)
        }
        return report
    }

    /// The names of what the file may give.
    private func parameters(
        _ network: Network, _ file: SafetensorsFile, _ preprocessing: [FieldPreprocessing]
    ) throws -> [String] {
        guard let model else { return network.layout.parameters.filter { $0.role != .carried }.map(\.name) }
        guard network.models.count > 1, let taking = network[model.name] else {
            throw model.unknown("model", known: network.models.count > 1 ? network.models.map(\.name) : [])
        }
        // A model that is taken over whole must get what it was trained on.
        for given in try WeightsUsage(file, path: weights)?.preprocessing ?? [] {
            guard let own = preprocessing.first(where: { $0.field == given.field }), !own.isNear(given) else {
                continue
            }
            throw model.refused(
                because: "\(weights) was trained on '\(given.field)' \(given.text), but the models of this run get it "
                    + "\(own.text); set data.preprocessing as in that run.")
        }
        return taking.parameters.filter { $0.role != .carried }.map(\.name)
    }
}

extension FieldPreprocessing {
    /// Whether it is the same but for what other training samples change of their mean and deviation.
    fileprivate func isNear(_ other: FieldPreprocessing) -> Bool {
        func near(_ a: [Float], _ b: [Float], _ tolerance: (Float) -> Float) -> Bool {
            a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= tolerance(max(abs($0), abs($1))) }
        }
        return geometry == other.geometry && near(scale, other.scale) { 0.02 * $0 }
            && near(shift, other.shift) { 0.02 * max($0, 1) }
    }

    /// `times 0.0078 plus -1`, by channel.
    fileprivate var text: String {
        zip(scale, shift).map { "times \($0) plus \($1)" }.joined(separator: ", ")
    }
}
