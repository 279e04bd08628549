import DataPipeline
import Foundation
import Kernels
import Synchronization
import TensorCore
import Testing

struct BatchLoaderTests {
    let augmentations: [Augmentation] = [.translate(pixels: 2), .flipHorizontal]

    struct Content: Equatable, Sendable {
        var inputs: [Float]
        var labels: [Int32]
        var ids: [Int]
        init(_ batch: Batch) {
            inputs = batch.fields.floats("image").values
            labels = batch.fields.integers("label").values
            ids = batch.sampleIDs
        }
    }

    func loader(
        _ dataset: any Dataset, batch: Int = 10, grain: Int = 3, augmentations: [Augmentation] = [], seed: UInt64 = 1,
        grains: Range<Int>? = nil, steps: Range<Int> = 0..<12, depth: Int = 3, threads: Int = 0
    ) throws -> BatchLoader {
        let plan = BatchPlan(sampleCount: dataset.count, batchSize: batch, grainSize: grain, key: RandomKey(seed: seed))
        return try BatchLoader(
            try BatchSource(
                dataset: dataset, plan: plan,
                augmentations: augmentations.map { FieldAugmentation(field: "image", $0) }, key: RandomKey(seed: seed)),
            grains: grains ?? 0..<plan.grainsPerStep, steps: steps, depth: depth, threads: threads)
    }

    @Test("a batch holds the planned samples, their labels and numbers")
    func fills() throws {
        let dataset = ComputedDataset(count: 37)
        let plan = BatchPlan(sampleCount: 37, batchSize: 10, grainSize: 3, key: RandomKey(seed: 1))
        let loader = try loader(dataset)
        for step in 0..<12 {
            for grain in 0..<4 {
                try loader.withBatch(step: step, grain: grain) { batch in
                    let indices = plan.sampleIndices(step: step, grain: grain)
                    #expect(batch.step == step && batch.grain == grain && batch.count == indices.count)
                    #expect(batch.sampleIDs == indices)
                    let inputs = batch.fields.floats("image")
                    #expect(batch.fields.integers("label").shape == [indices.count])
                    #expect(batch.fields.integers("label").values == indices.map { Int32($0 % 7) })
                    #expect(inputs.shape == [indices.count, 4, 5, 3])
                    #expect(
                        inputs.values == indices.flatMap { index in (0..<60).map { dataset.value(index, $0) } })
                    #expect(Int(bitPattern: inputs.pointer) % 64 == 0)
                }
            }
        }
    }

    @Test(
        "what a sample looks like does not depend on threads, depth, grains or batch size",
        arguments: [
            (10, 3, 1, 0), (10, 3, 3, 1), (10, 3, 8, 2), (10, 5, 4, 1), (7, 2, 5, 2), (37, 37, 1, 1),
        ])
    func isPure(batch: Int, grain: Int, depth: Int, threads: Int) throws {
        let dataset = ComputedDataset(count: 37)
        func epochs(_ batch: Int, _ grain: Int, _ depth: Int, _ threads: Int) throws -> [[Int: [Float]]] {
            let plan = BatchPlan(sampleCount: 37, batchSize: batch, grainSize: grain, key: RandomKey(seed: 1))
            let loader = try loader(
                dataset, batch: batch, grain: grain, augmentations: augmentations, steps: 0..<(2 * plan.stepsPerEpoch),
                depth: depth,
                threads: threads)
            var result: [[Int: [Float]]] = [[:], [:]]
            for step in 0..<(2 * plan.stepsPerEpoch) {
                for grain in 0..<plan.grainsPerStep {
                    try loader.withBatch(step: step, grain: grain) { batch in
                        for (position, id) in batch.sampleIDs.enumerated() {
                            result[step / plan.stepsPerEpoch][id] = Array(
                                batch.fields.floats("image").values[(position * 60)..<((position + 1) * 60)])
                        }
                    }
                }
            }
            return result
        }
        let reference = try epochs(10, 3, 1, 0)
        #expect(try epochs(batch, grain, depth, threads) == reference)
        #expect(reference[0].count == 37 && reference[0] != reference[1])
    }

    @Test("several workers get their grains from a range of a rank, resumed in the middle", arguments: [0, 2])
    func servesWorkers(threads: Int) throws {
        let dataset = ComputedDataset(count: 100)
        let (workers, steps, grains) = (3, 5..<40, 1..<4)
        let all = try loader(dataset, grain: 2, augmentations: augmentations, steps: 0..<40)
        var expected: [Content] = []
        for step in 0..<40 {
            for grain in 0..<5 {
                let content = try all.withBatch(step: step, grain: grain) { Content($0) }
                if steps.contains(step) && grains.contains(grain) { expected.append(content) }
            }
        }
        let part = try loader(
            dataset, grain: 2, augmentations: augmentations, grains: grains, steps: steps, depth: 4, threads: threads)
        let requests = expected.count
        let found = Mutex([Content?](repeating: nil, count: requests))
        onThreads(workers) { worker in
            for request in stride(from: worker, to: requests, by: workers) {
                do {
                    let content = try part.withBatch(step: 5 + request / 3, grain: 1 + request % 3) { Content($0) }
                    found.withLock { $0[request] = content }
                } catch { Issue.record(error) }
            }
        }
        #expect(found.withLock { $0 } == expected)
    }

    @Test("prefetching runs ahead by the depth and no further")
    func isBounded() throws {
        let reads = Mutex(0)
        var dataset = ComputedDataset(count: 1000)
        dataset.onRead = { _ in reads.withLock { $0 += 1 } }
        let loader = try loader(dataset, batch: 4, grain: 1, steps: 0..<100, depth: 6, threads: 2)
        func settled() -> Int {
            for _ in 0..<200 where reads.withLock({ $0 }) < 6 { usleep(5000) }
            usleep(50_000)
            return reads.withLock { $0 }
        }
        #expect(settled() == 6)
        try loader.withBatch(step: 0, grain: 0) { _ in #expect(settled() == 6) }
        for _ in 0..<200 where reads.withLock({ $0 }) < 7 { usleep(5000) }
        #expect(settled() == 7)
    }

    @Test("batches are reused: the memory stays the same")
    func reuses() throws {
        let loader = try loader(ComputedDataset(count: 100), steps: 0..<30, depth: 2)
        var addresses = Set<UInt>()
        for step in 0..<30 {
            for grain in 0..<4 {
                try loader.withBatch(step: step, grain: grain) {
                    _ = addresses.insert(UInt(bitPattern: $0.fields.floats("image").pointer))
                }
            }
        }
        #expect(addresses.count == 2)
    }

    struct ReadFailure: Error, Equatable { let index: Int }

    @Test(
        "an error while reading reaches the worker that asks for that grain, again when it asks again",
        arguments: [0, 2])
    func reportsErrors(threads: Int) throws {
        var dataset = ComputedDataset(count: 40)
        let plan = BatchPlan(sampleCount: 40, batchSize: 10, grainSize: 3, key: RandomKey(seed: 1))
        let bad = plan.sampleIndices(step: 1, grain: 2)[1]
        dataset.onRead = { if $0 == bad { throw ReadFailure(index: bad) } }
        let loader = try loader(dataset, steps: 0..<3, depth: 4, threads: threads)
        for request in 0..<6 { try loader.withBatch(step: request / 4, grain: request % 4) { _ in } }
        for _ in 0..<2 {
            #expect(throws: ReadFailure(index: bad)) { try loader.withBatch(step: 1, grain: 2) { _ in } }
        }
    }

    @Test("stop ends the threads and is reported to those who ask later; it may be called twice")
    func stops() throws {
        let loader = try loader(ComputedDataset(count: 40), threads: 2)
        try loader.withBatch(step: 0, grain: 0) { _ in }
        loader.stop()
        loader.stop()
        #expect(throws: DataError.loaderStopped) { try loader.withBatch(step: 0, grain: 1) { _ in } }
    }

    @Test("a rank without grains starts and stops")
    func hasNoGrains() throws {
        try loader(ComputedDataset(count: 40), grains: 2..<2, threads: 1).stop()
    }

    /// Target value v of sample i is 10·i + v.
    struct Regression: Dataset {
        let name = "regression"
        let count = 9
        let fields = [
            FieldDescription(name: "x", elementType: .float32, shape: [2], meaning: .real(names: [])),
            FieldDescription(name: "y", elementType: .float32, shape: [3], meaning: .real(names: [])),
        ]
        let defaultInput = "x"
        let defaultTarget: String? = "y"
        let fingerprint: UInt64 = 0
        func read(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Float>) {
            for value in buffer.indices { buffer[value] = field == 0 ? Float(index) : Float(10 * index + value) }
        }
    }

    @Test("target vectors are delivered beside the inputs, each preprocessed by its own factors")
    func deliversTargets() throws {
        let source = try BatchSource(
            dataset: Regression(), plan: EvaluationPlan(sampleCount: 9, grainSize: 4),
            preprocessing: [FieldPreprocessing(field: "x", scale: [1, 2], shift: [0, 0])], key: RandomKey(seed: 1))
        let reader = BatchReader(source)
        let batch = try reader.read(step: 0, grain: 1).fields
        #expect(batch.floats("y").shape == [4, 3])
        #expect(batch.floats("y").values == (4..<8).flatMap { index in (0..<3).map { Float(10 * index + $0) } })
        #expect(batch.floats("x").values == [4, 8, 5, 10, 6, 12, 7, 14])
    }

    @Test("only the fields that were asked for are read")
    func readsWhatIsWanted() throws {
        var dataset = ComputedDataset(count: 10)
        dataset.onLabel = { throw ReadFailure(index: $0) }
        let plan = EvaluationPlan(sampleCount: 10, grainSize: 4)
        let images = try BatchSource(dataset: dataset, plan: plan, fields: ["image"], key: RandomKey(seed: 1))
        #expect(try everyBatch(images) { $0.fields.fields.map(\.name) } == [["image"], ["image"], ["image"]])
        let both = try BatchSource(dataset: dataset, plan: plan, key: RandomKey(seed: 1))
        #expect(throws: ReadFailure(index: 0)) { try everyBatch(both) { _ in } }
    }

    @Test("fields, augmentations and factors that do not fit the data set are refused")
    func refuses() throws {
        func source(
            _ fields: [String]? = nil, _ preprocessing: [FieldPreprocessing] = [],
            _ augmentations: [FieldAugmentation] = []
        ) throws(DataError) {
            _ = try BatchSource(
                dataset: ComputedDataset(count: 3), plan: EvaluationPlan(sampleCount: 3, grainSize: 3), fields: fields,
                preprocessing: preprocessing, augmentations: augmentations, key: RandomKey(seed: 1))
        }
        #expect(
            throws: DataError.unknownField(
                dataset: "computed", name: "imge", known: ["image", "label"], nearest: "image")
        ) { try source(["imge"]) }
        #expect(throws: DataError.preprocessingMismatch(field: "image", channels: 3, factors: 1)) {
            try source(nil, [FieldPreprocessing(field: "image", scale: [1], shift: [0])])
        }
        #expect(throws: DataError.notAnImage(field: "label", shape: [])) {
            try source(nil, [], [FieldAugmentation(field: "label", .flipHorizontal)])
        }
    }
}
