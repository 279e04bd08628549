import ConfigurationReading

/// Weights that training starts from, instead of random ones.
package struct StartConfiguration: Equatable, Sendable {
    /// A weights file or checkpoint, of this program or a PyTorch state dictionary saved as safetensors.
    package let weights: String
    /// The model whose weights the file holds, by the names of a run of that model alone; nil where names say it all.
    package let model: PlacedName?
    /// Patterns of the parameters that are taken from it; all others begin at random.
    package let only: [PlacedName]
    /// Whether a parameter that the file lacks, or has in another shape, ends the run before it begins.
    package let isStrict: Bool
}

extension StartConfiguration: ConfigurationSection {
    package static var title: String { "start" }
    package static var shortForm: ConfigurationShortForm { .value(of: "weights") }

    package init(from reader: ConfigurationReader) {
        weights = reader.required(
            "weights", .text, "A file of weights: `runs/NAME/final.safetensors`, a checkpoint, or one from PyTorch.")
        model = reader.optional(
            "model", .placedName,
            "The one of several models that takes them, where they are those of a run that had no other.")
        only =
            reader.optional(
                "only", .oneOrMore(of: .placedName), "Patterns of the parameters to take; all that it has if absent.")
            ?? []
        isStrict = reader.value(
            "strict", .flag, default: false,
            "Whether a parameter that the file lacks, or has in another shape, is an error instead of a note.")
    }
}
