import DataPipeline
import Kernels
import Testing

struct BatchPlanTests {
    struct Sizes: Sendable, CustomTestStringConvertible {
        let samples, batch, grain: Int
        var testDescription: String { "\(samples) samples, batch \(batch), grain \(grain)" }
    }
    static let sizes = [
        Sizes(samples: 100, batch: 32, grain: 8), Sizes(samples: 101, batch: 32, grain: 8),
        Sizes(samples: 97, batch: 10, grain: 3),
        Sizes(samples: 33, batch: 32, grain: 4), Sizes(samples: 5, batch: 128, grain: 32),
        Sizes(samples: 1, batch: 1, grain: 1),
        Sizes(samples: 64, batch: 7, grain: 100),
    ]

    @Test("every sample of an epoch appears exactly once", arguments: sizes)
    func coversEpoch(_ sizes: Sizes) {
        let plan = BatchPlan(
            sampleCount: sizes.samples, batchSize: sizes.batch, grainSize: sizes.grain, key: RandomKey(seed: 1))
        for epoch in 0..<2 {
            var all: [Int] = []
            for step in (epoch * plan.stepsPerEpoch)..<((epoch + 1) * plan.stepsPerEpoch) {
                #expect(plan.position(ofStep: step).epoch == epoch)
                for grain in 0..<plan.grainsPerStep { all += plan.sampleIndices(step: step, grain: grain) }
            }
            #expect(all.sorted() == Array(0..<sizes.samples))
            #expect(all == (0..<sizes.samples).map { plan.order(ofEpoch: epoch)[$0] })
        }
    }

    @Test("grains are contiguous and balanced, the larger ones first", arguments: sizes)
    func splitsEvenly(_ sizes: Sizes) {
        let plan = BatchPlan(
            sampleCount: sizes.samples, batchSize: sizes.batch, grainSize: sizes.grain, key: RandomKey(seed: 1))
        #expect(plan.grainsPerStep == (sizes.batch + sizes.grain - 1) / sizes.grain)
        for step in 0..<plan.stepsPerEpoch {
            let ranges = (0..<plan.grainsPerStep).map { plan.positionsInBatch(step: step, grain: $0) }
            #expect(ranges.flatMap { Array($0) } == Array(0..<plan.sampleCount(ofStep: step)))
            let counts = ranges.map(\.count)
            #expect(counts == counts.sorted(by: >) && counts[0] - counts[counts.count - 1] <= 1)
            #expect(counts[0] <= plan.largestGrain && plan.largestGrain <= sizes.grain)
        }
    }

    @Test("a short batch leaves the last grains empty")
    func hasEmptyGrains() {
        let plan = BatchPlan(sampleCount: 34, batchSize: 32, grainSize: 8, key: RandomKey(seed: 1))
        #expect((0..<4).map { plan.samples(step: 1, grain: $0).count } == [1, 1, 0, 0])
        #expect(plan.sampleCount(ofStep: 1) == 2)
        #expect(plan.sampleCount(ofStep: 2) == 32)
    }

    @Test("the plan depends on the seed and on the epoch")
    func isShuffled() {
        func epoch(_ seed: UInt64, _ epoch: Int) -> [Int] {
            BatchPlan(sampleCount: 50, batchSize: 50, grainSize: 50, key: RandomKey(seed: seed)).sampleIndices(
                step: epoch, grain: 0)
        }
        #expect(epoch(1, 0) == epoch(1, 0))
        #expect(epoch(1, 0) != epoch(2, 0))
        #expect(epoch(1, 0) != epoch(1, 1))
        #expect(epoch(1, 0) != Array(0..<50))
    }

    @Test(
        "evaluation keeps the order of the data set in grains of fixed size",
        arguments: [(10, 4, [4, 4, 2]), (8, 4, [4, 4]), (3, 10, [3]), (0, 4, [])])
    func evaluates(samples: Int, grain: Int, counts: [Int]) {
        let plan = EvaluationPlan(sampleCount: samples, grainSize: grain)
        #expect((0..<plan.grainsPerStep).map { plan.samples(step: 0, grain: $0).count } == counts)
        #expect((0..<plan.grainsPerStep).flatMap { Array(plan.samples(step: 0, grain: $0)) } == Array(0..<samples))
    }
}
