import DataPipeline
import Foundation
import Kernels
import TensorCore
import Testing

struct SoundAugmentationTests {
    private let samples: [Float] = (1...50).map { Float($0) }

    private func changed(_ transform: any SoundTransform, _ seed: Int, _ samples: [Float]? = nil) -> [Float] {
        var copy = samples ?? self.samples
        copy.withUnsafeMutableBufferPointer { transform.apply($0, rate: 10, key: RandomKey(seed: UInt64(seed))) }
        return copy
    }

    @Test("a time shift reaches every distance, silence moving in", arguments: [0.3, 1, 7])
    func shifts(seconds: Double) {
        let largest = min(Int(seconds * 10), 50)
        let possible = Set(
            (-largest...largest).map { shift in
                (0..<50).map { (0..<50).contains($0 - shift) ? samples[$0 - shift] : 0 }
            })
        let seen = Set((0..<40 * (2 * largest + 1)).map { changed(TimeShift(seconds: seconds), $0) })
        let isComplete = seen == possible
        #expect(isComplete, "\(seen.count) results of \(possible.count)")
    }

    @Test("a gain is one factor, evenly spread in decibels")
    func gains() {
        let decibels = (0..<400).map { seed -> Double in
            let result = changed(Gain(decibels: 6), seed)
            let factor = result[0] / samples[0]
            #expect(zip(result, samples).allSatisfy { abs($0 - factor * $1) <= 1e-5 * abs($0) })
            return 20 * log10(Double(factor))
        }
        #expect(
            decibels.allSatisfy { abs($0) <= 6.0001 } && decibels.contains { $0 > 5 } && decibels.contains { $0 < -5 })
        #expect(abs(decibels.reduce(0, +) / 400) < 0.7)
        #expect(changed(Gain(decibels: 0), 1) == samples)
    }

    @Test("noise is as much weaker than the recording as it says, and different at every sample")
    func noise() {
        let loud = (0..<4000).map { Float(sin(Double($0))) }
        let ratios = (0..<60).map { seed -> Double in
            let noise = zip(changed(Noise(decibels: 10), seed, loud), loud).map { Double($0 - $1) }
            let power = noise.reduce(0) { $0 + $1 * $1 } / 4000
            #expect(abs(noise.reduce(0, +) / 4000) < 5 * (power / 4000).squareRoot())
            // Neighbours have nothing to do with each other.
            let product = zip(noise, noise.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 } / 3999
            #expect(abs(product) < 5 * power / 4000.0.squareRoot())
            return 10 * log10(0.5 / power)
        }
        #expect(ratios.allSatisfy { $0 > 9.7 && $0 < 40.3 } && (ratios.max() ?? 0) > 34 && (ratios.min() ?? 99) < 16)
        #expect(changed(Noise(decibels: 10), 1, [0, 0, 0]) == [0, 0, 0])
    }

    private func masked(_ transform: any SampleTransform, _ seed: UInt64, steps: Int, channels: Int) -> [Float] {
        let source = (0..<steps * channels).map { Float($0 * $0 + 1) }
        var result = [Float](repeating: -1, count: source.count)
        _ = source.withUnsafeBufferPointer { source in
            result.withUnsafeMutableBufferPointer {
                transform.apply(source, to: $0, shape: [steps, channels], background: 0, key: RandomKey(seed: seed))
            }
        }
        return result
    }

    @Test("masks hide runs of steps or of channels with the mean, at most half of the steps, and nothing else")
    func masks() {
        let (steps, channels) = (9, 5)
        let source = (0..<45).map { Float($0 * $0 + 1) }
        let mean = source.reduce(0, +) / 45
        var (runs, bands): (Set<[Int]>, Set<[Int]>) = ([], [])
        for seed in 0..<UInt64(2000) {
            let time = masked(TimeMask(steps: 8), seed, steps: steps, channels: channels)
            let hiddenSteps = (0..<steps).filter { abs(time[$0 * channels] - mean) < 0.01 }
            let band = masked(FrequencyMask(channels: 2), seed, steps: steps, channels: channels)
            let hiddenChannels = (0..<channels).filter { abs(band[$0] - mean) < 0.01 }
            for index in 0..<45 {
                let (step, channel) = index.quotientAndRemainder(dividingBy: channels)
                #expect(hiddenSteps.contains(step) ? abs(time[index] - mean) < 0.01 : time[index] == source[index])
                #expect(
                    hiddenChannels.contains(channel) ? abs(band[index] - mean) < 0.01 : band[index] == source[index])
            }
            runs.insert(hiddenSteps)
            bands.insert(hiddenChannels)
        }
        func all(_ extent: Int, _ longest: Int) -> Set<[Int]> {
            Set((0...longest).flatMap { length in (0...extent - length).map { Array($0..<$0 + length) } })
        }
        let isComplete = runs == all(9, 4) && bands == all(5, 2)
        #expect(isComplete, "\(runs.count) runs of \(all(9, 4).count), \(bands.count) bands of \(all(5, 2).count)")
        #expect(masked(TimeMask(steps: 3, count: 2), 1, steps: 1, channels: 2) == [1, 2])
    }

    @Test(
        "recordings are changed before their features are computed, by sample and epoch alone"
    )
    func batches() throws {
        let folder = try TemporaryFolder()
        for number in 0..<6 {
            try folder.write(
                "\(number % 2)_\(number).wav",
                WaveFile.bytes((0..<700 + 90 * number).map { Float(sin(Double($0 * (number + 1)))) / 2 }, rate: 8000))
        }
        let sound = Sound(
            view: .logMel(MelSettings(mels: 10)), names: RecordingNames(pattern: try NamePattern("{digit}_{index}")),
            longest: 0.2, test: 0.2)
        let dataset = try sound.open(.train, path: folder.path, imports: [:])
        let all: [Augmentation] = [
            .init(TimeShift(seconds: 0.02)), .init(Gain(decibels: 6)), .init(Noise(decibels: 20)),
            .init(TimeMask(steps: 2)), .init(FrequencyMask(channels: 2)),
        ]
        func epoch(_ augmentations: [Augmentation], _ steps: Range<Int>, grain: Int, threads: Int) throws -> [Int:
            [Float]]
        {
            let plan = BatchPlan(
                sampleCount: dataset.count, batchSize: dataset.count, grainSize: grain, key: RandomKey(seed: 3))
            let source = try BatchSource(
                dataset: dataset, plan: plan, fields: ["sound"],
                augmentations: augmentations.map { FieldAugmentation(field: "sound", $0) }, key: RandomKey(seed: 5))
            let rows = try everyBatch(source, steps: steps, threads: threads) { batch -> [(Int, [Float])] in
                let tensor = batch.fields.floats("sound")
                let lengths = batch.fields.integers("sound.length").values
                return batch.sampleIDs.enumerated().map { row, id in
                    (
                        id,
                        Array(
                            tensor.values[row * tensor.shape[1] * 10..<(row * tensor.shape[1] + Int(lengths[row])) * 10]
                        )
                    )
                }
            }
            return Dictionary(uniqueKeysWithValues: rows.flatMap { $0 })
        }
        let first = try epoch(all, 0..<1, grain: 1, threads: 0)
        #expect(
            try epoch(all, 0..<1, grain: 5, threads: 2) == first && epoch(all, 1..<2, grain: 2, threads: 0) != first)
        // A gain alone moves every log energy far above the floor by the same number.
        let plain = try epoch([], 0..<1, grain: 2, threads: 0)
        for (id, values) in try epoch([.init(Gain(decibels: 20))], 0..<1, grain: 2, threads: 0) {
            let differences = zip(values, plain[id] ?? []).filter { $1 > -6 && $0 > -6 }.map { $0 - $1 }
            #expect(differences.count > 3 && differences.allSatisfy { abs($0 - differences[0]) < 0.01 })
        }
    }

    @Test("sound can't be changed where there is none, nor masks be laid on images")
    func refused() throws {
        let images = ComputedDataset(count: 4)
        func problem(_ augmentation: Augmentation) -> DataError? {
            do {
                _ = try BatchSource(
                    dataset: images, plan: EvaluationPlan(sampleCount: 4, grainSize: 2),
                    augmentations: [FieldAugmentation(field: "image", augmentation)], key: RandomKey(seed: 1))
                return nil
            } catch { return error }
        }
        #expect(problem(.init(Noise(decibels: 10))) == .notSound(field: "image"))
        #expect(problem(.init(TimeMask(steps: 1))) == .notFeatures(field: "image", shape: [4, 5, 3]))
        #expect(problem(.flipHorizontal) == nil)
    }
}
