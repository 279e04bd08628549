/// Ends a run when several validations in a row find a metric near a value, such as the accuracy of a discriminator
/// near 0.5.
package struct TargetBand: Equatable, Sendable {
    package let value: Double
    package let tolerance: Double
    /// How many validations in a row it takes.
    package let validations: Int
    /// Validations in a row that have found the metric there.
    package private(set) var count = 0
    /// The metric of the latest validation; nil before there is one.
    package private(set) var last: Double?

    package init(value: Double, tolerance: Double, validations: Int) {
        self.value = value
        self.tolerance = tolerance
        self.validations = validations
    }

    /// Whether the latest validations have ended the run.
    package var isReached: Bool { count >= validations }

    /// Takes in a validation; a metric that is no finite number is not near.
    package mutating func observe(metric: Double) {
        count = abs(metric - value) <= tolerance ? count + 1 : 0
        last = metric.isFinite ? metric : nil
    }

    /// The state for a checkpoint, exact to the bit; the numbers of the rule come from the config.
    package var state: [String: String] {
        var values = ["\(TargetBand.owner).count": String(count)]
        values["\(TargetBand.owner).last"] = last.map(StateText.text)
        return values
    }

    /// Takes over a state that `state` returned; other keys are ignored. Throws `unreadableState` and changes nothing.
    package mutating func restore(_ state: [String: String]) throws(OptimizationError) {
        let reader = StateText(owner: TargetBand.owner, values: state)
        let read = (
            try reader.count("count"), state["\(TargetBand.owner).last"] == nil ? nil : try reader.double("last")
        )
        (count, last) = read
    }

    private static let owner = "stopNear"
}
