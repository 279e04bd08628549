import ConfigurationReading

/// What a run is compared with: something simpler that takes no network.
package struct BaselineConfiguration: Sendable {
    /// How many principal components of the training samples make a sample again.
    package let components: Int
    /// Where it stands, for errors.
    let place: PlacedName

    /// For people.
    var name: String { components == 1 ? "1 principal component" : "\(components) principal components" }
}

extension BaselineConfiguration: Equatable {
    package static func == (a: BaselineConfiguration, b: BaselineConfiguration) -> Bool { a.components == b.components }
}

extension BaselineConfiguration: ConfigurationSection {
    package static var title: String { "baseline" }

    package init(from reader: ConfigurationReader) {
        components = reader.required(
            "pca", .integer(in: 1...),
            "So many principal components of the training samples, computed from exact sums of their pixels: the best "
                + "linear autoencoder with a code of as many numbers.")
        place = reader.placed
    }
}
