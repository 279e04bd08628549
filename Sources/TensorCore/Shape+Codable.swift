extension Shape: Codable {
    /// Reads a list of extents; refuses negative ones and more than `maximumRank`.
    package init(from decoder: any Decoder) throws {
        let extents = try decoder.singleValueContainer().decode([Int].self)
        guard extents.count <= Shape.maximumRank, extents.allSatisfy({ $0 >= 0 }) else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath,
                    debugDescription: "\(extents) is no shape: give at most \(Shape.maximumRank) extents of at least 0")
            )
        }
        self.init(extents)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(dimensions)
    }
}
