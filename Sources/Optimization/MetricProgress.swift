/// The best value of a validation metric so far, and what counts as better.
struct MetricProgress: Equatable, Sendable {
    let lowerIsBetter: Bool
    let minDelta: Double
    private(set) var best: Double?
    private(set) var bestStep: Int?
    /// Counted validations in a row that were not better.
    private(set) var badCount = 0

    init(owner: String, lowerIsBetter: Bool, minDelta: Double) throws(OptimizationError) {
        try OptimizationError.require(
            minDelta >= 0 && minDelta.isFinite, owner, "minDelta", minDelta, allowed: "minDelta ≥ 0")
        self.lowerIsBetter = lowerIsBetter
        self.minDelta = minDelta
    }

    /// Takes `metric` as the new best when it is finite and better by more than `minDelta`; says whether it was.
    mutating func improve(metric: Double, step: Int) -> Bool {
        guard metric.isFinite else { return false }
        if let best {
            guard lowerIsBetter ? metric < best - minDelta : metric > best + minDelta else { return false }
        }
        best = metric
        bestStep = step
        badCount = 0
        return true
    }

    mutating func countBad() { badCount += 1 }

    mutating func forgetBad() { badCount = 0 }

    /// The state under keys that begin with `owner`.
    func exported(owner: String) -> [String: String] {
        var values = ["\(owner).badCount": String(badCount)]
        values["\(owner).best"] = best.map(StateText.text)
        values["\(owner).bestStep"] = bestStep.map(String.init)
        return values
    }

    mutating func restore(_ values: [String: String], owner: String) throws(OptimizationError) {
        let reader = StateText(owner: owner, values: values)
        let count = try reader.count("badCount")
        let hasBest = values["\(owner).best"] != nil || values["\(owner).bestStep"] != nil
        best = hasBest ? try reader.double("best") : nil
        bestStep = hasBest ? try reader.count("bestStep") : nil
        badCount = count
    }
}
