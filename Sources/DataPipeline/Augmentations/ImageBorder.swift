import ConfigurationReading

/// What moves into an image where it is moved away.
package enum ImageBorder: String, CaseIterable, Sendable {
    case background
    /// The image mirrored at its edge, whose own pixels are not repeated: torchvision's `reflect`.
    case reflect
}

extension ConfigurationReader {
    /// The key `border` of an augmentation that moves an image.
    func imageBorder() -> ImageBorder {
        value(
            "border", .choice(of: ImageBorder.self), default: "background",
            "What comes in at the sides: `background`, or the image mirrored at its edge.")
    }
}
