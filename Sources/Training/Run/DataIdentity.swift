/// Which samples a run is trained on; kept in its checkpoints, so that it never goes on with others.
struct DataIdentity: Codable, Equatable, Sendable {
    /// The data set with its part, `mnist/train/training`.
    let name: String
    /// Training samples.
    let count: Int
    /// Equal wherever the data are.
    let fingerprint: UInt64
    /// Where they are, for messages alone. A checkpoint does not hold it: that is the same bytes wherever the
    /// data are.
    var path: String?

    private enum CodingKeys: CodingKey {
        case name, count, fingerprint
    }

    static func == (a: DataIdentity, b: DataIdentity) -> Bool {
        a.name == b.name && a.count == b.count && a.fingerprint == b.fingerprint
    }

    /// `60000 samples of mnist/train/training in data/mnist (fingerprint 1f3a…)`.
    var text: String {
        "\(count) samples of \(name)" + (path.map { " in \($0)" } ?? "") + " (fingerprint "
            + String(fingerprint, radix: 16) + ")"
    }
}

extension RunData {
    /// - Parameter path: where the data lie; nil where they are drawn.
    func identity(path: String?) -> DataIdentity {
        DataIdentity(name: training.name, count: training.count, fingerprint: training.fingerprint, path: path)
    }
}
