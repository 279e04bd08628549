import ArgumentParser
import NeuralNetwork
import TensorCore
import Training

/// What augmentation makes of training samples.
package struct AugmentedLook: LookKind {
    package static let name = "augmented"
    package static let abstract =
        "What augmentation makes of training samples: a row for each, a column for each epoch."
    package static let discussion =
        "The samples are those that training would get in its first epochs, made by the same code with the same "
        + "key; the first column is the sample as it is."

    @Argument(help: "A configuration, or a run directory.")
    package var config: String

    @Option(help: "The folder that holds the data sets, if not where the configuration has them.")
    package var data: String?

    @Option(help: "The first sample's number in the training part.")
    package var first: Int = 0

    @Option(help: "Samples that are shown.")
    package var count: Int = 8

    @Option(help: "Epochs that are shown.")
    package var epochs: Int = 8

    package init() {}

    package func validate() throws {
        if first < 0 { throw ValidationError("--first \(first): give at least 0") }
        for (name, value) in [("--count", count), ("--epochs", epochs)] where !(1...256).contains(value) {
            throw ValidationError("\(name) \(value): give 1 to 256")
        }
    }

    package func page(_ job: LookJob) throws -> LookPage {
        let made = try AugmentedSamples(
            config, data: data, first: first, count: count, epochs: epochs, job.ranks)
        return try job.ranks.together {
            guard made.field.shape.rank == 3 else {
                throw InspectionError.unsuitableModel(
                    path: config, problem: "its samples are no pictures; give a configuration with pictures")
            }
            var given = GivenSamples(field: made.field, preprocessing: made.preprocessing)
            for (index, row) in made.samples.enumerated() { given.append(row, class: nil, name: "\(index)") }
            let size = made.field.shape.count
            let values = (0..<made.count).flatMap { sample in
                (0...epochs).flatMap { column in
                    let place = column * made.count + sample
                    return given.values[place * size..<(place + 1) * size]
                }
            }
            return LookPage(
                "Augmentation of \(config)",
                lead: made.names.isEmpty
                    ? "The configuration has no augmentation: every epoch sees the samples as they are."
                    : "In the first column the samples as they are, then as each epoch sees them: "
                        + made.names.joined(separator: ", ") + ".",
                figures: [
                    ("samples", "\(made.count)"), ("epochs", "\(epochs)"), ("augmentations", "\(made.names.count)"),
                ],
                parts: [
                    .pictures(
                        given.sheet(
                            of: values, name: "", caption: "A row for each sample, a column for each epoch.",
                            columns: epochs + 1))
                ])
        }
    }
}
