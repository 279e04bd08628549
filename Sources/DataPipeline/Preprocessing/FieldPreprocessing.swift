/// From the raw values of a field to what the model gets; kept with its weights.
///
/// An image gets its extents, a value that is not known what stands for it, and then y = x · scale + shift, per
/// channel.
package struct FieldPreprocessing: Codable, Equatable, Sendable {
    /// The field's name.
    package var field: String
    package var scale: [Float]
    package var shift: [Float]
    /// What stands for values that are not known, NaN; nil where all are.
    package var fill: [Float]?
    /// What becomes of an image's extents; a data set shows its images so already.
    package var geometry: ImageGeometry?

    package init(
        field: String, scale: [Float], shift: [Float], fill: [Float]? = nil, geometry: ImageGeometry? = nil
    ) {
        precondition(scale.count == shift.count, "FieldPreprocessing: \(scale.count) scales, \(shift.count) shifts")
        precondition(
            fill == nil || fill?.count == scale.count,
            "FieldPreprocessing: \(fill?.count ?? 0) values to fill \(scale.count) channels with")
        self.field = field
        self.scale = scale
        self.shift = shift
        self.fill = fill
        self.geometry = geometry
    }

    /// Fills, scales and shifts values in place, whole rows of channels.
    package func apply(to values: UnsafeMutableBufferPointer<Float>) {
        if let fill { FieldPreprocessing.fill(values, with: fill) }
        for index in values.indices {
            let channel = index % scale.count
            values[index] = values[index] * scale[channel] + shift[channel]
        }
    }

    /// Replaces values that are not known.
    static func fill(_ values: UnsafeMutableBufferPointer<Float>, with known: [Float]) {
        for index in values.indices where values[index].isNaN { values[index] = known[index % known.count] }
    }
}
