import TensorCore

/// A change of the pixels of a picture, whose full brightness it must know.
package protocol PixelTransform: SampleTransform {
    /// The raw value of full brightness; 0 is black.
    var full: Float { get set }
    /// Why pictures of such a field can't be changed like this; nil where they can. It ends with what to do.
    func problem(of field: FieldDescription) -> String?
}

extension PixelTransform {
    package static var subject: TransformSubject { .pixels }
    package var keepsPlaces: Bool { true }
    package func problem(of field: FieldDescription) -> String? { nil }

    /// The same, for pixels of that full brightness.
    func ofPixels(upTo full: Float) -> any SampleTransform {
        var copy = self
        copy.full = full
        return copy
    }
}
