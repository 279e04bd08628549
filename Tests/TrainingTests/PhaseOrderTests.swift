import Testing
import Training

@Suite struct PhaseOrderTests {
    @Test func aSequenceRunsEachPhaseOnce() {
        let order = PhaseOrder(.sequence, lengths: [2, 1, 3])
        #expect((0..<8).map(order.phase(ofStep:)) == [0, 0, 1, 2, 2, 2, 2, 2])
        #expect((0...6).map { order.steps(ofPhase: 2, before: $0) } == [0, 0, 0, 0, 1, 2, 3])
        #expect(order.phasesInTurn(before: 3) == [1])
        #expect(order.phasesInTurn(before: 0) == [0])
    }

    @Test func alternatingPhasesTakeTurns() {
        let order = PhaseOrder(.alternating, lengths: [2, 1])
        #expect((0..<7).map(order.phase(ofStep:)) == [0, 0, 1, 0, 0, 1, 0])
        #expect(order.phasesInTurn(before: 4) == [0, 1])
    }

    @Test(arguments: PhaseOrder.Kind.allCases) func everyStepCountsForItsPhase(kind: PhaseOrder.Kind) {
        let order = PhaseOrder(kind, lengths: [3, 1, 2])
        var counts = [0, 0, 0]
        for step in 0..<(kind == .sequence ? 6 : 20) {
            for phase in 0..<3 { #expect(order.steps(ofPhase: phase, before: step) == counts[phase]) }
            counts[order.phase(ofStep: step)] += 1
        }
    }
}
