import TensorCore

/// Fashion-MNIST (Xiao, Rasul and Vollgraf 2017), in the format of MNIST.
package struct FashionMNIST: KeylessDataset {
    package static let name = "fashion-mnist"
    package static let documentation = "Fashion-MNIST in its IDX files: fields `image` (28×28) and `label`."
    package static let location = DatasetLocation.folder
    package var knownFields: [FieldDescription]? { .labelledImages([28, 28, 1], classNames: Self.classNames) }
    package static let classNames = [
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    ]

    package init() {}

    package func open(
        _ split: DatasetSplit, path: String?, imports: [String: SharedBytes.Export]
    ) throws(DataError) -> any Dataset {
        try IDXDataset(
            name: Self.name, folder: try required(path), split: split, classNames: Self.classNames, imports: imports)
    }
}
