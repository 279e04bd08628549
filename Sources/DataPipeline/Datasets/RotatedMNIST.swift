import ConfigurationReading
import TensorCore

/// MNIST's digits turned by any angle, see ``RotatedImages``.
package struct RotatedMNIST: DatasetFactory {
    package static let name = "rotated-mnist"
    package static let documentation =
        "All 70,000 digits of MNIST, each turned by an angle of its own, from MNIST's IDX files: fields `image` "
        + "(28×28) and `label`."
    package static let location = DatasetLocation.folder
    package var knownFields: [FieldDescription]? { MNIST().knownFields }

    package let samples: DrawnSamples

    package init(training: Int = 12_000, test: Int = 50_000, seed: Int = 0) {
        samples = DrawnSamples(training: training, test: test, seed: seed)
    }

    package init(from reader: ConfigurationReader) {
        samples = DrawnSamples(from: reader, of: "images", training: 12_000, test: 50_000)
    }

    package func open(
        _ split: DatasetSplit, path: String?, imports: [String: SharedBytes.Export]
    ) throws(DataError) -> any Dataset {
        let folder = try required(path)
        var parts: [IDXDataset] = []
        for part in DatasetSplit.allCases {
            parts.append(
                try IDXDataset(
                    name: MNIST.name, folder: folder, split: part, classNames: digitNames, imports: imports))
        }
        return try RotatedImages(parts, folder: folder, split: split, samples)
    }
}
