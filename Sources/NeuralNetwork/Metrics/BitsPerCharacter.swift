import TensorCore

/// The mean negative log-likelihood of the right class in bits, from logits; for text a class is a character.
package struct BitsPerCharacter: Metric {
    package init() {}

    package var description: MetricDescription {
        MetricDescription("bitsPerCharacter", title: "Bits per character")
    }
    package var transform: MetricDefinition.Transform { .bits }
    package var targets: MetricTargets { .classes }

    package func sums(_ output: Tensor, _ target: Target) -> [Double] { negativeLogLikelihood(output, target) }
}
