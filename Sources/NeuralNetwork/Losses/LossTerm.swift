import ConfigurationReading

/// A loss on a named output of the model against a named field of the data, and how much it counts.
package struct LossTerm: Equatable, Sendable {
    package let loss: any Loss
    /// The model's output; nil for the node that its list of layers ends with.
    package let output: PlacedName?
    /// The field or the layer that the output is compared with; nil for the data set's usual target.
    package let target: PlacedName?
    /// The field that says how much each sample counts; nil where all count 1.
    package let sampleWeights: PlacedName?
    /// What the loss is multiplied by.
    package let weight: Float
    /// Whether evaluation leaves the term out, as that of an auxiliary head.
    package let isForTrainingOnly: Bool
    /// Where the term stands, for errors.
    let place: PlacedName

    package init(
        _ loss: any Loss, output: String? = nil, target: String? = nil, weight: Float = 1,
        isForTrainingOnly: Bool = false, sampleWeights: String? = nil
    ) {
        self.loss = loss
        self.output = output.map { PlacedName($0) }
        self.target = target.map { PlacedName($0) }
        self.sampleWeights = sampleWeights.map { PlacedName($0) }
        self.weight = weight
        self.isForTrainingOnly = isForTrainingOnly
        place = PlacedName("")
    }

    /// The same comparison on an auxiliary head of the model, which evaluation leaves out.
    func on(_ head: AuxiliaryHead) -> LossTerm {
        LossTerm(
            loss: loss, output: PlacedName(head.name), target: target, weight: weight * head.weight,
            isForTrainingOnly: true, sampleWeights: sampleWeights, place: place)
    }

    /// The same comparison of another output.
    func of(_ output: PlacedName) -> LossTerm {
        LossTerm(
            loss: loss, output: output, target: target, weight: weight, isForTrainingOnly: isForTrainingOnly,
            sampleWeights: sampleWeights, place: place)
    }

    private init(
        loss: any Loss, output: PlacedName?, target: PlacedName?, weight: Float, isForTrainingOnly: Bool,
        sampleWeights: PlacedName?, place: PlacedName
    ) {
        self.loss = loss
        self.output = output
        self.target = target
        self.weight = weight
        self.isForTrainingOnly = isForTrainingOnly
        self.sampleWeights = sampleWeights
        self.place = place
    }

    package static func == (a: LossTerm, b: LossTerm) -> Bool {
        a.loss.isEqual(to: b.loss) && a.output == b.output && a.target == b.target && a.weight == b.weight
            && a.isForTrainingOnly == b.isForTrainingOnly && a.sampleWeights == b.sampleWeights
    }
}

/// `crossEntropy`, `{crossEntropy: {labelSmoothing: 0.1}}`, `{mse: {of: slant, target: slant}, weight: 10}`.
extension LossTerm: ConfigurationSection {
    package static var title: String { "loss" }
    package static var shortForm: ConfigurationShortForm { .key }

    package init(from reader: ConfigurationReader) {
        typealias Part = (loss: any Loss, output: PlacedName?, target: PlacedName?, weights: PlacedName?)
        let part: Part = reader.oneOf(
            lossCatalogue.map { entry in
                ConfigurationVariant<Part>.key(
                    entry.name, entry.documentation, otherNames: entry.otherNames
                ) { reader in
                    let output = reader.optional(
                        "of", .placedName, "The layer whose output is compared; the last one if absent.")
                    let target = reader.optional(
                        "target", .placedName,
                        "The field of the data that it should be, or a layer of the model, through which no gradient "
                            + "flows; the usual field if absent.")
                    let weights = reader.optional(
                        "sampleWeights", .placedName,
                        "The field that says how much each sample counts, one number of at least 0; all alike if "
                            + "absent.")
                    return (entry.read(reader), output, target, weights)
                }
            })
        loss = part.loss
        output = part.output
        target = part.target
        sampleWeights = part.weights
        weight = Float(reader.value("weight", .number(above: 0), default: 1, "What the loss is multiplied by."))
        isForTrainingOnly =
            reader.optional(
                "only", .name(of: ["training"]),
                "`training` leaves the loss out of evaluation, as that of an auxiliary head.") != nil
        place = reader.placed
    }
}
