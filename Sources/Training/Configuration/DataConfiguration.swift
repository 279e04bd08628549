import ConfigurationReading
import DataPipeline

/// Which samples are trained on and what is done to them.
package struct DataConfiguration: Equatable, Sendable {
    /// The data sets that the program can read or make.
    package enum Name: String, CaseIterable, Sendable {
        /// Drawn by the program; needs no files.
        case digits
        case mnist
        case fashionMNIST = "fashion-mnist"
        case cifar10

        /// The classes that the samples belong to.
        package var classCount: Int { 10 }

        /// Height, width and channels of a sample.
        package var sampleShape: [Int] {
            switch self {
            case .digits, .mnist, .fashionMNIST: [28, 28, 1]
            case .cifar10: [32, 32, 3]
            }
        }
    }

    /// How many training samples are set aside for validation.
    package enum ValidationSplit: Equatable, Sendable {
        case count(Int)
        case fraction(Double)
    }

    package let name: Name
    /// Folder with the data set's files; nil for drawn data.
    package let path: String?
    package let validation: ValidationSplit
    /// How raw values become inputs, with statistics of the training samples.
    package let preprocessing: Preprocessing
    /// Random changes to training samples, in this order, drawn anew every epoch.
    package let augment: [Augmentation]
    /// Only so many training samples are used, validation included; nil for all.
    package let limit: Int?
}

extension DataConfiguration: ConfigurationSection {
    package static var title: String { "data" }
    package static var shortForm: ConfigurationShortForm { .value(of: "name") }

    package init(from reader: ConfigurationReader) {
        name = reader.required("name", .choice(of: Name.self), "Which data set.")
        path = reader.optional(
            "path", .text, influencesWeights: false, "Folder with the data set's files; `digits` needs none.")
        validation = reader.value(
            "validation", .validationSplit, default: 0.1,
            "Training samples set aside for validation, as a count or a fraction.")
        preprocessing = reader.value(
            "preprocessing", .choice(of: Preprocessing.self), default: "standardize", "How raw values become inputs.")
        augment = reader.value(
            "augment", .list(of: .section()), default: [], "Random changes to training samples, new every epoch.")
        limit = reader.optional("limit", .integer(in: 1...), "Use only so many training samples, validation included.")
        if name != .digits, path == nil {
            reader.refuse(
                "name", because: "'\(name.rawValue)' is read from files; add the key 'path' with their folder.")
        }
        if let limit, case .count(let count) = validation, count >= limit {
            reader.refuse(
                "validation", because: "\(count) of \(limit) samples leave none to train on; make validation smaller.")
        }
    }
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
