import ConfigurationReading

/// One cycle (Smith and Topin 2018) as PyTorch's `OneCycleLR` has it: from `initialFactor` · η up to η, reached at step
/// rise · steps − 1, then down to `finalFactor` · η at the last step, each along half a cosine or a straight line.
package struct OneCycleSchedule: Schedule {
    /// Share of the steps that go up, 0…1.
    package let rise: Double
    /// First rate over η, 0 < initialFactor ≤ 1; 1 / `div_factor` in PyTorch.
    package let initialFactor: Double
    /// Last rate over η, 0 < finalFactor ≤ initialFactor; 1 / (`div_factor` · `final_div_factor`) in PyTorch.
    package let finalFactor: Double
    package let anneal: Anneal

    /// The way from one rate to the next, PyTorch's `anneal_strategy`.
    package enum Anneal: String, CaseIterable, Sendable {
        case cosine, linear
    }

    package init(
        rise: Double = 0.3, initialFactor: Double = 0.04, finalFactor: Double = 4e-6, anneal: Anneal = .cosine
    ) {
        self.rise = rise
        self.initialFactor = initialFactor
        self.finalFactor = finalFactor
        self.anneal = anneal
    }

    static let entry = ScheduleEntry("oneCycle", "Up and down once, along cosines or straight lines.") { reader in
        let schedule = OneCycleSchedule(
            rise: reader.value("rise", .number(in: 0...1), default: 0.3, "Share of the run that goes up."),
            initialFactor: reader.value(
                "initialFactor", .number(above: 0), default: 0.04, "First rate over learningRate."),
            finalFactor: reader.value("finalFactor", .number(above: 0), default: 4e-6, "Last rate over learningRate."),
            anneal: reader.value(
                "anneal", .choice(of: Anneal.self), default: "cosine",
                "Up and down along half a `cosine` or a straight line, `linear`."))
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
        if position < peak { return along(from: base * initialFactor, to: base, position / peak) }
        return along(from: base, to: base * finalFactor, last > peak ? (position - peak) / (last - peak) : 0)
    }

    private func along(from start: Double, to end: Double, _ share: Double) -> Double {
        switch anneal {
        case .cosine: alongCosine(from: start, to: end, share)
        case .linear: start + (end - start) * share
        }
    }
}
