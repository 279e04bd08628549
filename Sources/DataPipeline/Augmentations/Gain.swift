import ConfigurationReading
import Glibc
import Kernels

/// Makes a recording louder or quieter by a uniform number of decibels in −d…d.
package struct Gain: SoundTransform {
    /// d
    package let decibels: Double

    package init(decibels: Double) {
        precondition(decibels >= 0, "Gain: negative range \(decibels)")
        self.decibels = decibels
    }

    static let entry = AugmentationEntry("gain", "A recording becomes louder or quieter.", shorthand: "decibels") {
        Gain(decibels: $0.required("decibels", .number(in: 0...100), "The largest change in either direction."))
    }

    package func apply(_ samples: UnsafeMutableBufferPointer<Float>, rate: Int, key: RandomKey) {
        let change = decibels * Double(2 * key.uniform(at: 0) - 1)
        let factor = Float(pow(10, change / 20))
        for index in samples.indices { samples[index] *= factor }
    }
}
