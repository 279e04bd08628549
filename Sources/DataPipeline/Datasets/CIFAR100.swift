import TensorCore

/// CIFAR-100 (Krizhevsky 2009), see `CIFARDataset`: a hundred classes in twenty groups.
package struct CIFAR100: KeylessDataset {
    package static let name = "cifar100"
    package static let documentation =
        "CIFAR-100 in its binary form: fields `image` (32×32×3), `label` (one of 100 classes) and `coarseLabel` (one "
        + "of 20 groups of them). `train.bin` and `test.bin` lie in the folder, plain or packed (.gz, .xz), or their "
        + "archive `cifar-100-binary.tar.gz` does."
    package static let location = DatasetLocation.folder
    package var knownFields: [FieldDescription]? { Self.form.fields }

    package static let form = CIFARForm(
        name: name, trainingFiles: ["train.bin"], testFiles: ["test.bin"], trainingRecords: 50_000,
        testRecords: 10_000,
        labels: [
            .init(field: "label", byte: 1, classNames: fineNames),
            .init(field: "coarseLabel", byte: 0, classNames: coarseNames),
        ], release: Release(archive: "cifar-100-binary.tar", folder: "cifar-100-binary"))

    package init() {}

    package func open(
        _ split: DatasetSplit, path: String?, imports: [String: SharedBytes.Export]
    ) throws(DataError) -> any Dataset {
        try CIFARDataset(Self.form, folder: try required(path), split: split, imports: imports)
    }

    package func openSamples(
        _ path: String, field: FieldDescription
    ) throws(DataError) -> any UnlabelledSamples {
        guard case .pixels = field.meaning, field.shape.rank == 3 else {
            throw .notPredictable(path: path, dataset: Self.name, field: field.name)
        }
        return try SampleFile(path, shape: field.shape, labelBytes: Self.form.labels.count)
    }

    private static let fineNames = [
        "apple", "aquarium_fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle", "bottle", "bowl", "boy",
        "bridge", "bus", "butterfly", "camel", "can", "castle", "caterpillar", "cattle", "chair", "chimpanzee", "clock",
        "cloud", "cockroach", "couch", "crab", "crocodile", "cup", "dinosaur", "dolphin", "elephant", "flatfish",
        "forest", "fox", "girl", "hamster", "house", "kangaroo", "keyboard", "lamp", "lawn_mower", "leopard", "lion",
        "lizard", "lobster", "man", "maple_tree", "motorcycle", "mountain", "mouse", "mushroom", "oak_tree", "orange",
        "orchid", "otter", "palm_tree", "pear", "pickup_truck", "pine_tree", "plain", "plate", "poppy", "porcupine",
        "possum", "rabbit", "raccoon", "ray", "road", "rocket", "rose", "sea", "seal", "shark", "shrew", "skunk",
        "skyscraper", "snail", "snake", "spider", "squirrel", "streetcar", "sunflower", "sweet_pepper", "table", "tank",
        "telephone", "television", "tiger", "tractor", "train", "trout", "tulip", "turtle", "wardrobe", "whale",
        "willow_tree", "wolf", "woman", "worm",
    ]

    private static let coarseNames = [
        "aquatic_mammals", "fish", "flowers", "food_containers", "fruit_and_vegetables", "household_electrical_devices",
        "household_furniture", "insects", "large_carnivores", "large_man-made_outdoor_things",
        "large_natural_outdoor_scenes", "large_omnivores_and_herbivores", "medium_mammals", "non-insect_invertebrates",
        "people", "reptiles", "small_mammals", "trees", "vehicles_1", "vehicles_2",
    ]
}
