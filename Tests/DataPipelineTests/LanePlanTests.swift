import DataPipeline
import Kernels
import Testing

struct LanePlanTests {
    @Test(
        "lanes hold every window exactly once, each a run in order",
        arguments: [(100, 8, 3), (97, 8, 8), (7, 7, 2), (5, 8, 3), (64, 1, 1), (1, 1, 4)])
    func covers(windows: Int, lanes: Int, grain: Int) {
        let plan = LanePlan(windowCount: windows, lanes: lanes, grainSize: grain)
        for epoch in 0..<2 {
            var read: [Int: [Int]] = [:]  // by lane
            for step in epoch * plan.stepsPerEpoch..<(epoch + 1) * plan.stepsPerEpoch {
                for grain in 0..<plan.grainsPerStep {
                    let samples = plan.samples(step: step, grain: grain)
                    let alive = samples.lanes ?? 0..<0
                    #expect(samples.epoch == epoch && samples.count == alive.count)
                    #expect(samples.isStartOfSequence == (step == epoch * plan.stepsPerEpoch))
                    #expect(samples.count <= plan.largestGrain && plan.largestGrain <= grain.magnitude + 1_000)
                    #expect(alive.isEmpty || plan.lanes(ofGrain: grain).contains(alive.upperBound - 1))
                    for (lane, window) in zip(alive, samples) { read[lane, default: []].append(window) }
                }
            }
            let runs = (0..<lanes).compactMap { read[$0] }
            #expect(runs.flatMap { $0 } == Array(0..<windows))
            #expect((runs.map(\.count).max() ?? 0) - (runs.map(\.count).min() ?? 0) <= 1)
        }
    }

    @Test("a grain owns the same lanes in every step, balanced")
    func owns() {
        let plan = LanePlan(windowCount: 1000, lanes: 10, grainSize: 4)
        #expect((0..<plan.grainsPerStep).map { plan.lanes(ofGrain: $0) } == [0..<4, 4..<7, 7..<10])
        #expect((0..<3).map { plan.samples(step: 57, grain: $0).lanes } == [0..<4, 4..<7, 7..<10])
        #expect(plan.largestGrain == 4 && plan.stepsPerEpoch == 100)
    }

    @Test("a worker that goes through the parts of its grains reads what steps of all grains read")
    func evaluates() throws {
        var dataset = ComputedDataset(count: 23, imageShape: [1, 2, 1])
        dataset.isSequence = true
        let source = try BatchSource(
            dataset: dataset, plan: LanePlan(windowCount: 23, lanes: 4, grainSize: 2), key: RandomKey(seed: 1))
        let reader = BatchReader(source)
        var ids: [[Int]] = []
        for grain in 0..<source.plan.grainsPerStep {
            for part in 0..<source.plan.partsPerGrain {
                let batch = try reader.read(step: part, grain: grain).fields
                #expect(batch.isStartOfSequence == (part == 0) && batch.lanes?.count == batch.count)
                ids.append(batch.sampleIDs)
            }
        }
        let grain0 = [[0, 6], [1, 7], [2, 8], [3, 9], [4, 10], [5, 11]]
        #expect(ids == grain0 + [[12, 18], [13, 19], [14, 20], [15, 21], [16, 22], [17]])
    }

    @Test("plans without lanes say so")
    func noLanes() {
        let plan = EvaluationPlan(sampleCount: 5, grainSize: 5)
        #expect(Array(plan.samples(step: 0, grain: 0)) == [0, 1, 2, 3, 4])
        #expect(plan.samples(step: 0, grain: 0).lanes == nil && plan.partsPerGrain == 1)
    }
}
