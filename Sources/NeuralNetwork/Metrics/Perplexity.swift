import ConfigurationReading
import TensorCore

/// e to the mean negative log-likelihood of the right class, from logits: among how many equally likely ones the model
/// hesitates.
///
/// The mean is over classes, or over the characters of a text's tokens as ``BitsPerCharacter`` counts them.
package struct Perplexity: Metric {
    package enum Unit: String, CaseIterable, Sendable {
        case token, character
    }

    package let unit: Unit
    /// Of each token; empty where each class counts once.
    private var characters: [Double] = []

    package init(per unit: Unit = .token) { self.unit = unit }

    static let entry = MetricEntry("perplexity", "e to the loss: among how many tokens the model hesitates.") {
        reader in
        Perplexity(
            per: reader.value(
                "per", .choice(of: Unit.self), default: "token",
                "Over what the loss is averaged: the tokens of a text, or its characters, which do not depend on the "
                    + "vocabulary."))
    }

    package var description: MetricDescription {
        switch unit {
        case .token: MetricDescription("perplexity")
        case .character: MetricDescription("characterPerplexity", title: "Perplexity per character")
        }
    }
    package var transform: MetricDefinition.Transform { .exponential }
    package var targets: MetricTargets { .classes }

    package func sums(_ output: Tensor, _ target: Target) -> [Double] {
        negativeLogLikelihood(output, target, characters: characters)
    }

    package func measuring(_ field: FieldDescription) -> any Metric {
        var copy = self
        if unit == .character { copy.characters = field.meaning.charactersOfTokens }
        return copy
    }
}
