import TensorCore

/// e to the mean negative log-likelihood of the right class, from logits: among how many equally likely ones the model
/// hesitates.
package struct Perplexity: Metric {
    package init() {}

    package var description: MetricDescription { MetricDescription("perplexity") }
    package var transform: MetricDefinition.Transform { .exponential }
    package var targets: MetricTargets { .classes }

    package func sums(_ output: Tensor, _ target: Target) -> [Double] { negativeLogLikelihood(output, target) }
}
