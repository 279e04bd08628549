import TensorCore

/// √ of the mean of (output − target)² over all values.
package struct RootMeanSquareError: Metric {
    package init() {}

    package var description: MetricDescription { MetricDescription("rmse", title: "Root mean square error") }
    package var transform: MetricDefinition.Transform { .squareRoot }
    package var targets: MetricTargets { .values }

    package func sums(_ output: Tensor, _ target: Target) -> [Double] {
        var total = 0.0
        target.forEachValue(of: output) { value, target in total += (value - target) * (value - target) }
        return [total, Double(output.count)]
    }
}
