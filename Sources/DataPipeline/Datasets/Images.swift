import ConfigurationReading
import Glibc
import Kernels
import TensorCore

/// Pictures in files, see ``PictureDataset``.
package struct Images: DatasetFactory {
    package static let name = "images"
    package static let documentation =
        "Pictures in JPEG and PNG files: fields `image` and `label`. `path` is a folder with the folders `train/CLASS` "
        + "and `test/CLASS`, maybe `val/CLASS` for validation (which is the test where there is no `test`), or with "
        + "`CLASS` alone; or, with `table`, the folder of a CSV file of paths; or tar shards in the convention of "
        + "WebDataset: one, several as `train-{000..009}.tar`, or a folder of them. Pictures are brought to one size "
        + "when they are read. Without folders of classes there is no `label`."
    package static let location = DatasetLocation.pictures

    /// What colours a sample has.
    package enum Channels: String, CaseIterable, Sendable {
        case rgb, grey

        var count: Int { self == .rgb ? 3 : 1 }
    }

    /// The order in which an epoch reads.
    package enum Order: String, CaseIterable, Sendable {
        case shuffled, shards
    }

    /// What becomes of a picture that can't be decoded.
    package enum Damaged: String, CaseIterable, Sendable {
        case stop, skip
    }

    package let height: Int
    package let width: Int
    package let fit: PictureFit.Mode
    package let channels: Channels
    package let table: PictureTableSettings?
    /// Nil where the pictures have none.
    package let masks: PictureMaskSettings?
    /// The part that is drawn for the test, where files do not say.
    package let test: Double
    package let order: Order
    package let window: Int
    package let onDamaged: Damaged
    package let statistics: Int

    package init(
        height: Int = 224, width: Int = 224, fit: PictureFit.Mode = .crop, channels: Channels = .rgb,
        table: PictureTableSettings? = nil, masks: PictureMaskSettings? = nil, test: Double = 0.2,
        order: Order = .shuffled, window: Int = 4096,
        onDamaged: Damaged = .stop, statistics: Int = 10_000
    ) {
        self.height = height
        self.width = width
        self.fit = fit
        self.channels = channels
        self.table = table
        self.masks = masks
        self.test = test
        self.order = order
        self.window = window
        self.onDamaged = onDamaged
        self.statistics = statistics
    }

    package func open(
        _ split: DatasetSplit, path: String?, imports: [String: SharedBytes.Export]
    ) throws(DataError) -> any Dataset {
        let path = try required(path)
        let (store, annotations) = try openStore(path, imports)
        let (train, test, val) = (
            store.index.pictures(of: .train), store.index.pictures(of: .test), store.index.pictures(of: .validation)
        )
        let official = test.isEmpty ? val : test
        if official.isEmpty {
            return try drawn(split, PictureDataset(self, store, annotations, name: "all", train, validation: nil), path)
        }
        guard !train.isEmpty else {
            throw .pictures(path: path, problem: .noPictures)
        }
        switch split {
        case .train:
            return PictureDataset(
                self, store, annotations, name: "train", train, validation: test.isEmpty || val.isEmpty ? nil : val)
        case .test: return PictureDataset(self, store, annotations, name: "test", official, validation: nil)
        }
    }

    /// The part of the pictures that is drawn for the test, or the rest.
    private func drawn(_ split: DatasetSplit, _ all: PictureDataset, _ path: String) throws(DataError) -> any Dataset {
        let held = Int((test * Double(all.count)).rounded())
        guard held < all.count, split == .train || held > 0 else {
            throw .tableSettings(
                path: path,
                problem: "data.test: \(test) of \(all.count) pictures leaves none for "
                    + "\(held > 0 ? "training" : "the test"); give a fraction that leaves some on both sides")
        }
        if held == 0 { return all }
        return Subset(
            of: all, part: split.rawValue, key: RandomKey(seed: 0).folding(.split).folding(1),
            positions: split == .test ? 0..<held : held..<all.count)
    }

    /// Reads the index of the files, or makes it, and what else is known of them.
    private func openStore(
        _ path: String, _ imports: [String: SharedBytes.Export]
    ) throws(DataError) -> (PictureStore, [any PictureAnnotation]) {
        // Most of the time a thread waits for a file system.
        let threads = min(16, 4 * max(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 1))
        let (root, index, file): (BytePath, PictureIndex, PictureIndexFile)
        var annotations: [any PictureAnnotation] = []
        if let table {
            let source = PictureTable(BytePath(path), table, threads: threads)
            root = source.root
            file = PictureIndexFile(root, name: Images.indexName("table", table.question), question: table.question)
            index = try file.open(imports: imports) { () throws(DataError) in try source.content() }
            for (name, columns) in [("box", table.box), ("points", table.points)] where !columns.isEmpty {
                annotations.append(
                    try PicturePlaces(name, columns: columns, table, table: source.table, index))
            }
        } else if PictureShards.areAt(path) {
            let source = try PictureShards(path, threads: threads)
            root = source.root
            let last = path.split(separator: "/").last ?? ""
            file = PictureIndexFile(
                root, name: Images.indexName("shards", Array(last.utf8)), question: source.question)
            index = try file.open(imports: imports) { () throws(DataError) in try source.content() }
        } else {
            root = BytePath(path)
            guard let status = root.status else { throw .missingFile(path: path, expected: [path]) }
            guard status.isFolder else { throw .pictures(path: path, problem: .noPictures) }
            file = PictureIndexFile(root, name: "pictures", question: Array("folder".utf8))
            index = try file.open(imports: imports) { () throws(DataError) in
                try PictureFolder(root, threads: threads).content()
            }
        }
        let fit = PictureFit(height: height, width: width, mode: fit)
        if let masks {
            if (masks.path + "/").hasPrefix(path + "/") {
                throw .pictures(path: masks.path, problem: .masksAmongPictures)
            }
            annotations.insert(try PictureMasks(masks, index, pictures: root, fit), at: 0)
        }
        let store = PictureStore(
            index, root: root, exportName: file.exportName, fit: fit, channels: channels.count,
            skipsDamaged: onDamaged == .skip)
        return (store, annotations)
    }

    package func openSamples(
        _ path: String, field: FieldDescription
    ) throws(DataError) -> any UnlabelledSamples {
        if let picture = try PictureSample(path, shape: field.shape, fit: fit) { return picture }
        return try SampleFile(path, shape: field.shape)
    }

    private static func indexName(_ kind: String, _ question: [UInt8]) -> String {
        var hash = Fingerprint()
        question.withUnsafeBytes { hash.feed($0) }
        return "\(kind)-\(String(hash.value, radix: 16))"
    }
}

/// `{name: images, path: ants-bees, size: 224, fit: crop}`
extension Images {
    package init(from reader: ConfigurationReader) {
        let size: [Int] = reader.value(
            "size", .oneOrMore(of: .integer(in: 1...8192)), default: "224",
            "The pixels that every picture is brought to, [height, width] or one number for both.")
        if size.count > 2 { reader.refuse("size", because: "it has \(size.count) numbers; give [height, width].") }
        let table: PictureTableSettings? = reader.optional(
            "table", .section(), "A CSV file that names the pictures, a row each.")
        let masks: PictureMaskSettings? = reader.optional(
            "masks", .section(), "Pictures that say of what class each pixel is, for the field `mask`.")
        self.init(
            height: size.first ?? 1, width: size.last ?? 1,
            fit: reader.value(
                "fit", .choice(of: PictureFit.Mode.self), default: "crop",
                "How a picture of other sides comes to that size: its middle, all of it stretched, or all of it in "
                    + "the middle of black."),
            channels: reader.value(
                "channels", .choice(of: Channels.self), default: "rgb", "Three channels of colour, or one of grey."),
            table: table, masks: masks,
            test: reader.value(
                "test", .number(in: 0..<1), default: 0.2,
                "The part of the pictures that is drawn for the test, where no folder, column or shard is for it."),
            order: reader.value(
                "order", .choice(of: Order.self), default: "shuffled",
                "How an epoch visits pictures in shards: all shuffled, or shard after shard, for sets that are larger "
                    + "than memory."),
            window: reader.value(
                "window", .integer(in: 1...), default: 4096,
                "With `order: shards`, how many pictures that follow one another are shuffled."),
            onDamaged: reader.value(
                "onDamaged", .choice(of: Damaged.self), default: "stop",
                "Whether a picture that can't be decoded ends the run or is left out, counted and reported."),
            statistics: reader.value(
                "statistics", .integer(in: 1...), default: 10_000,
                "From how many pictures at most, drawn once for all, preprocessing takes mean and deviation."))
    }
}
