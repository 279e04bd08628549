/// How raw values become the model's inputs, per channel, with x on the scale where a full pixel is 1.
package enum Preprocessing: String, Sendable, CaseIterable, Codable {
    /// (x − mean) / standard deviation; a constant channel is only centred.
    case standardize
    /// x − mean
    case meanSubtraction
    /// 2x − 1
    case scaleMinusOneToOne
    /// x
    case none

    /// Whether `transform` needs the training subset's statistics.
    package var needsStatistics: Bool { self == .standardize || self == .meanSubtraction }

    /// The arithmetic of this choice for raw values in which `valueScale` stands for 1.
    ///
    /// - Parameter statistics: of the training subset; may be nil when `needsStatistics` is false.
    package func transform(statistics: ChannelStatistics?, channels: Int, valueScale: Float) -> ChannelTransform {
        let statistics =
            statistics
            ?? ChannelStatistics(
                mean: Array(repeating: 0, count: channels), standardDeviation: Array(repeating: 1, count: channels))
        precondition(
            statistics.mean.count == channels,
            "Preprocessing: statistics of \(statistics.mean.count) channels for \(channels)")
        var result = ChannelTransform(scale: [], shift: [])
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
            result.scale.append(Float(factor / Double(valueScale)))
            result.shift.append(Float(offset))
        }
        return result
    }
}

/// y = x · scale + shift, per channel, from raw values to the model's inputs.
package struct ChannelTransform: Equatable, Sendable {
    package var scale: [Float]
    package var shift: [Float]

    package init(scale: [Float], shift: [Float]) {
        precondition(scale.count == shift.count, "ChannelTransform: \(scale.count) scales, \(shift.count) shifts")
        self.scale = scale
        self.shift = shift
    }
}
