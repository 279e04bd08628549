import TensorCore

/// How raw values become the model's inputs, per channel: of pixels with x on the scale where a full pixel is 1, of
/// real numbers with x as it is. Integers have nothing to preprocess.
package enum Preprocessing: String, Sendable, CaseIterable, Codable {
    /// (x − mean) / standard deviation; a constant channel is only centred.
    case standardize
    /// x − mean
    case meanSubtraction
    /// 2x − 1, for pixels
    case scaleMinusOneToOne
    /// x
    case none

    /// Whether `applied` needs statistics of a field of these; they are those of the training samples.
    package func needsStatistics(of field: FieldDescription) -> Bool {
        field.elementType == .float32 && (self == .standardize || self == .meanSubtraction)
    }

    /// The arithmetic of this choice for a field; nil where its values stay as they are.
    ///
    /// - Parameter statistics: of the training samples; may be nil when `needsStatistics` is false.
    /// - Throws: `DataError.onlyForPixels`.
    package func applied(
        to field: FieldDescription, statistics: ChannelStatistics?
    ) throws(DataError) -> FieldPreprocessing? {
        guard field.elementType == .float32 else { return nil }
        if case .pixels = field.meaning {
        } else {
            if self == .none { return nil }
            if self == .scaleMinusOneToOne { throw .onlyForPixels(preprocessing: rawValue, field: field.name) }
        }
        let channels = field.channels
        let statistics =
            statistics
            ?? ChannelStatistics(
                mean: Array(repeating: 0, count: channels), standardDeviation: Array(repeating: 1, count: channels))
        precondition(
            statistics.mean.count == channels,
            "Preprocessing: statistics of \(statistics.mean.count) channels for \(channels)")
        var result = FieldPreprocessing(field: field.name, scale: [], shift: [])
        for (mean, deviation) in zip(statistics.mean, statistics.standardDeviation) {
            let (factor, offset): (Double, Double)
            switch self {
            case .standardize:
                let divisor = deviation > 0 ? deviation : 1
                (factor, offset) = (1 / divisor, -mean / divisor)
            case .meanSubtraction: (factor, offset) = (1, -mean)
            case .scaleMinusOneToOne: (factor, offset) = (2, -1)
            case .none: (factor, offset) = (1, 0)
            }
            result.scale.append(Float(factor / field.unit))
            result.shift.append(Float(offset))
        }
        return result
    }
}

/// y = x · scale + shift, per channel, from the raw values of a field to what the model gets; kept with its weights.
package struct FieldPreprocessing: Codable, Equatable, Sendable {
    /// The field's name.
    package var field: String
    package var scale: [Float]
    package var shift: [Float]

    package init(field: String, scale: [Float], shift: [Float]) {
        precondition(scale.count == shift.count, "FieldPreprocessing: \(scale.count) scales, \(shift.count) shifts")
        self.field = field
        self.scale = scale
        self.shift = shift
    }
}

extension FieldDescription {
    /// The extent of the last axis, 1 for a single number.
    package var channels: Int { shape.rank == 0 ? 1 : shape[-1] }

    /// The raw value that statistics count as 1.
    var unit: Double {
        if case .pixels(let scale, _) = meaning { Double(scale) } else { 1 }
    }
}
