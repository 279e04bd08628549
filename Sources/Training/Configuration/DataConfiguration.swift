import ConfigurationReading
import DataPipeline

/// Which samples are trained on and what is done to them.
package struct DataConfiguration: Sendable {
    /// How many training samples are set aside for validation.
    package enum ValidationSplit: Equatable, Sendable {
        case count(Int)
        case fraction(Double)
    }

    /// What an epoch can have equally often.
    package enum Balance: String, CaseIterable, Sendable {
        case classes
    }

    /// The data set with its own settings.
    package let dataset: any DatasetFactory
    /// Folder or file of the data set; nil for drawn data.
    package let path: String?
    package let validation: ValidationSplit
    /// How raw values of the model's input become what it gets, with statistics of the training samples.
    package let preprocessing: Preprocessing
    /// The same for a target of real numbers.
    package let targetPreprocessing: Preprocessing
    /// Random changes to the training samples' input, in this order, drawn anew every epoch.
    package let augment: [Augmentation]
    /// Only samples of these classes are used, ascending; nil for all.
    package let classes: [Int]?
    /// Only so many training samples are used, validation included; nil for all.
    package let limit: Int?
    /// Samples of these classes are left out, by name or number; none for none.
    package let excluded: [String]
    /// What every epoch has equally often; nil for the samples as they are.
    package let balance: Balance?
    /// How samples are read ahead.
    package let loader: LoaderConfiguration
    /// Where `labels`, `exclude` and `balance` stand, for errors.
    let classesPlace, excludedPlace, balancePlace: PlacedName

    /// Whether training samples are mixed with each other.
    package var mixesSamples: Bool { augment.contains { $0.transform is any MixingTransform } }

    /// The name of the data set.
    package var name: String { type(of: dataset).name }

    /// Where the data set lies in `folder`, which holds all of them: `FOLDER/mnist`; of one file, in its own folder:
    /// `FOLDER/tabular/abalone.csv`; of recordings by the name of their folder. Nil for drawn data.
    package func path(in folder: String) -> String? {
        switch type(of: dataset).location {
        case .nowhere: nil
        case .folder: folder + "/" + name
        case .file: path.map { folder + "/" + $0.split(separator: "/").suffix(2).joined(separator: "/") }
        case .recordings, .graph: path.map { folder + "/" + ($0.split(separator: "/").last ?? "") }
        case .pictures:
            path.map { path in
                // Shards are files in the data set's folder.
                folder + "/" + path.split(separator: "/").suffix(path.hasSuffix(".tar") ? 2 : 1).joined(separator: "/")
            }
        }
    }
}

extension DataConfiguration: Equatable {
    package static func == (a: DataConfiguration, b: DataConfiguration) -> Bool {
        a.dataset.isEqual(to: b.dataset) && a.path == b.path && a.validation == b.validation
            && a.preprocessing == b.preprocessing && a.targetPreprocessing == b.targetPreprocessing
            && a.augment == b.augment && a.classes == b.classes && a.limit == b.limit && a.loader == b.loader
            && a.excluded == b.excluded && a.balance == b.balance
    }
}

extension DataConfiguration: ConfigurationSection {
    package static var title: String { "data" }
    package static var shortForm: ConfigurationShortForm { .value(of: "name") }

    package init(from reader: ConfigurationReader) { self.init(reader, isOfPhase: false) }

    /// - Parameter isOfPhase: whether what is done to samples is said elsewhere, for all phases alike.
    fileprivate init(_ reader: ConfigurationReader, isOfPhase: Bool) {
        let variants = datasetCatalogue.map { kind in
            ConfigurationVariant<any DatasetFactory>.named(kind.name, kind.documentation) { kind.init(from: $0) }
        }
        dataset = reader.tagged(by: "name", variants, "Which data set; its own keys stand beside the name.")
        path = reader.optional(
            "path", .text, influencesWeights: false,
            "Folder or file of the data set; one that the program draws needs none.")
        validation = reader.value(
            "validation", .validationSplit, default: 0.1,
            "Training samples set aside for validation, as a count or a fraction.")
        preprocessing =
            isOfPhase
            ? .none
            : reader.value(
                "preprocessing", .preprocessing, default: "standardize",
                "How raw values of the input become the model's; tokens stay as they are. A list holds steps, of which "
                    + "those of images' extents come before augmentation.")
        targetPreprocessing =
            isOfPhase
            ? .none
            : reader.value(
                "targetPreprocessing", .preprocessing, default: "none",
                "How a target of real numbers is scaled; losses and metrics are then those of the scaled numbers.")
        augment =
            isOfPhase
            ? []
            : reader.value(
                "augment", .list(of: .section()), default: [], "Random changes to training samples, new every epoch.")
        let given: [Int]? = reader.optional(
            "labels", .list(of: .integer(in: 0...), atLeast: 1),
            "Use only samples of these classes, counted from 0; the model's outputs stay as many.")
        classes = given.map { Set($0).sorted() }
        classesPlace = reader.placed("labels")
        excluded = reader.value(
            "exclude", .list(of: .text), default: [],
            "Leave samples of these classes out of all parts, each by its name or its number from 0; the model's "
                + "outputs stay as many.")
        excludedPlace = reader.placed("exclude")
        balance = reader.optional(
            "balance", .choice(of: Balance.self),
            "`classes`: every epoch has each class equally often, as often as the largest has training samples; those "
                + "of smaller classes come several times, each time augmented in another way.")
        balancePlace = reader.placed("balance")
        limit = reader.optional("limit", .integer(in: 1...), "Use only so many training samples, validation included.")
        loader =
            isOfPhase
            ? LoaderConfiguration()
            : reader.value(
                "loader", .section(), default: [:], shown: "as many threads as cores are left",
                influencesWeights: false, "How samples are read ahead; it changes no result.")
        check(reader)
    }

    private func check(_ reader: ConfigurationReader) {
        let location = type(of: dataset).location
        if location != .nowhere, path == nil {
            let (source, remedy) = location == .file ? ("a file", "the file") : ("files", "their folder")
            reader.refuse(
                "name", because: "'\(name)' is read from \(source); add the key 'path' with \(remedy).")
        }
        if targetPreprocessing.steps.contains(where: \.changesExtents) {
            reader.refuse(
                "targetPreprocessing", because: "a target's extents can't be changed; take resize and crop away.")
        }
        if let limit, case .count(let count) = validation, count >= limit {
            reader.refuse(
                "validation", because: "\(count) of \(limit) samples leave none to train on; make validation smaller.")
        }
    }
}

/// The data of a phase, of the same fields as the run's, whose preprocessing and augmentation hold for them as well.
struct PhaseData: ConfigurationSection {
    static var title: String { "phase data" }
    static var shortForm: ConfigurationShortForm { .value(of: "name") }
    let data: DataConfiguration

    init(from reader: ConfigurationReader) { data = DataConfiguration(reader, isOfPhase: true) }
}

extension ConfigurationType where Value == DataConfiguration.ValidationSplit {
    /// An integer is a count, a number below 1 with a point is a fraction.
    static var validationSplit: Self {
        let summary = "a count of at least 0, or a fraction above 0 and below 1"
        return Self(summary, placeholder: .count(0)) { node, path, context in
            guard case .scalar(let text, isQuoted: false) = node.content, let number = Double(text) else {
                context.reportWrongType(node, path, expected: summary)
                return nil
            }
            if let count = Int(text), count >= 0 { return Reading(value: .count(count), node: .plain(String(count))) }
            if number > 0, number < 1 { return Reading(value: .fraction(number), node: .plain("\(number)")) }
            context.report(.outOfRange(node.place, key: path, value: text, expected: summary))
            return nil
        }
    }
}
