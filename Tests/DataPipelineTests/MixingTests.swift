import DataPipeline
import Kernels
import TensorCore
import Testing

struct MixingTests {
    private let dataset = ComputedDataset(count: 37)

    private struct Content: Equatable, Sendable {
        let images: [[Float]]
        let labels: [Int32]
        let ids: [Int]
        let mixture: SampleMixture?

        init(_ batch: Batch) {
            let values = batch.fields.floats("image").values
            images = (0..<batch.count).map { Array(values[60 * $0..<60 * ($0 + 1)]) }
            labels = batch.fields.integers("label").values
            ids = batch.sampleIDs
            mixture = batch.fields.mixture
        }
    }

    private func source(
        _ transforms: [any RandomTransform], batch: Int = 10, grain: Int = 5, seed: UInt64 = 1,
        _ dataset: (any Dataset)? = nil, fields: [String]? = nil
    ) throws -> BatchSource {
        let dataset = dataset ?? self.dataset
        return try BatchSource(
            dataset: dataset,
            plan: BatchPlan(
                sampleCount: dataset.count, batchSize: batch, grainSize: grain, key: RandomKey(seed: seed)),
            fields: fields,
            augmentations: transforms.map { FieldAugmentation(field: "image", Augmentation($0)) },
            key: RandomKey(seed: seed))
    }

    @Test func mixupBlendsEachSampleWithAnotherOfItsGrainByOneShare() throws {
        let contents = try everyBatch(source([Mixup(alpha: 1)]), steps: 0..<20) { Content($0) }
        var distances: Set<Int> = []
        for content in contents where content.ids.count > 1 {
            let mixture = try #require(content.mixture)
            #expect(mixture.count == content.ids.count)
            distances.insert(mixture.distance)
            for (position, id) in content.ids.enumerated() {
                let other = content.ids[(position + mixture.distance) % mixture.count]
                #expect(content.labels[position] == Int32(id % 7), "a field of classes holds each sample's own")
                for place in 0..<60 {
                    let (own, its) = (Double(dataset.value(id, place)), Double(dataset.value(other, place)))
                    let expected = its + Double(mixture.share) * (own - its)
                    #expect(abs(Double(content.images[position][place]) - expected) < 1e-3)
                }
            }
        }
        #expect(distances == [1, 2, 3, 4])
        let shares = Set(contents.compactMap { $0.mixture?.share })
        #expect(shares.count == contents.count { $0.mixture != nil })
    }

    @Test func cutmixPastesARectangleAndCountsItsArea() throws {
        let contents = try everyBatch(source([Cutmix(alpha: 1)]), steps: 0..<20) { Content($0) }
        var shares: Set<Float> = []
        for content in contents where content.ids.count > 1 {
            let mixture = try #require(content.mixture)
            shares.insert(mixture.share)
            for (position, id) in content.ids.enumerated() {
                let other = content.ids[mixture.partner(of: position)]
                var foreign: Set<Int> = []
                for place in 0..<60 {
                    let value = content.images[position][place]
                    if value != dataset.value(id, place) {
                        #expect(value == dataset.value(other, place))
                        foreign.insert(place / 3)
                    }
                }
                // Values of two samples are never equal here, unless their numbers differ by a multiple of 256 / 7.
                #expect(abs(Float(foreign.count) - (1 - mixture.share) * 20) < 1e-4)
                let (rows, columns) = (Set(foreign.map { $0 / 5 }), Set(foreign.map { $0 % 5 }))
                #expect(foreign.count == rows.count * columns.count)
                #expect(rows.isEmpty || (rows.max() ?? 0) - (rows.min() ?? 0) + 1 == rows.count)
                #expect(columns.isEmpty || (columns.max() ?? 0) - (columns.min() ?? 0) + 1 == columns.count)
            }
        }
        #expect(shares.count > 4)
    }

    @Test func ofBothOneIsDrawnForEachGrain() throws {
        let both: [any RandomTransform] = [Mixup(alpha: 1), Cutmix(alpha: 1), FlipVertical()]
        let contents = try everyBatch(source(both, batch: 36, grain: 6), steps: 0..<60) { Content($0) }
        let full = contents.filter { $0.ids.count == 6 }
        // A pasted image holds whole numbers alone.
        let pasted = full.count { $0.images.joined().allSatisfy { $0 == $0.rounded() } }
        #expect(full.count == 180 && abs(pasted - 90) < 40)
        // The last batch of 37 in 36s has a grain of one, and empty ones.
        #expect(contents.allSatisfy { ($0.mixture == nil) == ($0.ids.count < 2) })
        #expect(contents.contains { $0.ids.count == 1 } && contents.contains { $0.ids.isEmpty })
    }

    @Test(arguments: [(1, 0), (3, 1), (8, 2)])
    func whatAGrainBecomesDependsOnItsStepAndNumberAlone(depth: Int, threads: Int) throws {
        let source = try source([FlipVertical(), Mixup(alpha: 0.3), Cutmix(alpha: 1)])
        let expected = try everyBatch(source, steps: 0..<8) { Content($0) }
        // The second grain of each step by itself, as a rank has it.
        let loader = try BatchLoader(source, grains: 1..<2, steps: 0..<8, depth: depth, threads: threads)
        defer { loader.stop() }
        for step in 0..<8 {
            let content = try loader.withBatch(step: step, grain: 1) { Content($0) }
            #expect(content == expected[2 * step + 1])
        }
        let other = try everyBatch(self.source([FlipVertical(), Mixup(alpha: 0.3), Cutmix(alpha: 1)], seed: 2)) {
            Content($0)
        }
        #expect(other != Array(expected[..<2]))
    }

    /// A data set of images, a number each and a sequence each.
    private struct Mixed: Dataset {
        let name = "mixed", count = 12, defaultInput = "image", fingerprint: UInt64 = 1
        let defaultTarget: String? = "slant"
        var isSequence = false
        var fields: [FieldDescription] {
            [
                FieldDescription(
                    name: "image", elementType: .float32, shape: [4, 5, 3],
                    meaning: .pixels(scale: 255, background: 0)),
                FieldDescription(name: "slant", elementType: .float32, shape: [1], meaning: .real(names: [])),
                FieldDescription(
                    name: "words", elementType: .int32, shape: [6], meaning: .tokens(vocabulary: ["a", "b"])),
                FieldDescription(
                    name: "steps", elementType: .float32, shape: [6, 2], variableAxis: 0, meaning: .real(names: [])),
            ]
        }
        func read(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Float>) throws {
            buffer.update(repeating: Float(index * index))
        }
        func readIntegers(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Int32>) throws {
            buffer.update(repeating: 1)
        }
    }

    @Test func realTargetsAreBlendedLikeTheirSamples() throws {
        let source = try source([Mixup(alpha: 1)], batch: 4, grain: 4, Mixed())
        let batches = try everyBatch(source, steps: 0..<9) { batch in
            ["image", "slant"].map { batch.fields.floats($0).values }
        }
        for batch in batches {
            let (images, slants) = (batch[0], batch[1])
            for position in 0..<4 { #expect(images[60 * position] == slants[position]) }
            #expect(slants.contains { $0 != $0.rounded() })
        }
    }

    @Test func whatCannotBeMixedIsRefused() {
        func problem(
            _ transform: any RandomTransform, _ dataset: any Dataset, fields: [String]? = nil, grain: Int = 4
        ) -> String {
            do {
                _ = try source([transform], batch: 4, grain: grain, dataset, fields: fields)
                return ""
            } catch {
                return "\(error)"
            }
        }
        #expect(problem(Cutmix(alpha: 1), Mixed()).contains("'slant'") == true)
        #expect(problem(Cutmix(alpha: 1), Mixed()).contains("cutmix is for classes; use mixup"))
        #expect(problem(Mixup(alpha: 1), Mixed(), fields: ["image", "words"]).contains("'words': only numbers"))
        #expect(problem(Mixup(alpha: 1), Mixed(), fields: ["image", "steps"]).contains("several lengths"))
        #expect(problem(Mixup(alpha: 1), Mixed(isSequence: true)).contains("continue or know each other"))
        #expect(problem(Mixup(alpha: 1), dataset, grain: 1).contains("a grain has one sample"))
        #expect(problem(Cutmix(alpha: 1), Mixed(), fields: ["image"]) == "", "an autoencoder's target is the image")
    }
}
