import ConfigurationReading
import TensorCore

/// Coloured shapes on a patterned ground that the program draws, see `DrawnShapes`.
package struct Shapes: DatasetFactory {
    package static let name = "shapes"
    package static let documentation =
        "Coloured shapes on a patterned ground drawn by the program, of any size: fields `image` (height × width × 3) "
        + "and `label`. It stands in for photographs where there are none."
    package static let location = DatasetLocation.nowhere
    package var knownFields: [FieldDescription]? { DrawnShapes.fields(height: height, width: width, classes: classes) }

    package let height: Int
    package let width: Int
    /// Up to 10 of the shape alone, up to 100 of shape and colour, up to 1000 of shape, colour and ground.
    package let classes: Int
    package let samples: DrawnSamples

    package init(
        height: Int, width: Int, classes: Int = 10, training: Int = 2000, test: Int = 500, seed: Int = 0
    ) {
        self.init(
            height: height, width: width, classes: classes,
            samples: DrawnSamples(training: training, test: test, seed: seed))
    }

    private init(height: Int, width: Int, classes: Int, samples: DrawnSamples) {
        self.height = height
        self.width = width
        self.classes = classes
        self.samples = samples
    }

    package func open(
        _ split: DatasetSplit, path: String?, imports: [String: SharedBytes.Export]
    ) -> any Dataset {
        DrawnShapes(
            split: split, count: samples.count(of: split), height: height, width: width, classes: classes,
            seed: UInt64(samples.seed))
    }
}

/// `{name: shapes, size: 224, classes: 1000}`
extension Shapes {
    package init(from reader: ConfigurationReader) {
        let sides = reader.value(
            "size", .list(of: .integer(in: 8...1024), atLeast: 2), default: [32, 32],
            "Height and width of the pictures in pixels, `[224, 224]`.")
        if sides.count > 2 {
            reader.refuse("size", because: "it has \(sides.count) numbers; give height and width.")
        }
        self.init(
            height: sides.first ?? 32, width: sides.dropFirst().first ?? 32,
            classes: reader.value(
                "classes", .integer(in: 2...DrawnShapes.mostClasses), default: 10,
                "How many classes: up to 10 differ by their shape, up to 100 by the colour too, up to 1000 by the "
                    + "ground too."),
            samples: DrawnSamples(from: reader, of: "pictures", training: 2000, test: 500))
    }
}
