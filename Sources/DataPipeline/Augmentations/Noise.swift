import ConfigurationReading
import Glibc
import Kernels

/// Adds white noise, d to d + 30 decibels weaker than the recording: every sample gets a number of deviation r ·
/// 10^(−u/20), with r the root of the mean of the recording's squares and u uniform in d…d + 30.
///
/// The numbers are nearly normal, sums of four uniform ones.
package struct Noise: SoundTransform {
    /// d, the ratio of signal to noise where noise is loudest.
    package let decibels: Double
    /// From the loudest to the weakest noise.
    private static let range = 30.0

    package init(decibels: Double) { self.decibels = decibels }

    static let entry = AugmentationEntry("noise", "White noise is added to a recording.", shorthand: "decibels") {
        Noise(
            decibels: $0.required(
                "decibels", .number(in: -100...200),
                "How much louder than the noise the recording is at least; up to 30 more are drawn."))
    }

    package func apply(_ samples: UnsafeMutableBufferPointer<Float>, rate: Int, key: RandomKey) {
        var energy = 0.0
        for sample in samples { energy += Double(sample) * Double(sample) }
        let level = (energy / Double(max(samples.count, 1))).squareRoot()
        let ratio = decibels + Noise.range * Double(key.uniform(at: 0))
        let deviation = Float(level * pow(10, -ratio / 20))
        var numbers = NumberStream(key: key.folding(1))
        for first in stride(from: 0, to: samples.count, by: 2) {
            let pair = numbers.normalPair()
            samples[first] += deviation * pair.x
            if first + 1 < samples.count { samples[first + 1] += deviation * pair.y }
        }
    }
}
