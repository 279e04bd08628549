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
    package let samples: DrawnSamples

    package init(shape: PointShape, noise: Double = 0.05, training: Int = 4000, test: Int = 1000, seed: Int = 0) {
        self.init(shape: shape, noise: noise, samples: DrawnSamples(training: training, test: test, seed: seed))
    }

    private init(shape: PointShape, noise: Double, samples: DrawnSamples) {
        self.shape = shape
        self.noise = noise
        self.samples = samples
    }

    package func open(
        _ split: DatasetSplit, path: String?, imports: [String: SharedBytes.Export]
    ) -> any Dataset {
        DrawnPoints(
            shape, split: split, count: samples.count(of: split), noise: Float(noise), seed: UInt64(samples.seed))
    }

    /// Opens a table whose header names the columns x and y.
    package func openSamples(
        _ path: String, field: FieldDescription
    ) throws(DataError) -> any UnlabelledSamples {
        try openTable(path, field: field)
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
            samples: DrawnSamples(from: reader, of: "points", training: 4000, test: 1000))
    }
}
