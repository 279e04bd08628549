import TensorCore

/// CIFAR-10, see `CIFAR10Dataset`.
package struct CIFAR10: KeylessDataset {
    package static let name = "cifar10"
    package static let documentation = "CIFAR-10 in its binary form: fields `image` (32×32×3) and `label`."
    package static let location = DatasetLocation.folder
    package var knownFields: [FieldDescription]? { CIFAR10Dataset.declaredFields }

    package init() {}

    package func open(
        _ split: DatasetSplit, path: String?, imports: [String: SharedBytes.Export]
    ) throws(DataError) -> any Dataset { try CIFAR10Dataset(folder: try required(path), split: split) }
}
