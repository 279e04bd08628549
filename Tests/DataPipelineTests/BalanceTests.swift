import DataPipeline
import Kernels
import TensorCore
import Testing

struct BalanceTests {
    /// 90 samples of class 0, 10 of class 1, 7 of class 3.
    struct Skewed: Dataset {
        let name = "skewed"
        let count = 107
        var fields: [FieldDescription] { ComputedDataset(count: 1, classes: 4).fields }
        let defaultInput = "image"
        let defaultTarget: String? = "label"
        let fingerprint: UInt64 = 1
        func label(of index: Int) -> Int32 { index % 10 == 7 && index < 100 ? 1 : index >= 100 ? 3 : 0 }
        func read(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Float>) {
            for position in buffer.indices { buffer[position] = Float(index) }
        }
        func readIntegers(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Int32>) {
            buffer[0] = label(of: index)
        }
    }

    let dataset: BalancedDataset
    init() throws { dataset = try BalancedDataset(Skewed(), field: "label") }

    func plan(batch: Int, grain: Int = 4) -> BatchPlan {
        BatchPlan(
            sampleCount: dataset.count, batchSize: batch, grainSize: grain, key: RandomKey(seed: 3),
            balance: dataset.balance)
    }

    /// The samples of an epoch in their order.
    func epoch(_ epoch: Int, _ plan: BatchPlan) -> [Int] {
        (epoch * plan.stepsPerEpoch..<(epoch + 1) * plan.stepsPerEpoch).flatMap { step in
            (0..<plan.grainsPerStep).flatMap { grain in
                plan.samples(step: step, grain: grain).map { dataset.sampleID(of: $0) }
            }
        }
    }

    @Test func everyEpochHasEachClassAsOftenAsTheLargestHasSamples() throws {
        #expect(dataset.count == 3 * 90)
        var extra: Set<Set<Int>> = []
        for number in 0..<5 {
            let samples = epoch(number, plan(batch: 16))
            var counts: [Int: Int] = [:]
            for sample in samples { counts[sample, default: 0] += 1 }
            #expect(samples.count == 270 && counts.count == 107)
            for label in [Int32(0), 1, 3] {
                let own = counts.filter { Skewed().label(of: $0.key) == label }
                #expect(own.values.reduce(0, +) == 90)
                // ⌊90 / n⌋ or one more
                #expect(own.values.allSatisfy { $0 == 90 / own.count || $0 == 90 / own.count + 1 }, "\(label)")
            }
            // 90 = 12 · 7 + 6: the one that is seldom is another one now and then.
            extra.insert(Set(counts.filter { $0.key >= 100 && $0.value == 12 }.keys))
        }
        #expect(extra.count > 1)
        #expect(epoch(0, plan(batch: 16)) != epoch(1, plan(batch: 16)))
    }

    @Test func theOrderIsTheSameForEveryGrainAndAnyRestart() {
        let whole = epoch(2, plan(batch: 32, grain: 32))
        #expect(epoch(2, plan(batch: 32, grain: 3)) == whole)
    }

    @Test func aSampleThatComesAgainIsAugmentedInAnotherWay() throws {
        var values: [Int: [[Float]]] = [:]
        let source = try BatchSource(
            dataset: dataset, plan: plan(batch: 270, grain: 270),
            augmentations: [FieldAugmentation(field: "image", .translate(pixels: 3))], key: RandomKey(seed: 5))
        _ = try everyBatch(source) { batch in
            let all = batch.fields.floats("image").values
            for (row, id) in batch.sampleIDs.enumerated() {
                values[id, default: []].append(Array(all[row * 60..<row * 60 + 60]))
            }
        }
        // Sample 100 comes twelve or thirteen times; 49 shifts leave some of 4×5 pixels the same.
        #expect(Set(try #require(values[100])).count > 4)
    }

    @Test func theViewShowsItsSamples() throws {
        for index in [0, 1, 2, 100, 269] {
            let id = dataset.sampleID(of: index)
            #expect(try dataset.label(index) == Skewed().label(of: id) && dataset.values(index)[0] == Float(id))
            #expect(dataset.sourceIndex(of: index) == id)
        }
        #expect(dataset.name == "skewed/balanced" && dataset.fingerprint != Skewed().fingerprint)
    }
}
