import Testing

/// A shipped configuration, with what makes it small, and what its results are called.
struct Slice: CustomTestStringConvertible, Sendable {
    let name: String
    /// Overrides for the made data.
    let settings: [String]
    /// Names in the last line.
    let figures: [String]

    var testDescription: String { name }

    private static let drawn = ["data.limit=300", "data.validation=50"]
    private static let images = ["data.validation=40"]

    static let all = [
        Slice(
            name: "cifar10-fast",
            settings: ["data.name=shapes", "data.path=null", "data.limit=120", "data.validation=30"],
            figures: ["valLoss", "valAccuracy"]),
        Slice(
            name: "ants-bees",
            settings: [
                "data={name: shapes, size: [32, 32], classes: 2, training: 120, validation: 30}",
                "model.input=[32, 32, 3]",
            ], figures: ["valLoss", "valAccuracy"]),
        Slice(name: "abalone", settings: [], figures: ["valLoss", "valRmse", "valMae"]),
        Slice(
            name: "digits-two-heads", settings: drawn,
            figures: ["valLoss", "valDigitCrossEntropy", "valSlantMse", "valAccuracy", "valMae"]),
        Slice(name: "digits-auxiliary", settings: drawn, figures: ["valLoss", "valDigitCrossEntropy", "valAccuracy"]),
        Slice(name: "segment-objects", settings: drawn, figures: ["valLoss", "valMeanIoU", "valAccuracy"]),
        Slice(
            name: "detect-objects", settings: drawn,
            figures: ["valLoss", "valClassCrossEntropy", "valBoxL1", "valAccuracy", "valBoxIoU"]),
        Slice(name: "keypoints-figures", settings: drawn, figures: ["valLoss", "valPointDistance"]),
        Slice(name: "airline", settings: [], figures: ["valLoss", "valRmse", "valMae"]),
        Slice(name: "opinions", settings: drawn, figures: ["valLoss", "valAccuracy"]),
        Slice(
            name: "vanishing-gradient", settings: drawn + ["data.lag=6", "model.inputs.tokens=[7]"],
            figures: [
                "valLoss", "valPlainClassCrossEntropy", "valLongClassCrossEntropy", "valPlainClassAccuracy",
                "valLongClassAccuracy",
            ]),
        Slice(name: "gcn-cora", settings: [], figures: ["valLoss", "valAccuracy"]),
        Slice(name: "gat-cora", settings: [], figures: ["valLoss", "valAccuracy"]),
        Slice(
            name: "sage-cora", settings: ["model.layers.1.graphSage={units: 5, neighbours: maximum}"],
            figures: ["valLoss", "valAccuracy"]),
        Slice(name: "iris", settings: [], figures: ["valLoss", "valAccuracy"]),
        Slice(name: "banknotes", settings: [], figures: ["valLoss", "valAccuracy", "valF1"]),
        Slice(name: "wine", settings: [], figures: ["valLoss", "valRmse", "valMae"]),
        Slice(name: "svm", settings: [], figures: ["valLoss", "valAccuracy", "valF1"]),
        Slice(name: "xor-points", settings: drawn, figures: ["valLoss", "valAccuracy", "valF1"]),
        Slice(name: "learn-the-kernel", settings: drawn, figures: ["valLoss", "valRmse", "valMae"]),
        Slice(
            name: "split-digits",
            settings: drawn + ["data.limit=200"]
                + (0..<2).flatMap { ["phases.\($0).data.limit=100", "phases.\($0).data.validation=20"] }
                + ["phases.0.epochs=1"],
            figures: ["valFirstLoss", "valFirstAccuracy", "valSecondLoss", "valSecondAccuracy"]),
        Slice(name: "transfer-digits-0-4", settings: drawn, figures: ["valLoss", "valAccuracy"]),
        Slice(name: "transfer-digits-5-9", settings: drawn, figures: ["valLoss", "valAccuracy"]),
        Slice(name: "autoencoder-mnist", settings: images, figures: ["valLoss", "valRmse"]),
        Slice(name: "autoencoder-features", settings: images, figures: ["valLoss", "valAccuracy"]),
        Slice(name: "denoising-mnist", settings: images, figures: ["valLoss", "valRmse"]),
        Slice(
            name: "p4-rotated-mnist", settings: images + ["data.training=200", "data.test=80"],
            figures: ["valLoss", "valAccuracy"]),
        Slice(name: "scattering-mnist", settings: images, figures: ["valLoss", "valAccuracy"]),
        Slice(
            name: "neocognitron-mnist", settings: images + ["phases.0.steps=4", "phases.1.steps=4"],
            figures: ["valClassesLoss", "valClassesAccuracy"]),
        Slice(
            name: "vae-mnist", settings: images,
            figures: ["valLoss", "valDecoderBinaryCrossEntropy", "valMeanGaussianKL", "valSquaredError"]),
        Slice(
            name: "sda-mnist",
            settings: images + (0..<3).flatMap { ["phases.\($0).epochs=null", "phases.\($0).steps=3"] },
            figures: ["valClassifyLoss", "valClassifyAccuracy"]),
        Slice(
            name: "gan-mnist", settings: images,
            figures: [
                "valDiscriminatorLoss", "valDiscriminatorAccuracy", "valDiscriminatorRealAccuracy",
                "valDiscriminatorGeneratedAccuracy", "valGeneratorLoss", "valGeneratorTakenForReal",
            ]),
        Slice(name: "judge-mnist", settings: images, figures: ["valLoss", "valAccuracy"]),
        Slice(
            name: "wgan-mnist", settings: images,
            figures: [
                "valCriticLoss", "valCriticRealScore", "valCriticGeneratedScore", "valGeneratorLoss",
                "valGeneratorScore", "valGeneratorRecognised", "valGeneratorRarestClass",
                "valGeneratorFrechetDistance",
            ]),
        Slice(
            name: "reverse-strings", settings: drawn + ["objective.encoderDecoder.scheduledSampling=0.3"],
            figures: ["valLoss", "valAccuracy", "valExactMatch"]),
        Slice(name: "spoken-digits-tdnn", settings: ["data.validation=20"], figures: ["valLoss", "valAccuracy"]),
        Slice(name: "spoken-digits-lstm", settings: ["data.validation=20"], figures: ["valLoss", "valAccuracy"]),
        Slice(
            name: "shakespeare-lstm", settings: ["data.window=16", "model.input=[16]", "schedule=cosine"],
            figures: ["valLoss", "valPerplexity", "valBitsPerCharacter"]),
        Slice(
            name: "shakespeare-rnn", settings: ["data.window=16", "model.input=[16]"],
            figures: ["valLoss", "valPerplexity", "valBitsPerCharacter"]),
    ]

    static func named(_ name: String) -> Slice { (all + boltzmann).first { $0.name == name } ?? all[0] }
}
