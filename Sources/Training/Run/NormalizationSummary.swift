import NeuralNetwork
import System

/// Over how many values a channel's mean and variance are taken in training, where layers normalise batches.
struct NormalizationSummary {
    /// Samples of a step.
    let batch: Int
    /// Samples of a grain, at most.
    let grain: Int

    /// A line for each kind of statistics that the model has: `statistics of a grain (32 samples): 32,768 values a
    /// channel in 7 layers, 8,192 in 6`; nothing where it has none.
    func text(of model: Model) -> String {
        let grains = (batch + grain - 1) / grain
        return [
            line("a grain", samples: (batch + grains - 1) / grains, model.normalizations.filter { $0.over == .grain }),
            line("the batch", samples: batch, model.normalizations.filter { $0.over == .batch }),
        ].joined()
    }

    private func line(_ name: String, samples: Int, _ layers: [Model.Normalization]) -> String {
        if layers.isEmpty { return "" }
        let counts = Dictionary(grouping: layers, by: \.valuesPerSample).sorted { $0.key > $1.key }
        let parts = counts.enumerated().map { index, part in
            let layers = "\(part.value.count)" + (index > 0 ? "" : part.value.count == 1 ? " layer" : " layers")
            return "\((samples * part.key).grouped)\(index > 0 ? "" : " values a channel") in \(layers)"
        }
        return "statistics of \(name) (\(samples.grouped) samples): \(parts.joined(separator: ", "))\n"
    }
}
