import ConfigurationReading
import Glibc

/// min + (η − min) (1 − t)^power, t = step / steps.
package struct PolynomialSchedule: Schedule {
    /// Greater than 0; 1 for a straight line.
    package let power: Double
    /// The rate at the end, 0 ≤ min ≤ η.
    package let minimumRate: Double

    package init(power: Double = 1, minimumRate: Double = 0) {
        self.power = power
        self.minimumRate = minimumRate
    }

    static let entry = ScheduleEntry("polynomial", "A power of the share of the run that is left.") { reader in
        PolynomialSchedule(
            power: reader.value("power", .number(above: 0), default: 1, "1 for a straight line."),
            minimumRate: reader.minimumRate())
    }

    package func rate(at step: Int, of length: TrainingLength, base: Double) -> Double {
        minimumRate + (base - minimumRate) * pow(1 - length.progress(at: step), power)
    }

    package func check(base: Double, length: TrainingLength) throws(OptimizationError) {
        try checkMinimumRate(minimumRate, base: base)
    }
}
