import ConfigurationReading
import Kernels

/// Moves a recording by a uniform number of samples in −s…s; silence moves in, what leaves is lost.
package struct TimeShift: SoundTransform {
    /// s, in seconds.
    package let seconds: Double

    package init(seconds: Double) {
        precondition(seconds >= 0, "TimeShift: negative distance \(seconds)")
        self.seconds = seconds
    }

    static let entry = AugmentationEntry(
        "timeShift", "A recording begins earlier or later, silence moving in.", shorthand: "seconds"
    ) {
        TimeShift(seconds: $0.required("seconds", .number(above: 0), "The largest shift."))
    }

    package func apply(_ samples: UnsafeMutableBufferPointer<Float>, rate: Int, key: RandomKey) {
        guard let base = samples.baseAddress else { return }
        let largest = min(Int(min(seconds * Double(rate), 1e9)), samples.count)
        let shift = key.integer(at: 0, below: 2 * largest + 1) - largest
        let kept = samples.count - abs(shift)
        if shift > 0 {
            (base + shift).update(from: base, count: kept)
            base.update(repeating: 0, count: shift)
        } else if shift < 0 {
            base.update(from: base - shift, count: kept)
            (base + kept).update(repeating: 0, count: -shift)
        }
    }
}
