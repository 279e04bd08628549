import TensorCore

/// Which lanes of carried state a grain continues, and where from.
///
/// A lane is a long sequence that is cut into pieces; row i of a grain's batch is the next piece of lane
/// `lanes.lowerBound + i`.
package struct CarriedLanes {
    package var lanes: Range<Int>
    /// Whether the pieces are the first of their sequences: the state is zero.
    package var isStartOfSequence: Bool
    /// What holds the state between grains in evaluation; nil in training, where it is in the arena and the grain's
    /// vector.
    package var rows: CarriedRows?

    package init(lanes: Range<Int>, isStartOfSequence: Bool = false, rows: CarriedRows? = nil) {
        self.lanes = lanes
        self.isStartOfSequence = isStartOfSequence
        self.rows = rows
    }
}

/// The carried state of some lanes between the grains of an evaluation, which are computed one after another.
package final class CarriedRows {
    /// By the parameter's index, [lanes, …].
    private var values: [Int: [Float]] = [:]

    /// No state: all lanes begin with zeros.
    package init() {}

    /// Forgets all state.
    package func reset() { values.removeAll(keepingCapacity: true) }

    /// The rows that were carried last; nil before the first time.
    func rows(of parameter: Parameter) -> [Float]? { values[parameter.index] }

    func carry(_ parameter: Parameter, _ rows: Tensor) { values[parameter.index] = rows.values }
}
