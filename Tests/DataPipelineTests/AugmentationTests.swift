import DataPipeline
import Foundation
import Kernels
import TensorCore
import Testing

struct AugmentationTests {
    let shape: Shape = [5, 6, 3]
    let image: [Float] = (1...90).map(Float.init)

    /// The image that `augmentation` makes, or the image itself when it leaves it alone.
    func apply(
        _ augmentation: Augmentation, _ key: RandomKey, background: Float = 0, image: [Float]? = nil,
        shape: Shape? = nil
    ) -> [Float] {
        let (image, shape) = (image ?? self.image, shape ?? self.shape)
        guard let transform = augmentation.transform as? any SampleTransform else { return [] }
        var result = [Float](repeating: -1, count: image.count)
        let isChanged = image.withUnsafeBufferPointer { source in
            result.withUnsafeMutableBufferPointer {
                transform.apply(source, to: $0, shape: shape, background: background, key: key)
            }
        }
        return isChanged ? result : image
    }

    /// `image` moved by (down, right), written plainly.
    func moved(_ down: Int, _ right: Int, fill: Float) -> [Float] {
        var result: [Float] = []
        for y in 0..<5 {
            for x in 0..<6 {
                let isInside = (0..<5).contains(y - down) && (0..<6).contains(x - right)
                for c in 0..<3 { result.append(isInside ? image[((y - down) * 6 + x - right) * 3 + c] : fill) }
            }
        }
        return result
    }

    @Test("a flip mirrors rows, about every other time", arguments: [1, 2, 3])
    func flips(channels: Int) {
        let shape: Shape = [4, 5, channels]
        let image = (0..<shape.count).map(Float.init)
        var mirrored: [Float] = []
        for y in 0..<4 {
            for x in 0..<5 { for c in 0..<channels { mirrored.append(image[(y * 5 + 4 - x) * channels + c]) } }
        }
        let results = (0..<400).map { apply(.flipHorizontal, RandomKey(seed: $0), image: image, shape: shape) }
        let flipped = results.filter { $0 == mirrored }.count
        #expect((150...250).contains(flipped))
        #expect(flipped + results.filter { $0 == image }.count == 400)
    }

    @Test("a translation reaches every distance equally and fills with the background", arguments: [0, 1, 2, 7])
    func translates(pixels: Int) {
        let side = 2 * pixels + 1
        let draws = 40 * side * side
        var possible: [[Float]: Int] = [:]
        for down in -pixels...pixels {
            for right in -pixels...pixels { possible[moved(down, right, fill: 9), default: 0] += 1 }
        }
        var seen: [[Float]: Int] = [:]
        for seed in 0..<draws {
            seen[apply(.translate(pixels: pixels), RandomKey(seed: UInt64(seed)), background: 9), default: 0] += 1
        }
        let isComplete = Set(seen.keys) == Set(possible.keys)
        #expect(isComplete, "\(seen.count) results of \(possible.count)")
        // Forty expected a distance; six deviations of a Poisson number.
        for (result, count) in seen {
            let perDistance = Double(count) / Double(possible[result] ?? 1)
            #expect(abs(perDistance - 40) < 38)
        }
    }

    /// What the formula of bilinear interpolation makes of `image`, turned counter-clockwise, in double precision.
    func turned(_ image: [Float], _ shape: Shape, radians: Double, fill: Double) -> [Double] {
        func pixel(_ y: Int, _ x: Int, _ c: Int) -> Double {
            guard (0..<shape[0]).contains(y), (0..<shape[1]).contains(x) else { return fill }
            return Double(image[(y * shape[1] + x) * shape[2] + c])
        }
        return (0..<shape.count).map { place in
            let (y, x, c) = (place / shape[2] / shape[1], place / shape[2] % shape[1], place % shape[2])
            // In coordinates that go up and to the right, the place before the turn is the place turned back.
            let (up, right) = (Double(shape[0] - 1) / 2 - Double(y), Double(x) - Double(shape[1] - 1) / 2)
            let column = right * cos(radians) + up * sin(radians) + Double(shape[1] - 1) / 2
            let row = Double(shape[0] - 1) / 2 - (up * cos(radians) - right * sin(radians))
            var sum = 0.0
            for i in Int(floor(row))...Int(floor(row)) + 1 {
                for j in Int(floor(column))...Int(floor(column)) + 1 {
                    sum += (1 - abs(row - Double(i))) * (1 - abs(column - Double(j))) * pixel(i, j, c)
                }
            }
            return sum
        }
    }

    @Test("a turned image is the bilinear one, and quarters of a turn move pixels", arguments: [1, 3])
    func rotates(channels: Int) {
        for shape in [Shape([5, 6, channels]), [7, 7, channels], [1, 4, channels]] {
            let image = (0..<shape.count).map { Float(($0 * 37 + 11) % 101) }
            for (turns, radians) in [(0.1, 0.2 * Double.pi), (0.77, 1.54 * .pi), (-0.3, -0.6 * .pi), (0, 0)] {
                var result = [Float](repeating: -1, count: shape.count)
                result.withUnsafeMutableBufferPointer { target in
                    guard let base = target.baseAddress else { return }
                    rotateImage(
                        to: base, h: shape[0], w: shape[1], c: shape[2], by: Direction(turns: turns), outside: 9
                    ) { image[$0] }
                }
                let expected = turned(image, shape, radians: radians, fill: 9)
                #expect(zip(result, expected).allSatisfy { abs(Double($0) - $1) < 2e-3 })
            }
        }
        let (shape, side): (Shape, Int) = ([6, 6, channels], 6)
        let image = (0..<shape.count).map(Float.init)
        var quarter = [Float](repeating: -1, count: shape.count)
        quarter.withUnsafeMutableBufferPointer { target in
            guard let base = target.baseAddress else { return }
            rotateImage(to: base, h: 6, w: 6, c: channels, by: Direction(cosine: 0, sine: 1), outside: 9) { image[$0] }
        }
        // Counter-clockwise: the right border becomes the top one.
        let expected = (0..<shape.count).map { place -> Float in
            let (y, x, c) = (place / channels / side, place / channels % side, place % channels)
            return image[(x * side + side - 1 - y) * channels + c]
        }
        #expect(quarter == expected)
    }

    @Test("angles reach from one end to the other equally, and background moves in")
    func rotationAngles() {
        // Of a thin line from the middle to the right the turn shows as the row of its end.
        let shape: Shape = [41, 41, 1]
        var line = [Float](repeating: 0, count: shape.count)
        for x in 20..<41 { line[20 * 41 + x] = 1 }
        var (up, down, farthest) = (0, 0, 0.0)
        for seed in 0..<400 {
            let result = apply(
                .rotate(degrees: 30), RandomKey(seed: UInt64(seed)), background: 0, image: line, shape: shape)
            let weight = (0..<41).map { result[$0 * 41 + 36] }
            let total = weight.reduce(0, +)
            let row = zip(weight, 0..<41).reduce(0) { $0 + $1.0 * Float($1.1) } / total
            let degrees = atan2(Double(20 - row), 16) * 180 / .pi
            if degrees > 10 { up += 1 }
            if degrees < -10 { down += 1 }
            farthest = max(farthest, abs(degrees))
        }
        // A third of them each: 133, six deviations are 57.
        #expect(abs(up - 133) < 57 && abs(down - 133) < 57 && farthest > 28 && farthest < 31)
        #expect(apply(.rotate(degrees: 0), RandomKey(seed: 1)) == image)
        let corner = apply(
            .rotate(degrees: 180), RandomKey(seed: 4), background: 9, image: self.image, shape: self.shape)
        #expect(corner != self.image && corner.contains(9))
    }

    @Test("a random crop pads with the background")
    func crops() {
        let possible = Set((-2...2).flatMap { down in (-2...2).map { moved(down, $0, fill: 9) } })
        let results = Set((0..<600).map { apply(.randomCrop(padding: 2), RandomKey(seed: $0), background: 9) })
        let isComplete = results == possible
        #expect(isComplete, "\(results.count) results of \(possible.count)")
    }

    @Test("a mirrored border comes in as torchvision's reflect has it")
    func reflects() {
        func place(_ x: Int, _ extent: Int) -> Int {
            var x = x
            while !(0..<extent).contains(x) { x = x < 0 ? -x : 2 * (extent - 1) - x }
            return x
        }
        let possible = Set(
            (-7...7).flatMap { down in
                (-7...7).map { right in
                    (0..<90).map {
                        image[(place($0 / 18 - down, 5) * 6 + place($0 / 3 % 6 - right, 6)) * 3 + $0 % 3]
                    }
                }
            })
        for augmentation in [
            Augmentation(RandomCrop(padding: 7, border: .reflect)), .init(Translate(pixels: 7, border: .reflect)),
        ] {
            let results = Set((0..<3000).map { apply(augmentation, RandomKey(seed: $0), background: 9) })
            let isComplete = results == possible
            #expect(isComplete, "\(results.count) results of \(possible.count)")
        }
    }

    @Test("an alternating flip shows every sample both ways in two epochs, and starts each by chance")
    func alternates() throws {
        let dataset = ComputedDataset(count: 200)
        let source = try BatchSource(
            dataset: dataset,
            plan: BatchPlan(sampleCount: 200, batchSize: 200, grainSize: 200, key: RandomKey(seed: 2)),
            augmentations: [FieldAugmentation(field: "image", Augmentation(AlternatingFlip()))], key: RandomKey(seed: 2)
        )
        let reader = BatchReader(source)
        let isFlipped = try (0..<4).map { epoch in
            let batch = try reader.read(step: epoch, grain: 0).fields
            let images = batch.floats("image").pointer
            let flips = batch.sampleIDs.enumerated().map { place, id in
                (id, images[place * 60] != dataset.value(id, 0))
            }
            return Dictionary(uniqueKeysWithValues: flips)
        }
        for id in 0..<200 {
            #expect(isFlipped[1][id] != isFlipped[0][id] && isFlipped[2][id] == isFlipped[0][id])
            #expect(isFlipped[3][id] == isFlipped[1][id])
        }
        #expect((70...130).contains(isFlipped[0].values.count { $0 }))
    }

    @Test("the same key gives the same result and the source stays as it is")
    func isDeterministic() {
        for augmentation in [
            Augmentation.flipHorizontal, .randomCrop(padding: 3), .translate(pixels: 3), .rotate(degrees: 40),
        ] {
            #expect(apply(augmentation, RandomKey(seed: 4)) == apply(augmentation, RandomKey(seed: 4)))
        }
    }
}
