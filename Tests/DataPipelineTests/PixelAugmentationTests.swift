import DataPipeline
import Foundation
import Kernels
import TensorCore
import Testing

struct PixelAugmentationTests {
    private let shape: Shape = [9, 8, 3]
    private let image = (0..<216).map { Float(($0 * 37 + 11) % 256) }

    private func seeds(_ count: Int) -> [RandomKey] { (0..<count).map { RandomKey(seed: UInt64($0)) } }

    @Test func theFourOrdersOfColourChangesAreAllDrawnEqually() {
        var seen: [SIMD4<UInt8>: Int] = [:]
        for key in seeds(4800) { seen[ColourJitter.order(key), default: 0] += 1 }
        #expect(seen.count == 24)
        // 200 each; six deviations.
        #expect(seen.values.allSatisfy { abs($0 - 200) < 85 })
        #expect(seen.keys.allSatisfy { order in Set((0..<4).map { order[$0] }) == [0, 1, 2, 3] })
    }

    @Test func jitterAppliesItsFourPartsInTheOrderDrawn() {
        let (half, more, turn) = (DrawnInterval(0.5, 0.5), DrawnInterval(1.8, 1.8), DrawnInterval(0.1, 0.1))
        let all = ColourJitter(brightness: half, contrast: more, saturation: more, hue: turn)
        let parts = [
            ColourJitter(brightness: half), ColourJitter(contrast: more), ColourJitter(saturation: more),
            ColourJitter(hue: turn),
        ]
        var results: Set<[Float]> = []
        for key in seeds(60) {
            let order = ColourJitter.order(key)
            let expected = (0..<4).reduce(image) { apply(parts[Int(order[$1])], $0, shape, key: key) }
            #expect(apply(all, image, shape, key: key) == expected)
            results.insert(expected)
        }
        #expect(results.count > 10)
    }

    @Test func brightnessIsDrawnEvenlyBetweenItsEnds() {
        let jitter = ColourJitter(brightness: .init(0.6, 1.4))
        let dark = image.map { $0 / 2 }
        let factors = seeds(400).map { key -> Double in
            let result = apply(jitter, dark, shape, key: key)
            let factor = Double(result[5] / dark[5])
            for (value, before) in zip(result, dark) { #expect(abs(Double(value) - factor * Double(before)) < 1e-3) }
            return factor
        }
        let mean = factors.reduce(0, +) / 400
        #expect(abs(mean - 1) < 0.0577)
        #expect((factors.min() ?? 1) < 0.62 && (factors.max() ?? 1) > 1.38)
        #expect(factors.allSatisfy { $0 > 0.5999 && $0 < 1.4001 })
        #expect(apply(ColourJitter(brightness: .init(2, 2)), image, shape).max() == 255)
    }

    @Test func greyPicturesHaveContrastToo() {
        let grey = (0..<70).map { Float($0 * 3) }
        let mean = grey.reduce(0, +) / 70
        let result = apply(ColourJitter(contrast: .init(0.5, 0.5)), grey, [7, 10, 1])
        for (value, before) in zip(result, grey) {
            let expected = mean + (before - mean) / 2
            #expect(abs(value - expected) < 1e-3)
        }
    }

    @Test func picturesMoveAlongThePrincipalColoursAsMuchAsTheirVariances() throws {
        let dataset = ComputedDataset(count: 50, imageShape: [7, 11, 3])
        let sums = try ColourSums(scanning: dataset, field: 0, indices: 0..<50)
        // Parts in any order add up to the whole.
        let parts = try [30..<50, 0..<13, 13..<30].map { try ColourSums(scanning: dataset, field: 0, indices: $0) }
        for place in 0..<10 { #expect(sums.values[place] == parts.reduce(0) { $0 + $1.values[place] }) }
        let covariance = try covariance(of: dataset)
        let found = ColourCovariance(sums)
        for (value, expected) in zip(found.values, covariance) { #expect(abs(value - expected) < 1e-12) }

        // Shifts Σ aᵢ λᵢ pᵢ have the covariance σ² Σ λᵢ² pᵢ pᵢᵀ, which is that matrix squared, times σ².
        var square = [Double](repeating: 0, count: 9)
        for i in 0..<3 {
            for j in 0..<3 {
                for k in 0..<3 { square[3 * i + j] += 0.01 * covariance[3 * i + k] * covariance[3 * k + j] }
            }
        }
        let transform = PrincipalColours(deviation: 0.1).taking(found)
        var products = [Double](repeating: 0, count: 9)
        for key in seeds(4000) {
            let result = apply(transform, image, shape, key: key)
            let shift = (0..<3).map { Double(result[$0] - image[$0]) / 255 }
            for index in result.indices {
                let distance = Double(result[index] - image[index]) / 255 - shift[index % 3]
                #expect(abs(distance) < 1e-6)
            }
            for place in 0..<9 { products[place] += shift[place / 3] * shift[place % 3] / 4000 }
        }
        for place in 0..<9 {
            let variances = square[place / 3 * 4] * square[place % 3 * 4]
            let deviation = (variances + square[place] * square[place]).squareRoot()
            #expect(abs(products[place] - square[place]) < 5 * deviation / 4000.0.squareRoot(), "\(place)")
        }
    }

    /// That of the channels of all pixels, in two passes.
    private func covariance(of dataset: ComputedDataset) throws -> [Double] {
        var pixels: [[Double]] = []
        for index in 0..<dataset.count {
            let values = try dataset.values(index)
            for first in stride(from: 0, to: values.count, by: 3) {
                pixels.append(values[first..<first + 3].map { Double($0) / 255 })
            }
        }
        let n = Double(pixels.count)
        var means = [0.0, 0, 0]
        for pixel in pixels { for channel in 0..<3 { means[channel] += pixel[channel] / n } }
        var result = [Double](repeating: 0, count: 9)
        for pixel in pixels {
            for place in 0..<9 {
                let (i, j) = (place / 3, place % 3)
                result[place] += (pixel[i] - means[i]) * (pixel[j] - means[j]) / n
            }
        }
        return result
    }

    @Test func aRectangleIsHiddenAndTheRestStays() {
        for fill in [RandomErasing.Fill.mean, .random, .level(0.5)] {
            let erasing = RandomErasing(probability: 0.5, fill: fill)
            var hidden = 0
            for key in seeds(400) {
                let result = apply(erasing, image, shape, key: key)
                guard let (rows, columns) = erasing.rectangle(height: 9, width: 8, key: key) else {
                    #expect(result == image)
                    continue
                }
                hidden += 1
                for index in image.indices {
                    let (y, x, c) = (index / 24, index / 3 % 8, index % 3)
                    guard rows.contains(y), columns.contains(x) else {
                        #expect(result[index] == image[index])
                        continue
                    }
                    switch fill {
                    case .level: #expect(result[index] == 127.5)
                    case .random: #expect(result[index] >= 0 && result[index] < 255)
                    case .mean:
                        let own = stride(from: c, to: 216, by: 3).map { Double(image[$0]) }
                        let distance = Double(result[index]) - own.reduce(0, +) / 72
                        #expect(abs(distance) < 1e-3)
                    }
                }
            }
            #expect(abs(hidden - 200) < 60)
        }
    }

    @Test func noiseOfPicturesIsKeyedAndInTheirUnits() {
        let key = RandomKey(seed: 9)
        let middle = [Float](repeating: 128, count: 3000)
        let noisy = apply(GaussianNoise(deviation: 0.1), middle, [20, 50, 3], key: key)
        let squares = noisy.map { Double($0 - 128) * Double($0 - 128) }
        let variance = squares.reduce(0, +) / 3000
        #expect(abs(variance.squareRoot() / 25.5 - 1) < 5 / 6000.0.squareRoot())
        #expect(apply(GaussianNoise(deviation: 1), middle, [20, 50, 3], key: key).allSatisfy { $0 >= 0 && $0 <= 255 })
        #expect(apply(GaussianNoise(deviation: 1, clips: false), middle, [20, 50, 3], key: key).contains { $0 < 0 })
        let masked = apply(Masking(probability: 0.3), middle, [20, 50, 3], background: 9, key: key)
        #expect(Set(masked) == [9, 128])
        #expect(abs(masked.count { $0 == 9 } - 900) < 126)
        let salted = apply(SaltAndPepper(probability: 0.3), middle, [20, 50, 3], key: key)
        #expect(Set(salted) == [0, 255, 128])
        #expect(abs(salted.count { $0 == 0 } - 450) < 98)
        #expect(abs(salted.count { $0 == 255 } - 450) < 98)
    }

    @Test func someKeysLeaveAPictureAsItIs() {
        let upsideDown = (0..<9).flatMap { row in image[(8 - row) * 24..<(9 - row) * 24] }
        let flipped = seeds(400).map { apply(FlipVertical(), image, shape, key: $0) }
        #expect(flipped.allSatisfy { $0 == image || $0 == upsideDown })
        #expect(abs(flipped.count { $0 == image } - 200) < 60)
        let greys = seeds(400).count { apply(Greyscale(probability: 0.1), image, shape, key: $0) != image }
        #expect(abs(greys - 40) < 30)
    }

    @Test func aZoomIsAboutTheMiddleAndBackgroundMovesIn() {
        let side = 20
        // A square of eight pixels in the middle.
        let square = (0..<side * side).map { place -> Float in
            (6..<14).contains(place / side) && (6..<14).contains(place % side) ? 100 : 0
        }
        for (factor, low, high) in [(2.0, 2, 18), (0.5, 8, 12)] {
            let zoom = Zoom(factor: .init(factor, factor))
            let result = apply(zoom, square, [side, side, 1], background: 50)
            for place in 0..<side * side {
                let (y, x) = (place / side, place % side)
                let distance = max(abs(2 * y + 1 - side), abs(2 * x + 1 - side))
                if distance < high - low - 2 { #expect(abs(result[place] - 100) < 1e-3) }
                if factor == 2, distance > high - low + 2 { #expect(result[place] == 0) }
                if factor == 0.5, distance > 10 { #expect(result[place] == 50) }
            }
        }
        #expect(apply(Zoom(factor: .init(1, 1)), image, shape) == image)
        let factors = seeds(2000).map { 20 / Zoom(factor: .init(0.5, 2)).window(height: 20, width: 30, key: $0).height }
        let mean = factors.reduce(0, +) / 2000
        #expect(abs(mean - 1.25) < 0.05)
        #expect(factors.allSatisfy { $0 > 0.4999 && $0 < 2.0001 })
    }

    @Test func aCropOfTheWholeLeavesItAndOneThatFitsNowhereIsTheLargestInTheMiddle() {
        let all = RandomResizedCrop(scale: .init(1, 1), ratio: .init(8.0 / 9, 8.0 / 9))
        #expect(apply(all, image, shape) == image)
        let wide = RandomResizedCrop(scale: .init(1, 1), ratio: .init(2, 2))
        let window = wide.window(height: 40, width: 40, key: RandomKey(seed: 1))
        #expect(window == PictureWindow(top: 10, left: 0, height: 20, width: 40))
        let results = Set(seeds(50).map { apply(RandomResizedCrop(), image, shape, key: $0) })
        #expect(results.count > 35)
        #expect(results.joined().allSatisfy { $0 >= 0 && $0 <= 255.001 })
    }

    @Test func theSameKeyGivesTheSame() {
        let transforms: [any SampleTransform] = [
            ColourJitter(brightness: .init(0.5, 1.5), hue: .init(-0.2, 0.2)), Greyscale(probability: 0.5),
            GaussianNoise(deviation: 0.2), Masking(probability: 0.2), SaltAndPepper(probability: 0.2),
            RandomErasing(fill: .random), FlipVertical(), Zoom(factor: .init(0.5, 2)), RandomResizedCrop(),
        ]
        for transform in transforms {
            let results = seeds(20).map { apply(transform, image, shape, key: $0) }
            #expect(results == seeds(20).map { apply(transform, image, shape, key: $0) })
            #expect(Set(results).count > 1)
        }
    }

    @Test func fullBrightnessIsThatOfTheField() throws {
        struct Shares: Dataset {
            let name = "shares", count = 4, defaultInput = "image", fingerprint: UInt64 = 1
            var meaning = FieldMeaning.pixels(scale: 1, background: 0)
            var channels = 3
            var fields: [FieldDescription] {
                [FieldDescription(name: "image", elementType: .float32, shape: [4, 4, channels], meaning: meaning)]
            }
            func read(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Float>) throws {
                buffer.update(repeating: 0.5)
            }
        }
        func source(_ dataset: Shares, _ transform: any RandomTransform) throws -> BatchSource {
            try BatchSource(
                dataset: dataset,
                plan: BatchPlan(sampleCount: 4, batchSize: 4, grainSize: 4, key: RandomKey(seed: 1)),
                augmentations: [FieldAugmentation(field: "image", Augmentation(transform))], key: RandomKey(seed: 1))
        }
        let batches = try everyBatch(source(Shares(), SaltAndPepper(probability: 1))) {
            $0.fields.floats("image").values
        }
        #expect(Set(batches.joined()) == [0, 1])
        func problem(_ dataset: Shares, _ transform: any RandomTransform) -> String {
            do {
                _ = try source(dataset, transform)
                return ""
            } catch {
                return "\(error)"
            }
        }
        let grey = Shares(channels: 1)
        #expect(problem(grey, ColourJitter(hue: .init(-0.1, 0.1))).contains("no saturation or hue"))
        #expect(problem(grey, ColourJitter(contrast: .init(0.5, 1))) == "")
        #expect(problem(grey, Greyscale(probability: 1)).contains("one channel") == false)
        #expect(problem(grey, Greyscale(probability: 1)).contains("colours have three"))
        #expect(problem(Shares(), PrincipalColours(deviation: 1)).contains("no bytes"))
        #expect(problem(Shares(meaning: .real(names: [])), GaussianNoise(deviation: 1)).contains("no pixels"))
        #expect(problem(Shares(meaning: .real(names: [])), FlipVertical()) == "")
    }
}
