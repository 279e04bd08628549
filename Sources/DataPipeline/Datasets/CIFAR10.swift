import TensorCore

/// CIFAR-10 (Krizhevsky 2009), see `CIFARDataset`.
package struct CIFAR10: KeylessDataset {
    package static let name = "cifar10"
    package static let documentation =
        "CIFAR-10 in its binary form: fields `image` (32×32×3) and `label`. The five files and that of the test lie in "
        + "the folder, plain or packed (.gz, .xz), or their archive `cifar-10-binary.tar.gz` does."
    package static let location = DatasetLocation.folder
    package var knownFields: [FieldDescription]? { Self.form.fields }

    package static let form = CIFARForm(
        name: name, trainingFiles: (1...5).map { "data_batch_\($0).bin" }, testFiles: ["test_batch.bin"],
        trainingRecords: 10_000, testRecords: 10_000,
        labels: [
            .init(
                field: "label", byte: 0,
                classNames: [
                    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
                ])
        ], release: Release(archive: "cifar-10-binary.tar", folder: "cifar-10-batches-bin"))

    package init() {}

    package func open(
        _ split: DatasetSplit, path: String?, imports: [String: SharedBytes.Export]
    ) throws(DataError) -> any Dataset {
        try CIFARDataset(Self.form, folder: try required(path), split: split, imports: imports)
    }
}
