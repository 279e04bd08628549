import Kernels

extension TrainingState {
    /// The first weight or running statistic that is NaN or infinite, as `weight features.0.weight`; nil where all are
    /// finite.
    ///
    /// Cost: one pass over the values.
    var nonFiniteTensor: String? {
        for parameter in network.layout.parameters {
            let start = values.pointer + network.layout.offsets[parameter.index]
            guard firstNonFinite(start, count: parameter.shape.count) != nil else { continue }
            return "\(parameter.isTrainable ? "weight" : TrainingState.statisticKind) \(parameter.name)"
        }
        return nil
    }
}
