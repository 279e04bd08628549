/// Sums over samples that are reported beside the gradients.
///
/// Grains, ranks and steps are added element by element. In a step the sums travel as 32-bit floats, which hold whole
/// numbers up to 2²⁴ exactly; in an evaluation as 64-bit ones.
package struct MetricSums: Equatable, Sendable {
    /// Samples, the objective's weight, then the objective's own sums.
    package private(set) var values: [Double]

    /// The places of what every objective has.
    package static let samplesSlot = 0
    package static let weightSlot = 1
    /// The first of the objective's own sums is that of its losses.
    package static let lossSlot = 2
    /// The largest whole number below which the sums of a step are exact.
    package static let exactLimit = 16_777_216

    /// Zeros for an objective with `ownCount` sums.
    package init(ownCount: Int) { values = Array(repeating: 0, count: MetricSums.lossSlot + ownCount) }

    /// All values, as ``values`` has them.
    package init(values: [Double]) {
        precondition(values.count > MetricSums.lossSlot, "MetricSums: \(values.count) values have no sum of losses")
        self.values = values
    }

    package init(samples: Int, weight: Double, own: [Double]) { values = [Double(samples), weight] + own }

    /// How much the workers have done, which is what throughput counts.
    package var samples: Double { values[MetricSums.samplesSlot] }
    /// What the gradient is divided by.
    package var weight: Double { values[MetricSums.weightSlot] }
    package var loss: Double { values[MetricSums.lossSlot] }

    package static func += (a: inout MetricSums, b: MetricSums) {
        precondition(a.values.count == b.values.count, "MetricSums: \(a.values.count) and \(b.values.count) values")
        for index in a.values.indices { a.values[index] += b.values[index] }
    }

    /// Takes the sums of training samples for the comparison with them.
    package mutating func take(_ comparison: TrainingComparison, from training: MetricSums) {
        for (offset, place) in comparison.sums.enumerated() {
            values[MetricSums.lossSlot + comparison.target + offset] = training.values[MetricSums.lossSlot + place]
        }
    }

    /// What the sums come to.
    package func values(of metrics: [MetricDefinition]) -> [MetricValue] {
        metrics.map { MetricValue($0.description, $0.value(of: self)) }
    }
}

/// Own sums of an objective that a validation takes from training samples as well, to compare the two: a gap between
/// them is a sign of overfitting.
package struct TrainingComparison: Equatable, Sendable {
    /// Places among the objective's own sums.
    package let sums: Range<Int>
    /// The first of the places where those of training samples go; they are 0 elsewhere.
    package let target: Int

    package init(sums: Range<Int>, goTo target: Int) {
        self.sums = sums
        self.target = target
    }
}
