import ConfigurationReading

/// One cycle (Smith and Topin 2018) as PyTorch's `OneCycleLR` has it: half a cosine from `initialFactor` · η up to η,
/// reached at step rise · steps − 1, then half a cosine down to `finalFactor` · η at the last step.
package struct OneCycleSchedule: Schedule {
    /// Share of the steps that go up, 0…1.
    package let rise: Double
    /// First rate over η, 0 < initialFactor ≤ 1; 1 / `div_factor` in PyTorch.
    package let initialFactor: Double
    /// Last rate over η, 0 < finalFactor ≤ initialFactor; 1 / (`div_factor` · `final_div_factor`) in PyTorch.
    package let finalFactor: Double

    package init(rise: Double = 0.3, initialFactor: Double = 0.04, finalFactor: Double = 4e-6) {
        self.rise = rise
        self.initialFactor = initialFactor
        self.finalFactor = finalFactor
    }

    static let entry = ScheduleEntry("oneCycle", "Up and down once along cosines.") { reader in
        let schedule = OneCycleSchedule(
            rise: reader.value("rise", .number(in: 0...1), default: 0.3, "Share of the run that goes up."),
            initialFactor: reader.value(
                "initialFactor", .number(above: 0), default: 0.04, "First rate over learningRate."),
            finalFactor: reader.value("finalFactor", .number(above: 0), default: 4e-6, "Last rate over learningRate."))
        if schedule.initialFactor > 1 {
            reader.refuse("initialFactor", because: "a cycle begins below learningRate; make it at most 1.")
        } else if schedule.finalFactor > schedule.initialFactor {
            reader.refuse(
                "finalFactor",
                because: "a cycle ends below its beginning; make it at most initialFactor, \(schedule.initialFactor).")
        }
        return schedule
    }

    package var hasOwnRise: Bool { true }

    package func rate(at step: Int, of length: TrainingLength, base: Double) -> Double {
        let last = Double(length.steps - 1)
        let peak = max(0, min(rise * Double(length.steps) - 1, last))
        let position = min(Double(step), last)
        if position < peak { return alongCosine(from: base * initialFactor, to: base, position / peak) }
        return alongCosine(
            from: base, to: base * finalFactor, last > peak ? (position - peak) / (last - peak) : 0)
    }
}
