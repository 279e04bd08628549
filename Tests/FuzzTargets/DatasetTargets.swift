import DataPipeline
import TensorCore

extension FuzzTarget {
    private static let classNames = (0..<10).map(String.init)

    /// Two files in one input: how many bytes the labels have, in two bytes, the labels, the images.
    static let idx = FuzzTarget("idx", longest: 600, seeds: { Seeds.idx }) { input in
        let (head, rest) = input.divided(at: 2)
        let length = head.enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
        let (labels, images) = rest.divided(at: length)
        try use(
            try IDXDataset(
                name: "fuzz", images: SharedBytes(copying: images, path: "images"),
                labels: SharedBytes(copying: labels, path: "labels"), classNames: classNames))
    }

    /// A packed file, which may hold a megabyte.
    static let gzip = FuzzTarget("gzip", longest: 4096, seeds: { Seeds.gzip }) { input in
        let bytes = try SharedBytes(unpacking: ScratchFolder.write(input, to: "packed.gz"), atMost: 1 << 20)
        precondition(bytes.count <= 1 << 20, "gzip: \(bytes.count) bytes are more than the limit")
        if bytes.count > 0 { _ = bytes[bytes.count - 1] }
    }

    /// Records of CIFAR-10: as many as the input has room for, and at least one.
    static let cifar = FuzzTarget("cifar", longest: 6300, seeds: { Seeds.cifar }) { input in
        _ = ScratchFolder.write(input, to: "test_batch.bin")
        try use(
            try CIFARDataset(
                CIFAR10.form, folder: ScratchFolder.path, split: .test, recordsPerFile: max(1, input.count / 3073)))
    }

    /// How the table is to be read, in one byte, and its text.
    static let csv = FuzzTarget(
        "csv", longest: 1024, seeds: { Seeds.csv }, words: { ["\"\"", "\r\n", "NaN", "1e39", "-0.5", "N/A"] }
    ) { input in
        let (head, text) = input.divided(at: 1)
        let choice = head.first ?? 0
        let settings = TableSettings(
            hasHeader: choice & 1 == 0, separator: choice & 2 == 0 ? "," : choice & 4 == 0 ? ";" : "\t",
            targets: choice & 8 == 0 ? ["1"] : [], targetKind: choice & 16 == 0 ? .classes : .real,
            categorical: choice & 32 == 0 ? ["2"] : [], ignored: choice & 64 == 0 ? ["3"] : [],
            sampleWeights: choice & 128 == 0 ? nil : "4")
        let table = CSV(table: settings, test: 0.25)
        let path = ScratchFolder.write(text, to: "table.csv")
        for split in [DatasetSplit.train, .test] { try use(try table.open(split, path: path, imports: [:])) }
    }

    /// A user's own images: IDX, netpbm, or records of CIFAR-10's form.
    static let samples = FuzzTarget("samples", longest: 600, seeds: { Seeds.samples }, words: { ["P5\n", "P6\n"] }) {
        input in
        let (head, file) = input.divided(at: 1)
        let choice = head.first ?? 0
        let path = ScratchFolder.write(file, to: choice & 1 == 0 ? "own" : "own.bin")
        let found = try SampleFile(path, shape: choice & 2 == 0 ? [2, 3, 1] : [2, 2, 3])
        for index in 0..<min(found.count, 64) {
            precondition(found.pixels(index).count == (choice & 2 == 0 ? 6 : 12), "samples: not the size asked for")
        }
    }

    /// A recording.
    static let sound = FuzzTarget("sound", longest: 1024, seeds: { Seeds.sound }, words: { ["fmt ", "data", "LIST"] }) {
        input in
        let found = try SoundFile(decoding: input, path: "recording")
        precondition(found.samples.allSatisfy(\.isFinite), "sound: a sample is no number")
    }

    /// An archive of recordings.
    static let archive = FuzzTarget(
        "archive", longest: 6000, seeds: { Seeds.archives },
        words: {
            ["ustar\u{0}00", "ustar  \u{0}", ".wav", "path=", "GNU.sparse.size=", "PK\u{3}\u{4}", "PK\u{1}\u{2}"]
        }
    ) { input in
        let sound = Sound(view: .logMel(MelSettings()), test: 0.5)
        let path = ScratchFolder.write(input, to: "recordings")
        for split in [DatasetSplit.train, .test] { try use(try sound.open(split, path: path, imports: [:])) }
    }

    /// Reads samples as training does.
    static func use(_ dataset: any Dataset) throws {
        _ = dataset.fingerprint
        precondition(dataset.count > 0, "\(dataset.name): opened without a sample")
        for index in Set((0..<min(dataset.count, 16)) + [dataset.count - 1]) {
            dataset.prefetch(index)
            for (place, field) in dataset.fields.enumerated() {
                if field.elementType == .int32 {
                    var values = [Int32](repeating: -1, count: field.shape.count)
                    try values.withUnsafeMutableBufferPointer {
                        try dataset.readIntegers(index, field: place, into: $0)
                    }
                } else {
                    let row = field.shape.dimensions.dropFirst().reduce(1, *)
                    let count =
                        field.variableAxis == nil
                        ? field.shape.count : row * dataset.length(of: index, field: place)
                    var values = [Float](repeating: .nan, count: count)
                    try values.withUnsafeMutableBufferPointer { try dataset.read(index, field: place, into: $0) }
                    precondition(values.allSatisfy(\.isFinite), "\(dataset.name): a value is no number")
                }
            }
        }
    }
}
