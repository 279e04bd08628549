/// η.
package struct ConstantSchedule: Schedule {
    package init() {}

    static let entry = ScheduleEntry("constant", "The learning rate stays.") { _ in ConstantSchedule() }

    package var dependsOnEnd: Bool { false }

    package func rate(at step: Int, of length: TrainingLength, base: Double) -> Double { base }
}
