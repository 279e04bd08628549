import ConfigurationReading
import TensorCore

/// The data sets that a config can name.
package enum DatasetLibrary {
    /// The registered names.
    package static let names = ["digits", "mnist", "fashion-mnist", "cifar10"]

    package static let digitNames = (0...9).map(String.init)
    private static let fashionNames = [
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    ]

    /// Opens one split of a registered data set and checks its files.
    ///
    /// - Parameters:
    ///   - path: the folder of its files; `digits` needs none.
    ///   - count: how many samples `digits` draws, nil for the usual number; the others ignore it.
    ///   - imports: `exports` of the same data set opened by another process of this host, which spare unpacking.
    package static func open(
        name: String, path: String?, split: DatasetSplit, count: Int? = nil, imports: [String: SharedBytes.Export] = [:]
    ) throws(DataError) -> any Dataset {
        guard names.contains(name) else {
            throw .unknownDataset(name: name, known: names, nearest: nearestName(to: name, among: names))
        }
        if name == "digits" { return DrawnDigits(split: split, count: count) }
        guard let path else { throw .missingFolder(dataset: name) }
        if name == "cifar10" { return try CIFAR10Dataset(folder: path, split: split) }
        return try IDXDataset(
            name: name, folder: path, split: split, classNames: name == "mnist" ? digitNames : fashionNames,
            imports: imports)
    }
}
