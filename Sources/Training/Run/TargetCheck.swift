import ConfigurationReading
import DataPipeline
import NeuralNetwork
import TensorCore

/// Makes sure that targets and weights of samples are what the losses take, before the first step.
struct TargetCheck {
    private let rules: [TargetRule]
    private let preprocessing: [FieldPreprocessing]

    init(_ phases: [TrainingPhase], _ preprocessing: [FieldPreprocessing]) {
        rules = phases.flatMap(\.objective.targetRules)
        self.preprocessing = preprocessing
    }

    /// Refuses data with other numbers. Every rank looks at its share. Collective.
    ///
    /// - Throws: `ConfigurationError` with the place of the loss, the sample and what would fit.
    func check(_ datasets: [any Dataset], _ ranks: Ranks) throws {
        for rule in rules {
            for dataset in datasets {
                guard let field = dataset.fields.firstIndex(where: { $0.name == rule.field }),
                    dataset.fields[field].elementType == .float32
                else { continue }
                let isPositive = try ranks.together { try check(rule, dataset, field, ranks) }
                // A whole part of weight 0 has no mean.
                if try ranks.sum([isPositive ? 1 : 0])[0] == 0, rule.numbers == .weights {
                    throw rule.place.refused(
                        because: "'\(rule.field)' is 0 in all samples of \(dataset.name), so that nothing counts; give "
                            + "some of them more.")
                }
            }
        }
    }

    /// Whether some number of this rank's share is above 0.
    private func check(_ rule: TargetRule, _ dataset: any Dataset, _ field: Int, _ ranks: Ranks) throws -> Bool {
        let description = dataset.fields[field]
        let own = preprocessing.first { $0.field == rule.field }
        if case .pixels(let scale, _) = description.meaning, [.shares, .chances].contains(rule.numbers) {
            try checkPixels(rule, own, most: scale)
            return true
        }
        let share = ranks.rank * dataset.count / ranks.worldSize..<(ranks.rank + 1) * dataset.count / ranks.worldSize
        var isPositive = false
        var values: [Float] = []
        for sample in share {
            let count =
                description.variableAxis == nil
                ? description.shape.count
                : description.shape.count / max(description.shape[0], 1) * dataset.length(of: sample, field: field)
            if values.count != count { values = Array(repeating: 0, count: count) }
            try values.withUnsafeMutableBufferPointer { buffer in
                try dataset.read(sample, field: field, into: buffer)
                own?.apply(to: buffer)
                if let problem = rule.problem(UnsafeBufferPointer(buffer), width: description.channels) {
                    throw rule.place.refused(
                        because: "'\(rule.field)' of sample \(dataset.sampleID(of: sample)) of \(dataset.name) has "
                            + "\(problem).")
                }
                isPositive = isPositive || buffer.contains { $0 > 0 }
            }
        }
        return isPositive
    }

    /// What preprocessing makes of the darkest and the brightest pixel there can be, instead of looking at all.
    private func checkPixels(_ rule: TargetRule, _ preprocessing: FieldPreprocessing?, most: Float) throws {
        var bounds: [Float] = [0, most]
        if let preprocessing {
            let channels = zip(preprocessing.scale, preprocessing.shift)
            bounds = channels.flatMap { (scale: Float, shift: Float) -> [Float] in [shift, most * scale + shift] }
        }
        let isShare: (Float) -> Bool = { $0 >= -1e-6 && $0 <= 1 + 1e-6 }
        guard let worst = bounds.first(where: { !isShare($0) }) else { return }
        throw rule.place.refused(
            because: "pixels of '\(rule.field)' become \(worst) in preprocessing, and \(rule.reader) "
                + "\(rule.sharesWords.want); set data.preprocessing: none, or \(rule.sharesWords.else).")
    }
}
