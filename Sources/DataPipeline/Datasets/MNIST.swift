import TensorCore

/// MNIST (LeCun, Cortes and Burges 1998) in its IDX files.
package struct MNIST: KeylessDataset {
    package static let name = "mnist"
    package static let documentation =
        "MNIST in its IDX files, plain or packed (.gz, .xz): fields `image` (28×28) and `label`."
    package static let location = DatasetLocation.folder
    package var knownFields: [FieldDescription]? { .labelledImages([28, 28, 1], classNames: digitNames) }

    package init() {}

    package func open(
        _ split: DatasetSplit, path: String?, imports: [String: SharedBytes.Export]
    ) throws(DataError) -> any Dataset {
        try IDXDataset(
            name: Self.name, folder: try required(path), split: split, classNames: digitNames, imports: imports)
    }
}

/// The classes of data sets of digits.
package let digitNames = (0...9).map(String.init)
