import Optimization
import Testing

@Suite struct TargetBandTests {
    private func observed(_ metrics: [Double], _ validations: Int = 2) -> TargetBand {
        var band = TargetBand(value: 0.5, tolerance: 0.25, validations: validations)
        for metric in metrics { band.observe(metric: metric) }
        return band
    }

    @Test func `so many validations in a row must find the metric there`() {
        #expect(!observed([0.5]).isReached && observed([0.25, 0.75]).isReached)
        #expect(!observed([0.5, 0.8, 0.5]).isReached && observed([0.2, 0.5, 0.5]).isReached)
        #expect(!observed([0.5, .nan]).isReached && observed([0.5, .nan]).last == nil)
        #expect(observed([0.5], 1).isReached)
    }

    @Test func `goes on from its state`() throws {
        let whole = observed([0.9, 0.6])
        var copy = observed([])
        try copy.restore(whole.state)
        #expect(copy == whole)
        copy.observe(metric: 0.5)
        #expect(copy.isReached && copy.last == 0.5)
        #expect(throws: OptimizationError.self) { try copy.restore(["stopNear.count": "x"]) }
        #expect(copy.last == 0.5)
    }
}
