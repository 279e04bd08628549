import ConfigurationReading
import TensorCore

/// Points of the plane that the program draws, see `DrawnPoints`.
package struct Points: DatasetFactory {
    package static let name = "points"
    package static let documentation =
        "Points of the plane drawn by the program, in two classes: fields `point` (x and y) and `label`."
    package static let location = DatasetLocation.nowhere
    package var knownFields: [FieldDescription]? { DrawnPoints.declaredFields }

    /// How the classes lie.
    package let shape: PointShape
    /// The standard deviation of what is added to x and to y.
    package let noise: Double
    /// The number of points for training, those for validation included.
    package let training: Int
    /// The number of points for the test.
    package let test: Int
    /// Of the drawing; runs of different seeds usually share one.
    package let seed: Int

    package init(shape: PointShape, noise: Double = 0.05, training: Int = 4000, test: Int = 1000, seed: Int = 0) {
        self.shape = shape
        self.noise = noise
        self.training = training
        self.test = test
        self.seed = seed
    }

    package func open(
        _ split: DatasetSplit, path: String?, imports: [String: SharedBytes.Export]
    ) -> any Dataset {
        DrawnPoints(
            shape, split: split, count: split == .train ? training : test, noise: Float(noise), seed: UInt64(seed))
    }

    /// Opens a table whose header names the columns x and y.
    package func openSamples(
        _ path: String, field: FieldDescription
    ) throws(DataError) -> any UnlabelledSamples {
        guard case .real(let names) = field.meaning else {
            throw .notPredictable(path: path, dataset: Points.name, field: field.name)
        }
        return try TableSamples(SharedBytes.open(path, expected: [path]), settings: TableSettings(), names: names)
    }
}

/// `{name: points, shape: xor, noise: 0.1}`
extension Points {
    package init(from reader: ConfigurationReader) {
        self.init(
            shape: reader.required(
                "shape", .choice(of: PointShape.self),
                "How the two classes lie: on both sides of a line, in four squares, as two circles, two half circles "
                    + "that reach into each other, or two arms around the origin."),
            noise: reader.value(
                "noise", .number(in: 0...1), default: 0.05,
                "The standard deviation of what is added to x and to y, which lie in about −1…1."),
            training: reader.value(
                "training", .integer(in: 2...), default: 4000, "Points for training, those for validation included."),
            test: reader.value("test", .integer(in: 1...), default: 1000, "Points for the test."),
            seed: reader.value(
                "seed", .integer(in: 0...), default: 0, "Of the drawing: another one gives other points."))
    }
}
