import Optimization
import Testing

@Suite struct BatchScalingTests {
    @Test func `a rate grows with the batch, by the rule, and falls with a smaller one`() {
        #expect(BatchScaling(batch: 128).factor(batch: 4096) == 32)
        #expect(BatchScaling(batch: 128).factor(batch: 64) == 0.5)
        #expect(BatchScaling(batch: 128, rule: .squareRoot).factor(batch: 2048) == 4)
    }

    @Test func `only a larger rate is risen to, from what is stated`() {
        #expect(BatchScaling(batch: 128).warmUp(batch: 1024) == WarmUp(.epochs(5), from: 0.125))
        #expect(BatchScaling(batch: 128, warmupEpochs: 0).warmUp(batch: 1024) == nil)
        for batch in [64, 128] { #expect(BatchScaling(batch: 128).warmUp(batch: batch) == nil) }
    }
}
