import TensorCore

/// How raw values become the model's inputs: steps, in their order.
///
/// Per channel, of pixels with x on the scale where a full pixel is 1, of real numbers with x as it is. Integers have
/// nothing to preprocess. What changes an image's extents comes before augmentation, everything else behind it.
package struct Preprocessing: Equatable, Sendable {
    package enum Step: Equatable, Sendable {
        /// (x − mean) / standard deviation; a constant channel is only centred.
        case standardize
        /// x − mean
        case meanSubtraction
        /// 2x − 1, for pixels
        case scaleMinusOneToOne
        /// The range of all values gets the width `upper` − `lower`: that of a full pixel, or from the smallest to the
        /// largest number of the training samples. It begins at `lower`; with ``meanSubtraction`` the mean gets into
        /// the middle instead.
        case scale(lower: Double, upper: Double)
        /// An image is made larger or smaller.
        case resize(ImageGeometry.Size)
        /// The middle of an image.
        case crop(ImageGeometry.Size)
    }

    package let steps: [Step]

    /// - Precondition: the steps go together, see ``problem(of:)``.
    package init(_ steps: [Step]) {
        precondition(Preprocessing.problem(of: steps) == nil, "Preprocessing: \(steps) do not go together")
        self.steps = steps
    }

    package static let standardize = Preprocessing([.standardize])
    package static let meanSubtraction = Preprocessing([.meanSubtraction])
    package static let scaleMinusOneToOne = Preprocessing([.scaleMinusOneToOne])
    /// x
    package static let none = Preprocessing([])

    /// Why steps can't be together, with what to do; nil where they can.
    package static func problem(of steps: [Step]) -> String? {
        if steps.filter(\.centres).count > 1 {
            return "standardize subtracts the mean too, and it can be subtracted once; keep one of them."
        }
        if steps.filter(\.scales).count > 1 {
            return "standardize and scale both say how large the numbers get; keep one of them."
        }
        return nil
    }

    /// Whether ``applied(to:statistics:fill:geometry:)`` needs statistics of a field of these; they are those of the
    /// training samples.
    package func needsStatistics(of field: FieldDescription) -> Bool {
        guard field.elementType == .float32 else { return false }
        let isPixels = if case .pixels = field.meaning { true } else { false }
        return steps.contains { step in
            if case .scale = step { return !isPixels }
            return step.centres
        }
    }

    /// What the steps do to the extents of the image that a field is, in `dataset` or a file; nil where nothing.
    ///
    /// - Throws: `DataError.notFitted` where the field is no image, or too small.
    package func geometry(of field: FieldDescription) throws(DataError) -> ImageGeometry? {
        var geometry: [ImageGeometry.Step] = []
        for step in steps {
            switch step {
            case .resize(let size): geometry.append(.init(kind: .resize, size: size))
            case .crop(let size): geometry.append(.init(kind: .crop, size: size))
            case .standardize, .meanSubtraction, .scaleMinusOneToOne, .scale: break
            }
        }
        return geometry.isEmpty ? nil : try ImageGeometry(geometry, of: field)
    }

    /// The arithmetic of these steps for a field; nil where its values stay as they are.
    ///
    /// - Parameters:
    ///   - statistics: of the training samples; may be nil when `needsStatistics` is false.
    ///   - fill: for each channel what stands for values that are not known; nil where all are.
    ///   - geometry: what has been done to the extents of the field's images.
    /// - Throws: `DataError.onlyForPixels`.
    package func applied(
        to field: FieldDescription, statistics: ChannelStatistics?, fill: [Float]? = nil,
        geometry: ImageGeometry? = nil
    ) throws(DataError) -> FieldPreprocessing? {
        guard field.elementType == .float32 else { return nil }
        let isPixels = if case .pixels = field.meaning { true } else { false }
        if !isPixels {
            if steps.contains(.scaleMinusOneToOne) {
                throw .onlyForPixels(preprocessing: "scaleMinusOneToOne", field: field.name)
            }
            if !steps.contains(where: { $0.centres || $0.scales }), fill == nil, geometry == nil { return nil }
        }
        let channels = field.channels
        let statistics = statistics ?? ChannelStatistics(ofPixels: channels)
        precondition(
            statistics.mean.count == channels,
            "Preprocessing: statistics of \(statistics.mean.count) channels for \(channels)")
        let lines = (0..<channels).map { line(statistics, $0, isPixels: isPixels) }
        return FieldPreprocessing(
            field: field.name, scale: lines.map { Float($0.factor / field.unit) },
            shift: lines.map { Float($0.offset) },
            fill: fill, geometry: geometry)
    }

    /// y = factor · x + offset for one channel.
    private func line(
        _ statistics: ChannelStatistics, _ channel: Int, isPixels: Bool
    ) -> (factor: Double, offset: Double) {
        let (mean, deviation) = (statistics.mean[channel], statistics.standardDeviation[channel])
        if steps.contains(.standardize) {
            let divisor = deviation > 0 ? deviation : 1
            return (1 / divisor, -mean / divisor)
        }
        let isCentred = steps.contains(.meanSubtraction)
        for step in steps {
            let ends: (lower: Double, upper: Double)
            switch step {
            case .scaleMinusOneToOne: ends = (-1, 1)
            case .scale(let lower, let upper): ends = (lower, upper)
            case .standardize, .meanSubtraction, .resize, .crop: continue
            }
            let range = isPixels ? 0...1 : statistics.ranges?[channel] ?? 0...1
            let width = range.upperBound - range.lowerBound
            let factor = width > 0 ? (ends.upper - ends.lower) / width : 1
            let middle = (ends.lower + ends.upper) / 2
            if isCentred { return (factor, middle - factor * mean) }
            return (factor, (width > 0 ? ends.lower : middle) - factor * range.lowerBound)
        }
        return (1, isCentred ? -mean : 0)
    }
}

extension Preprocessing.Step {
    /// Whether it subtracts the mean.
    var centres: Bool { self == .standardize || self == .meanSubtraction }

    /// Whether it changes an image's extents.
    package var changesExtents: Bool {
        switch self {
        case .resize, .crop: true
        case .standardize, .meanSubtraction, .scaleMinusOneToOne, .scale: false
        }
    }

    /// Whether it says how large values get.
    var scales: Bool {
        switch self {
        case .standardize, .scaleMinusOneToOne, .scale: true
        case .meanSubtraction, .resize, .crop: false
        }
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
