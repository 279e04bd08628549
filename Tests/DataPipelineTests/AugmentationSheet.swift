import DataPipeline
import Foundation
import Kernels
import TensorCore
import Testing

/// What `Tests/scripts/augmentation-pictures` has drawn: pictures, and what augmentations make of them.
struct AugmentationSheet {
    private static let environment = ProcessInfo.processInfo.environment

    /// A row for each: its name, and what is done.
    private static func rows(_ colours: ColourCovariance) -> [(String, [any RandomTransform])] {
        let factors = DrawnInterval(0.5, 1.5)
        return [
            ("", []),
            ("flip, flipVertical", [FlipHorizontal(), FlipVertical()]),
            ("translate", [Translate(pixels: 8)]),
            ("rotate", [Rotate(degrees: 45)]),
            ("scale", [Zoom(factor: .init(0.6, 1.6))]),
            ("randomResizedCrop", [RandomResizedCrop(scale: .init(0.2, 1))]),
            (
                "colourJitter",
                [ColourJitter(brightness: factors, contrast: factors, saturation: factors, hue: .init(-0.2, 0.2))]
            ),
            ("colourPCA", [PrincipalColours(deviation: 1).taking(colours)]),
            ("greyscale", [Greyscale(probability: 0.5)]),
            ("gaussianNoise", [GaussianNoise(deviation: 0.15)]),
            ("masking", [Masking(probability: 0.2)]),
            ("saltAndPepper", [SaltAndPepper(probability: 0.1)]),
            ("randomErasing", [RandomErasing(probability: 1, fill: .random)]),
            ("mixup", [Mixup(alpha: 1)]),
            ("cutmix", [Cutmix(alpha: 1)]),
        ]
    }

    /// The given pictures, raw bytes [count, side, side, 3].
    private struct Given: Dataset {
        let name = "given", defaultInput = "image", fingerprint: UInt64 = 1
        let bytes: [UInt8]
        let side: Int
        var count: Int { bytes.count / (side * side * 3) }
        var fields: [FieldDescription] {
            [
                FieldDescription(
                    name: "image", elementType: .float32, shape: [side, side, 3],
                    meaning: .pixels(scale: 255, background: 0))
            ]
        }
        func read(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Float>) throws {
            for place in buffer.indices { buffer[place] = Float(bytes[index * buffer.count + place]) }
        }
    }

    @Test(.enabled(if: environment["TRAINER_AUGMENTATION_SHEET"] != nil))
    func isDrawn() throws {
        let side = Int(Self.environment["TRAINER_PICTURE_SIDE"] ?? "") ?? 28
        let dataset: any Dataset =
            if let path = Self.environment["TRAINER_PICTURES"] {
                Given(bytes: [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))), side: side)
            } else {
                DrawnShapes(split: .train, count: 6, height: side, width: side, classes: 100)
            }
        let colours = ColourCovariance(try ColourSums(scanning: dataset, field: 0, indices: 0..<dataset.count))
        var sheet: [UInt8] = []
        for (name, transforms) in Self.rows(colours) {
            let pictures = try row(dataset, transforms)
            for y in 0..<side {
                for picture in pictures {
                    sheet += picture[y * side * 3..<(y + 1) * side * 3].map { UInt8(min(max($0, 0), 255)) }
                }
            }
            if !name.isEmpty { print("row: \(name)") }
        }
        let path = try #require(Self.environment["TRAINER_AUGMENTATION_SHEET"])
        let header = "P6 \(dataset.count * side) \(sheet.count / (dataset.count * side * 3)) 255\n"
        try Data(Array(header.utf8) + sheet).write(to: URL(fileURLWithPath: path))
    }

    /// Every picture of the data set, augmented.
    private func row(_ dataset: any Dataset, _ transforms: [any RandomTransform]) throws -> [[Float]] {
        let plan = BatchPlan(
            sampleCount: dataset.count, batchSize: dataset.count, grainSize: dataset.count, key: RandomKey(seed: 1))
        let source = try BatchSource(
            dataset: dataset, plan: plan, fields: ["image"],
            augmentations: transforms.map { FieldAugmentation(field: "image", Augmentation($0)) },
            key: RandomKey(seed: 4))
        let batch = try BatchReader(source).read(step: 0, grain: 0)
        let values = batch.fields.floats("image").values
        let size = values.count / dataset.count
        let pictures = batch.sampleIDs.indices.map { Array(values[$0 * size..<($0 + 1) * size]) }
        return zip(batch.sampleIDs, pictures).sorted { $0.0 < $1.0 }.map(\.1)
    }
}
