import ConfigurationReading
import Glibc

/// The rate up and down along straight lines, again and again (Smith 2017, section 3), as PyTorch's `CyclicLR` has it:
/// from base up to η in half a cycle, back in the other half.
package struct TriangularSchedule: Schedule {
    /// How high later cycles reach above base.
    package enum Mode: Equatable, Sendable {
        /// All up to η.
        case triangular
        /// Each half as high as the one before.
        case triangular2
        /// At step t to γᵗ of the height.
        case exponential(gamma: Double)
    }

    /// The lowest rate, 0 ≤ base ≤ η; `base_lr` in PyTorch, where η is `max_lr`.
    package let lowest: Double
    /// `step_size_up` in PyTorch.
    package let halfCycle: TrainingInterval
    package let mode: Mode

    package init(from lowest: Double, halfCycle: TrainingInterval, mode: Mode = .triangular) {
        self.lowest = lowest
        self.halfCycle = halfCycle
        self.mode = mode
    }

    private enum ModeName: String, CaseIterable { case triangular, triangular2, exponential }

    static let entry = ScheduleEntry(
        "triangular", "Up to learningRate and down again along straight lines, cycle after cycle."
    ) { reader in
        let lowest = reader.required("base", .number(in: 0...), "The rate at the ends of a cycle.")
        let halfCycle = TrainingInterval.optional(
            epochs: "halfCycleEpochs", steps: "halfCycleSteps", from: reader, "Time from base to learningRate")
        let name = reader.value(
            "mode", .choice(of: ModeName.self), default: "triangular",
            "Height of later cycles: the same, halved each time (`triangular2`), or times `gamma` each step.")
        let gamma = reader.optional(
            "gamma", .number(in: 0...1), "Of the mode `exponential`: what each step multiplies the height by.")
        reader.excludeEachOther("halfCycleEpochs", "halfCycleSteps")
        if halfCycle == nil {
            reader.refuse("", because: "it says not how long a cycle is; add halfCycleEpochs or halfCycleSteps.")
        }
        if name == .exponential, gamma == nil {
            reader.refuse("mode", because: "exponential says not how fast cycles become lower; add gamma.")
        } else if name != .exponential, gamma != nil {
            reader.refuse("gamma", because: "it belongs to the mode exponential; remove it or change the mode.")
        }
        let mode: Mode =
            switch name {
            case .triangular: .triangular
            case .triangular2: .triangular2
            case .exponential: .exponential(gamma: gamma ?? 1)
            }
        return TriangularSchedule(from: lowest, halfCycle: halfCycle ?? .epochs(1), mode: mode)
    }

    package var hasOwnRise: Bool { true }

    package func rate(at step: Int, of length: TrainingLength, base: Double) -> Double {
        let step = min(step, length.steps)
        let half = length.steps(of: halfCycle)
        let cycle = step / (2 * half)
        let place = step % (2 * half)
        let height = Double(min(place, 2 * half - place)) / Double(half)
        let scale: Double =
            switch mode {
            case .triangular: 1
            case .triangular2: scalbn(1, -Int32(min(cycle, 1100)))
            case .exponential(let gamma): pow(gamma, Double(step))
            }
        return lowest + (base - lowest) * height * scale
    }

    package func check(base: Double, length: TrainingLength) throws(OptimizationError) {
        try OptimizationError.require(
            lowest <= base, "schedule", "base", lowest, allowed: "0 ≤ base ≤ learningRate")
        switch halfCycle {
        case .epochs(let epochs):
            try length.requireHolds(.epochs(2 * epochs), "the first cycle", key: "triangular.halfCycleEpochs")
        case .steps(let steps):
            try length.requireHolds(.steps(2 * steps), "the first cycle", key: "triangular.halfCycleSteps")
        }
    }
}
