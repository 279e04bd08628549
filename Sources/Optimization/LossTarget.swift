/// Ends a run whose error is small enough: when the mean training loss of an epoch is at most a limit.
///
/// The loss of a step is that of its weights before the update. Every rank has the same sums, so that every rank comes
/// to the same end by itself.
package struct LossTarget: Equatable, Sendable {
    package let limit: Double
    /// Of the epoch so far.
    private var loss = 0.0
    private var weight = 0.0
    /// The mean of the last whole epoch; nil before there is one.
    package private(set) var last: Double?

    package init(limit: Double) { self.limit = limit }

    /// Whether the latest epoch has ended the run.
    package var isReached: Bool { last.map { $0 <= limit } ?? false }

    /// Takes in a step's sums; those of a step that was skipped, because they are no finite numbers, count nothing.
    package mutating func observe(loss: Double, weight: Double, endsEpoch: Bool) {
        if loss.isFinite {
            self.loss += loss
            self.weight += weight
        }
        guard endsEpoch else { return }
        if self.weight > 0 { last = self.loss / self.weight }
        (self.loss, self.weight) = (0, 0)
    }

    /// The state for a checkpoint, exact to the bit; the limit comes from the config.
    package var state: [String: String] {
        var values = [
            "\(LossTarget.owner).loss": StateText.text(loss), "\(LossTarget.owner).weight": StateText.text(weight),
        ]
        values["\(LossTarget.owner).last"] = last.map(StateText.text)
        return values
    }

    /// Takes over a state that `state` returned; other keys are ignored. Throws `unreadableState` and changes nothing.
    package mutating func restore(_ state: [String: String]) throws(OptimizationError) {
        let reader = StateText(owner: LossTarget.owner, values: state)
        let read = (
            try reader.double("loss"), try reader.double("weight"),
            state["\(LossTarget.owner).last"] == nil ? nil : try reader.double("last")
        )
        (loss, weight, last) = read
    }

    private static let owner = "stop"
}
