import DataPipeline
import Foundation
import Kernels
import TensorCore
import TestSupport
import Testing

/// Comparisons with what torchvision computes, of the cases that `Tests/scripts/torchvision-augmentations` has written.
struct TorchvisionTests {
    struct Case: Decodable, CustomStringConvertible {
        let operation: String
        let arguments: [Double]
        let shape: [Int]
        let picture: [Float]
        let result: [Double]
        var description: String { "\(operation) \(arguments) of \(shape)" }
    }

    struct Statistics: Decodable {
        let draws: Int
        let means: [Double]
        let deviations: [Double]
    }

    struct Content: Decodable {
        let cases: [Case]
        let statistics: [String: Statistics]
    }

    private let content: Content

    init() throws {
        let given = ProcessInfo.processInfo.environment["TRAINER_AUGMENTATIONS"]
        let path = given ?? Fixtures.path("augmentations.json")
        content = try JSONDecoder().decode(Content.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    }

    @Test func picturesBecomeWhatTheyDoInTorchvision() throws {
        #expect(Set(content.cases.map(\.operation)).count >= 8)
        for given in content.cases {
            let result = try changed(given)
            #expect(result.count == given.result.count)
            let difference = zip(result, given.result).map { abs(Double($0) - $1) }.max() ?? 0
            // Single precision of numbers to 255 through a few operations; a turn's weights have places of 1e-5 pixels.
            #expect(difference < (["rotate", "hue"].contains(given.operation) ? 0.01 : 0.001), "\(given)")
        }
    }

    /// What the trainer makes of a case's picture.
    private func changed(_ given: Case) throws -> [Float] {
        let shape = Shape(given.shape)
        let amount = given.arguments.first ?? 0
        let always = DrawnInterval(amount, amount)
        switch given.operation {
        case "brightness": return apply(ColourJitter(brightness: always), given.picture, shape)
        case "contrast": return apply(ColourJitter(contrast: always), given.picture, shape)
        case "saturation": return apply(ColourJitter(saturation: always), given.picture, shape)
        case "hue": return apply(ColourJitter(hue: always), given.picture, shape)
        case "greyscale": return apply(Greyscale(probability: 1), given.picture, shape)
        case "window":
            let numbers = given.arguments
            let window = PictureWindow(top: numbers[0], left: numbers[1], height: numbers[2], width: numbers[3])
            var result = given.picture
            result.withUnsafeMutableBufferPointer { target in
                if let base = target.baseAddress {
                    resampleWindow(window, of: given.picture, to: base, shape: shape, outside: 9)
                }
            }
            return result
        case "flip", "flipVertical", "rotate":
            var result = given.picture
            result.withUnsafeMutableBufferPointer { target in
                guard let base = target.baseAddress else { return }
                let (h, w, c) = (shape[0], shape[1], shape[2])
                switch given.operation {
                case "flip": mirrorImage(given.picture, to: base, h: h, w: w, c: c)
                case "flipVertical": invertImage(given.picture, to: base, h: h, w: w, c: c)
                default:
                    rotateImage(to: base, h: h, w: w, c: c, by: Direction(turns: amount / 360), outside: 0) {
                        given.picture[$0]
                    }
                }
            }
            return result
        default:
            Issue.record("no operation \(given.operation)")
            return []
        }
    }

    // MARK: - What is drawn

    private static let draws = 20_000

    /// Compares means and deviations of what `draw` gives with torchvision's.
    private func compare(_ name: String, _ draw: (RandomKey) -> [Double]) throws {
        let expected = try #require(content.statistics[name])
        let rows = (0..<TorchvisionTests.draws).map { draw(RandomKey(seed: 3).folding($0)) }
        let n = Double(rows.count)
        for column in expected.means.indices {
            let mean = rows.reduce(0) { $0 + $1[column] } / n
            let variance = rows.reduce(0) { $0 + ($1[column] - mean) * ($1[column] - mean) } / n
            let deviation = expected.deviations[column]
            // Both are samples.
            let error = (1 / n + 1 / Double(expected.draws)).squareRoot()
            #expect(abs(mean - expected.means[column]) < 5 * deviation * error, "\(name) \(column)")
            #expect(abs(variance.squareRoot() - deviation) < 5 * deviation * error, "\(name) \(column)")
        }
    }

    @Test func rectanglesAndSharesAreDrawnAsInTorchvision() throws {
        let erasing = RandomErasing(probability: 1)
        try compare("randomResizedCrop") { key in
            let window = RandomResizedCrop().window(height: 40, width: 60, key: key)
            return [window.top, window.left, window.height, window.width]
        }
        try compare("randomErasing") { key in
            guard let (rows, columns) = erasing.rectangle(height: 40, width: 60, key: key) else {
                return [0, 0, 40, 60]
            }
            return [rows.lowerBound, columns.lowerBound, rows.count, columns.count].map(Double.init)
        }
        try compare("cutmix") { key in
            guard case .paste(let rows, let columns) = Cutmix(alpha: 1).mixing(of: [40, 60, 3], key: key) else {
                return []
            }
            return [rows.lowerBound, columns.lowerBound, rows.count, columns.count].map(Double.init)
        }
        try compare("mixup") { key in
            guard case .blend(let share) = Mixup(alpha: 0.2).mixing(of: [4], key: key) else { return [] }
            return [Double(share)]
        }
    }
}

/// The image that a transform makes, or the image itself when it leaves it alone.
func apply(
    _ transform: any SampleTransform, _ image: [Float], _ shape: Shape, background: Float = 0,
    key: RandomKey = RandomKey(seed: 1)
) -> [Float] {
    var result = [Float](repeating: -1, count: image.count)
    let isChanged = image.withUnsafeBufferPointer { source in
        result.withUnsafeMutableBufferPointer {
            transform.apply(source, to: $0, shape: shape, background: background, key: key)
        }
    }
    return isChanged ? result : image
}
