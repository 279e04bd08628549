/// A random change to a training sample that keeps its label.
public enum Augmentation: Equatable, Sendable {
    /// A shift by up to so many pixels in each direction, zeros moving in.
    case translate(pixels: Int)
    /// A mirror image, left for right, of every second sample on average.
    case flip
    /// A window of the original size at a random place of the image padded with zeros.
    case crop(padding: Int)
}

extension Augmentation: ConfigurationSection {
    package static var title: String { "augmentation" }
    package static var shortForm: ConfigurationShortForm { .key }

    package init(from reader: ConfigurationReader) {
        self = reader.oneOf([
            .key("translate", "A shift in both directions, zeros moving in.", shorthand: "pixels") { reader in
                .translate(pixels: reader.required("pixels", .integer(in: 0...), "The largest shift."))
            },
            .key("flip", "A mirror image, left for right, of every second sample.") { _ in .flip },
            .key("crop", "A window of the original size out of the padded image.", shorthand: "padding") { reader in
                .crop(padding: reader.value("padding", .integer(in: 1...), default: 4, "Zeros on each side."))
            },
        ])
    }
}
