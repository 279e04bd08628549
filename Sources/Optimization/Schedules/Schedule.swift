import ConfigurationReading

/// The shape of the learning rate over a phase: a pure function of the step, the same on every rank.
///
/// A new schedule is one file: its keys with their ranges (a ``ScheduleEntry`` in ``scheduleCatalogue``) and its
/// formula.
package protocol Schedule: Equatable, Sendable {
    /// The rate of the update that follows `step` finished ones; the schedule's final rate from the length's end on.
    ///
    /// - Parameters:
    ///   - length: of what the schedule runs over, warm-up taken off.
    ///   - base: η, the learning rate of the configuration.
    func rate(at step: Int, of length: TrainingLength, base: Double) -> Double

    /// Whether the rate begins low by itself, so that a warm-up before it makes no sense.
    var hasOwnRise: Bool { get }

    /// Whether rates depend on when training ends, so that a run that has ended can't be made longer.
    var dependsOnEnd: Bool { get }

    /// Throws `outOfRange` for what does not fit the base rate, `tooLong` for what would come after the end.
    ///
    /// - Parameter length: of what the schedule runs over, warm-up taken off; of the whole run even where `maxSteps`
    ///   cuts it short for a trial.
    func check(base: Double, length: TrainingLength) throws(OptimizationError)
}

extension Schedule {
    package var hasOwnRise: Bool { false }
    package var dependsOnEnd: Bool { true }
    package func check(base: Double, length: TrainingLength) throws(OptimizationError) {}

    /// Whether `other` is the same schedule with the same values.
    package func isEqual(to other: any Schedule) -> Bool { (other as? Self) == self }
}

package typealias ScheduleEntry = CatalogueEntry<any Schedule>

/// Every schedule that a configuration can name, a line each; the reference lists them in this order.
let scheduleCatalogue: [ScheduleEntry] = [
    ConstantSchedule.entry,
    StepSchedule.entry,
    CosineSchedule.entry,
    PolynomialSchedule.entry,
    OneCycleSchedule.entry,
    TriangularSchedule.entry,
]
