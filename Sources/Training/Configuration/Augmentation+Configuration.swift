import ConfigurationReading
import DataPipeline

/// A random change to training samples: `flip`, `{translate: 2}`, `{crop: {padding: 4}}`.
extension Augmentation: ConfigurationSection {
    package static var title: String { "augmentation" }
    package static var shortForm: ConfigurationShortForm { .key }
    /// Pixels by which an image may be moved; more than any image has.
    private static let largestDistance = 1 << 16

    package init(from reader: ConfigurationReader) {
        self = reader.oneOf([
            .key("translate", "A shift in both directions, background moving in.", shorthand: "pixels") { reader in
                .translate(
                    pixels: reader.required(
                        "pixels", .integer(in: 0..., atMost: Self.largestDistance), "The largest shift."))
            },
            .key("flip", "A mirror image, left for right, of every second sample.") { _ in .flipHorizontal },
            .key("crop", "A window of the original size out of the padded image.", shorthand: "padding") { reader in
                .randomCrop(
                    padding: reader.value(
                        "padding", .integer(in: 1..., atMost: Self.largestDistance), default: 4,
                        "Background on each side."))
            },
        ])
    }
}
