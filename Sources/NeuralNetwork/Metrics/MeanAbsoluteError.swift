import TensorCore

/// The mean of |output − target| over all values.
package struct MeanAbsoluteError: Metric {
    package init() {}

    package var description: MetricDescription { MetricDescription("mae", title: "Mean absolute error") }
    package var transform: MetricDefinition.Transform { .ratio }
    package var targets: MetricTargets { .values }

    package func sums(_ output: Tensor, _ target: Target) -> [Double] {
        var total = 0.0
        target.forEachValue(of: output) { value, target in total += abs(value - target) }
        return [total, Double(output.count)]
    }
}
