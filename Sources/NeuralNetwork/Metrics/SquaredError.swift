import TensorCore

/// The mean over samples of Σ (output − target)² over a sample's values, as Hinton and Salakhutdinov ("Reducing the
/// dimensionality of data with neural networks", Science 313, 2006) give it of reconstructions. Of sequences of several
/// lengths it is a mean over steps.
package struct SquaredError: Metric {
    package init() {}

    package var description: MetricDescription { MetricDescription("squaredError", title: "Squared error of a sample") }
    package var transform: MetricDefinition.Transform { .ratio }
    package var targets: MetricTargets { .values }

    package func sums(_ output: Tensor, _ target: Target) -> [Double] {
        var total = 0.0
        target.forEachValue(of: output) { value, target in total += (value - target) * (value - target) }
        return [total, Double(output.shape[0])]
    }
}
