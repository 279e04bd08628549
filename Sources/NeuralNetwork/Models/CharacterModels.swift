extension ZooModel {
    /// Language models of characters, with windows of 64: embedding, two recurrent layers of 256, a score for each
    /// character (Graves, "Generating sequences with recurrent neural networks", 2013, in small).
    static let characterModels = [
        characterModel(
            "charlstm", "A language model of characters: two LSTM layers of 256.", .lstm(units: 256, layers: 2)),
        characterModel(
            "chargru", "A language model of characters: two GRU layers of 256.", .gru(units: 256, layers: 2)),
    ]

    private static func characterModel(
        _ name: String, _ documentation: String, _ recurrent: LayerSpecification
    ) -> ZooModel {
        ZooModel(name, documentation, input: [64], vocabulary: 65, classes: 65) { options in
            [
                .named("embedding", .embedding(units: 64)), .named(String(name.dropFirst(4)), recurrent),
                .named("scores", .linear(units: options.classes)),
            ]
        }
    }
}
