import Kernels

/// What a recurrent layer computes at each step.
package enum RecurrentCell: Equatable, Sendable {
    /// h = f(W x + b + U h′ + b′): Elman 1990.
    case simple(RecurrentFunction)
    /// i, f, o = σ(…), g = τ(…), c = f c′ + i g, h = o τ(c): Hochreiter and Schmidhuber 1997, with the forget gate of
    /// Gers et al. 2000. In the order i, f, g, o.
    case longShortTerm(gate: RecurrentFunction, cell: RecurrentFunction)
    /// r, z = σ(…), n = τ(W x + b + r (U h′ + b′)), h = (1 − z) n + z h′: Cho et al. 2014 as cuDNN has it. In the order
    /// r, z, n.
    case gated(gate: RecurrentFunction, cell: RecurrentFunction)

    /// How many sums a unit has.
    package var gateCount: Int {
        switch self {
        case .simple: 1
        case .longShortTerm: 4
        case .gated: 3
        }
    }

    /// How many numbers a unit hands to the next step: h, or h and c.
    package var stateCount: Int {
        if case .longShortTerm = self { 2 } else { 1 }
    }

    /// Which sums the state's product is added to, by their first and count; the last part of a gated unit has a place
    /// of its own, since r multiplies it.
    var parts: [(first: Int, count: Int, isHidden: Bool)] {
        if case .gated = self { [(0, 2, false), (2, 1, true)] } else { [(0, gateCount, false)] }
    }
}
