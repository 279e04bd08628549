import ConfigurationReading
import Kernels
import TensorCore

/// Recordings in folders or archives, see ``SoundDataset``.
package struct Sound: DatasetFactory {
    package static let name = "sound"
    package static let documentation =
        "Recordings (WAV, FLAC and others). `path` is a folder that holds the folders `train` and `test`, or archives "
        + "of these names (tar, zip); or it holds the recordings itself, or is an archive of them. Several channels "
        + "become their mean. As features: field `sound` [frames, mels] of each recording. As levels: windows, fields "
        + "`levels` (the value before, at first that of silence) and `next`. Fields of classes have the names of their "
        + "placeholders."
    package static let location = DatasetLocation.recordings

    package let view: SoundView
    package let names: RecordingNames
    /// Samples a second that recordings are brought to.
    package let rate: Int
    /// Seconds that a recording may last.
    package let longest: Double
    /// What is usually predicted; nil for the first field of classes, or the next level.
    package let target: String?
    /// The part of the recordings that is drawn for the test, where no folder or archive has them.
    package let test: Double

    package init(
        view: SoundView, names: RecordingNames = RecordingNames(), rate: Int = 8000, longest: Double = 3,
        target: String? = nil, test: Double = 0.2
    ) {
        self.view = view
        self.names = names
        self.rate = rate
        self.longest = longest
        self.target = target
        self.test = test
    }

    package func open(
        _ split: DatasetSplit, path: String?, imports: [String: SharedBytes.Export]
    ) throws(DataError) -> any Dataset {
        let folder = try required(path)
        if let train = RecordingPart("train", in: folder) {
            guard let test = RecordingPart("test", in: folder) else {
                throw .missingFile(path: "\(folder)/test", expected: ["train", "test", "or archives of these names"])
            }
            let part = split == .train ? train : test
            let store = try RecordingStore(part, rate: rate, longest: longest, imports: imports)
            let training = split == .train ? store.recordings.map(\.name) : try train.names()
            return try dataset(split, folder, part, store, Array(store.recordings.indices), training, train)
        }
        guard let part = RecordingPart(folder) else {
            throw .missingFile(path: folder, expected: [folder])
        }
        let store = try RecordingStore(part, rate: rate, longest: longest, imports: imports)
        let (training, test) = try divided(store, folder)
        return try dataset(
            split, folder, part, store, split == .train ? training : test,
            training.map { store.recordings[$0].name }, part)
    }

    private func dataset(
        _ split: DatasetSplit, _ folder: String, _ part: RecordingPart, _ store: RecordingStore, _ places: [Int],
        _ training: [String], _ trainingPart: RecordingPart
    ) throws(DataError) -> SoundDataset {
        let classes = try RecordingClasses(
            names, of: store.recordings.map(\.name), path: part.path, training: training,
            trainingPath: trainingPart.path, folder: folder)
        return SoundDataset(self, split: split, store: store, recordings: places, classes: classes)
    }

    /// The places of the recordings for training and for the test, drawn by a fixed key, the same in every run.
    private func divided(_ store: RecordingStore, _ path: String) throws(DataError) -> (training: [Int], test: [Int]) {
        let count = store.recordings.count
        let held = Int((test * Double(count)).rounded())
        guard held > 0, held < count else {
            throw .tableSettings(
                path: path,
                problem:
                    "data.test: \(test) of \(count) recordings leaves none for \(held > 0 ? "training" : "the test")"
                    + "; give a fraction that leaves some on both sides")
        }
        let order = EpochOrder(count: count, key: RandomKey(seed: 0).folding(.split).folding(1))
        let places = (0..<count).map { order[$0] }
        return (places[held...].sorted(), places[..<held].sorted())
    }

    /// Opens a recording as features.
    package func openSamples(
        _ path: String, field: FieldDescription
    ) throws(DataError) -> any UnlabelledSamples {
        guard case .logMel(let mel) = view, field.name == "sound" else {
            throw .notPredictable(path: path, dataset: Sound.name, field: field.name)
        }
        return try SoundSamples(path, mel, rate: rate, longest: longest)
    }
}

/// `{name: sound, path: spoken-digits, names: "{digit}_{speaker}_{index}", features: logMel}`
extension Sound {
    package init(from reader: ConfigurationReader) {
        let features: SoundFeatures? = reader.optional(
            "features", .section(), "Each recording as a sequence of features; `logMel` if `levels` is not given.")
        let levels: SoundLevels? = reader.optional(
            "levels", .section(), "Each recording as the levels of its samples, to be predicted one by one.")
        reader.excludeEachOther("features", "levels")
        let rate = reader.value(
            "rate", .integer(in: 1000...768_000), default: 8000,
            "Samples a second; recordings of other rates are resampled.")
        let view = levels?.view ?? features?.view ?? .logMel(MelSettings())
        if case .logMel(let mel) = view, let problem = mel.problem(rate: rate) {
            reader.refuse("features", because: problem + ".")
        }
        let names = Sound.readNames(reader)
        let known = names.classes + (levels == nil ? [] : ["next"])
        let target: String? = reader.optional(
            "target", .text, "The field that is usually predicted; the first one of classes, or `next`, if absent.")
        if let target, !known.contains(target) {
            reader.refuse(
                "target",
                because: "there is no field '\(target)' to predict; name one of: "
                    + "\(known.isEmpty ? "none, without `names`" : known.joined(separator: ", ")).")
        }
        self.init(
            view: view, names: names, rate: rate,
            longest: reader.value(
                "longest", .number(above: 0), default: 3,
                "Seconds that a recording may last; longer ones are refused."),
            target: target,
            test: reader.value(
                "test", .number(in: 0..<1), default: 0.2,
                "The part of the recordings that is drawn for the test, where there is no folder or archive `test`."))
    }

    private static func readNames(_ reader: ConfigurationReader) -> RecordingNames {
        let text: String? = reader.optional(
            "names", .text,
            "What files' names tell: `{digit}_{speaker}_{index}`, or `{word}/{index}` with classes from folders. Each "
                + "placeholder but `index` is a field of classes.")
        var pattern: NamePattern?
        if let text {
            do throws(NamePattern.Mistake) {
                pattern = try NamePattern(text)
            } catch {
                reader.refuse("names", because: error.text + ".")
            }
        }
        let table: String? = reader.optional(
            "table", .text,
            "A CSV file in the data set's folder that tells more; its first column is `file` or a placeholder.")
        let classes: [String]? = reader.optional(
            "classes", .list(of: .text, atLeast: 1),
            "The fields of classes: placeholders, and columns of `table`; all placeholders but `index` if absent.")
        let names = RecordingNames(pattern: pattern, table: table, classes: classes)
        let reserved = ["sound", "levels", "next"]
        for name in names.classes {
            if reserved.contains(name) || name.contains(".") {
                reader.refuse(
                    classes == nil ? "names" : "classes",
                    because: "'\(name)' is the name of another field; use another one.")
            } else if table == nil, pattern?.placeholders.contains(name) != true {
                reader.refuse("classes", because: "'\(name)' is no placeholder of `names`; correct it or give `table`.")
            }
        }
        return names
    }
}

/// `logMel`, `{logMel: {mels: 64}}`
private struct SoundFeatures: ConfigurationSection {
    static var title: String { "features of sound" }
    static var shortForm: ConfigurationShortForm { .key }
    let view: SoundView

    init(from reader: ConfigurationReader) {
        view = reader.oneOf([
            .key(
                "logMel", "Logarithms of the energy in bands of frequency, evenly spaced on the mel scale (HTK's).",
                shorthand: "mels"
            ) { reader in
                let mels = reader.value("mels", .integer(in: 1...1024), default: 40, "Bands.")
                let frame = reader.value("frame", .number(above: 0), default: 0.025, "Seconds of a frame.")
                let hop = reader.value("hop", .number(above: 0), default: 0.01, "Seconds from frame to frame.")
                let lowest = reader.value(
                    "lowest", .number(in: 0...), default: 0, "Where the first band begins, in Hz.")
                let highest: Double? = reader.optional(
                    "highest", .number(above: 0), "Where the last band ends, in Hz; half of `rate` if absent.")
                return .logMel(MelSettings(mels: mels, frame: frame, hop: hop, lowest: lowest, highest: highest))
            }
        ])
    }
}

/// `muLaw`, `{muLaw: {window: 4000}}`
private struct SoundLevels: ConfigurationSection {
    static var title: String { "levels of sound" }
    static var shortForm: ConfigurationShortForm { .key }
    let view: SoundView

    init(from reader: ConfigurationReader) {
        view = reader.oneOf([
            .key("muLaw", "The 256 levels of μ-law companding (ITU-T G.711, continuous).", shorthand: "window") {
                .muLaw(
                    window: $0.value(
                        "window", .integer(in: 1..., atMost: 1 << 24), default: 8000,
                        "Samples of one recording that stand together, at most."))
            }
        ])
    }
}
