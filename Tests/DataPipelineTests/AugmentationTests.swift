import DataPipeline
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

    @Test("a random crop pads with the background")
    func crops() {
        let possible = Set((-2...2).flatMap { down in (-2...2).map { moved(down, $0, fill: 9) } })
        let results = Set((0..<600).map { apply(.randomCrop(padding: 2), RandomKey(seed: $0), background: 9) })
        let isComplete = results == possible
        #expect(isComplete, "\(results.count) results of \(possible.count)")
    }

    @Test("the same key gives the same result and the source stays as it is")
    func isDeterministic() {
        for augmentation in [Augmentation.flipHorizontal, .randomCrop(padding: 3), .translate(pixels: 3)] {
            #expect(apply(augmentation, RandomKey(seed: 4)) == apply(augmentation, RandomKey(seed: 4)))
        }
    }
}
