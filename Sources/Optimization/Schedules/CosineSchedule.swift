import ConfigurationReading
import Glibc

/// min + (η − min) (1 + cos πt) / 2, t = step / steps (Loshchilov and Hutter 2017, without restarts).
package struct CosineSchedule: Schedule {
    /// The rate at the end, 0 ≤ min ≤ η.
    package let minimumRate: Double

    package init(minimumRate: Double = 0) { self.minimumRate = minimumRate }

    static let entry = ScheduleEntry("cosine", "Half a cosine down to the end of the run.") {
        CosineSchedule(minimumRate: $0.minimumRate())
    }

    package func rate(at step: Int, of length: TrainingLength, base: Double) -> Double {
        alongCosine(from: base, to: minimumRate, length.progress(at: step))
    }

    package func check(base: Double, length: TrainingLength) throws(OptimizationError) {
        try checkMinimumRate(minimumRate, base: base)
    }
}

/// Half a cosine from `start` at progress 0 to `end` at progress 1.
func alongCosine(from start: Double, to end: Double, _ progress: Double) -> Double {
    end + (start - end) * (1 + cos(Double.pi * progress)) / 2
}
