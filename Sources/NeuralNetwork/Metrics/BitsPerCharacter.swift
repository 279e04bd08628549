import TensorCore

/// The negative log-likelihood of the right class in bits, from logits, for each character: of a text the sum over its
/// tokens divided by the characters in them, so that vocabularies can be compared. Of other data a class counts as one
/// character.
///
/// A character is a Unicode scalar; of a token that holds a part of one, the part with its first byte counts.
package struct BitsPerCharacter: Metric {
    /// Of each token; empty where each class is one.
    private var characters: [Double] = []

    package init() {}

    package var description: MetricDescription {
        MetricDescription("bitsPerCharacter", title: "Bits per character")
    }
    package var transform: MetricDefinition.Transform { .bits }
    package var targets: MetricTargets { .classes }

    package func sums(_ output: Tensor, _ target: Target) -> [Double] {
        negativeLogLikelihood(output, target, characters: characters)
    }

    package func measuring(_ field: FieldDescription) -> any Metric {
        var copy = self
        copy.characters = field.meaning.charactersOfTokens
        return copy
    }
}
