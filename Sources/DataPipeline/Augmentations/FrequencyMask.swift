import ConfigurationReading
import Kernels
import TensorCore

/// Hides bands of a sequence of features (Park et al., "SpecAugment", 2019, section 2).
///
/// Each of `count` bands has a uniform number of channels in 0…`channels` and begins anywhere. What is hidden becomes
/// the mean of the sequence's numbers.
package struct FrequencyMask: SampleTransform {
    package static let subject = TransformSubject.features
    /// The widest band.
    package let channels: Int
    package let count: Int

    package init(channels: Int, count: Int = 1) {
        precondition(channels >= 0 && count >= 0, "FrequencyMask: \(count) bands of \(channels) channels")
        self.channels = channels
        self.count = count
    }

    static let entry = AugmentationEntry(
        "frequencyMask", "Neighbouring channels of a sequence of features become its mean.", shorthand: "channels"
    ) {
        FrequencyMask(
            channels: $0.required("channels", .integer(in: 1...), "The widest band."),
            count: $0.value("count", .integer(in: 1...100), default: 1, "Bands."))
    }

    package func apply(
        _ source: UnsafeBufferPointer<Float>, to destination: UnsafeMutableBufferPointer<Float>, shape: Shape,
        background: Float, key: RandomKey
    ) -> Bool {
        let (length, all) = checkedSequence(source, destination, shape, "FrequencyMask")
        let mean = meanOfCopy(source, to: destination)
        for band in maskedRuns(count, longest: min(channels, all), of: all, key: key) {
            for step in 0..<length {
                for channel in band { destination[step * all + channel] = mean }
            }
        }
        return true
    }
}

/// The extents of a sequence of features, which the buffers must hold.
func checkedSequence(
    _ source: UnsafeBufferPointer<Float>, _ destination: UnsafeMutableBufferPointer<Float>, _ shape: Shape,
    _ name: String
) -> (length: Int, channels: Int) {
    precondition(
        shape.rank == 2 && source.count == shape.count && destination.count == shape.count,
        "\(name): needs [T, C] buffers, got \(shape) in \(source.count) and \(destination.count) floats")
    return (shape[0], shape[1])
}

/// Copies a sequence and gives the mean of its numbers.
func meanOfCopy(_ source: UnsafeBufferPointer<Float>, to destination: UnsafeMutableBufferPointer<Float>) -> Float {
    var sum = 0.0
    for index in source.indices {
        sum += Double(source[index])
        destination[index] = source[index]
    }
    return Float(sum / Double(max(source.count, 1)))
}

/// Runs of 0…`longest` places of `extent`, each with its own numbers of the key.
func maskedRuns(_ count: Int, longest: Int, of extent: Int, key: RandomKey) -> some Sequence<Range<Int>> {
    (0..<count).lazy.map { run in
        let length = key.integer(at: UInt64(2 * run), below: longest + 1)
        let start = key.integer(at: UInt64(2 * run + 1), below: extent - length + 1)
        return start..<start + length
    }
}
