import Autograd

extension ModelDescription {
    /// The same under another name.
    func named(_ name: String) -> ModelDescription {
        ModelDescription(name: name, inputs: inputs, layers: layers, statistics: statistics)
    }

    /// The same with other inputs.
    package func reading(_ inputs: [ModelInput]) -> ModelDescription {
        ModelDescription(name: name, inputs: inputs, layers: layers, statistics: statistics)
    }
}

extension Network {
    /// The statistics that layers take over all grains of a step, where a phase trains them.
    package var batchStatistics: [Parameter] {
        models.flatMap(\.nodes).compactMap { $0.layer?.batchStatistic }
    }

    /// Whether grains meet in a phase with this layout: where it trains a layer's statistics over the whole batch. A
    /// frozen one uses its running statistics.
    package func meetsOverBatch(_ layout: GrainVectorLayout) -> Bool {
        batchStatistics.contains { layout.contains($0.index) }
    }
}

extension Model {
    /// A layer that normalises batches.
    package struct Normalization {
        /// How many values of a channel one sample has: its positions.
        package let valuesPerSample: Int
        /// Which samples the statistics are taken over.
        package let over: NormalizationStatistics
    }

    /// Its layers that normalise batches, in order.
    package var normalizations: [Normalization] {
        nodes.compactMap { node in
            (node.layer as? BatchNormalization).map {
                Normalization(valuesPerSample: node.shape.count / max(node.shape[-1], 1), over: $0.statistics)
            }
        }
    }
}
