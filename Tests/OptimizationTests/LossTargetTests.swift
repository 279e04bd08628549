import Optimization
import Testing

@Suite struct LossTargetTests {
    /// Feeds epochs of two steps; each step has a loss over 4 samples.
    private func feed(_ target: inout LossTarget, _ losses: [Double], from first: Int = 0) {
        for (index, loss) in losses.enumerated() {
            target.observe(loss: loss, weight: 4, endsEpoch: (first + index) % 2 == 1)
        }
    }

    @Test func `an epoch ends the run when its mean is at most the limit, and no part of one does`() {
        var target = LossTarget(limit: 0.5)
        feed(&target, [4, 4, 0, 0.5])
        #expect(target.last == 0.0625 && target.isReached)
        var other = LossTarget(limit: 0.5)
        feed(&other, [4, 4, 0])
        #expect(!other.isReached && other.last == 1)
        feed(&other, [4], from: 3)
        #expect(other.last == 0.5 && other.isReached)
    }

    @Test func `a step that is no number counts nothing, and an epoch of such steps is no end`() {
        var target = LossTarget(limit: 0.5)
        feed(&target, [.nan, 1])
        #expect(target.last == 0.25 && target.isReached)
        var other = LossTarget(limit: 0.5)
        feed(&other, [.nan, .infinity])
        #expect(!other.isReached && other.last == nil)
    }

    @Test func `goes on in the middle of an epoch from its state`() throws {
        var whole = LossTarget(limit: 0.1)
        feed(&whole, [3, 0.7, 0.3])
        var copy = LossTarget(limit: 0.1)
        try copy.restore(whole.state)
        #expect(copy == whole)
        feed(&whole, [0.1], from: 3)
        feed(&copy, [0.1], from: 3)
        #expect(copy == whole && copy.isReached)
        #expect(throws: OptimizationError.self) { try copy.restore(["stop.loss": "x"]) }
        #expect(copy == whole)
    }
}
