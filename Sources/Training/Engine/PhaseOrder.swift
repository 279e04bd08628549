/// Which phase of training each step belongs to; pure arithmetic, so that a checkpoint needs the step's number alone.
package struct PhaseOrder: Equatable, Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        /// One phase after the other, each once.
        case sequence
        /// In turns, from the beginning to the end of the run.
        case alternating
    }

    package let kind: Kind
    /// Steps of each phase: of all its steps in a sequence, of a turn in alternation.
    package let lengths: [Int]

    package init(_ kind: Kind, lengths: [Int]) {
        precondition(!lengths.isEmpty && lengths.allSatisfy { $0 > 0 }, "PhaseOrder: lengths \(lengths)")
        self.kind = kind
        self.lengths = lengths
    }

    /// Steps of all phases, or of one turn of all.
    private var cycle: Int { lengths.reduce(0, +) }

    /// The phase of a step counted from 0; after the end of a sequence its last phase.
    package func phase(ofStep step: Int) -> Int {
        var left = kind == .alternating ? step % cycle : step
        for (phase, length) in lengths.enumerated() {
            if left < length { return phase }
            left -= length
        }
        return lengths.count - 1
    }

    /// How many of the first `step` steps belong to a phase.
    package func steps(ofPhase phase: Int, before step: Int) -> Int {
        let first = lengths[..<phase].reduce(0, +)
        func inOneCycle(_ count: Int) -> Int { min(max(count - first, 0), lengths[phase]) }
        guard kind == .alternating else { return inOneCycle(step) }
        return step / cycle * lengths[phase] + inOneCycle(step % cycle)
    }

    /// The first step of a phase of a sequence.
    package func firstStep(ofPhase phase: Int) -> Int { lengths[..<phase].reduce(0, +) }

    /// Whether a phase of a sequence ends with `step` finished steps.
    package func endsPhase(step: Int) -> Bool {
        kind == .sequence && lengths.indices.contains { firstStep(ofPhase: $0) + lengths[$0] == step }
    }

    /// The phases that train at the same time as that of the step just before `step` finished ones: all that alternate,
    /// or the one.
    package func phasesInTurn(before step: Int) -> [Int] {
        kind == .alternating ? Array(lengths.indices) : [phase(ofStep: max(step - 1, 0))]
    }
}
