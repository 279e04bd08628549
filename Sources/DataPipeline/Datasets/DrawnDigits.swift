import Kernels
import TensorCore

/// The embedded data set: handwritten-looking digits drawn by the program, 28×28×1, deterministic in (seed, split,
/// index).
///
/// A sample is drawn when it is first read and then kept as bytes. Labels are balanced: sample i shows digit i mod 10.
/// Beside the image and its label a sample has two real numbers that the drawing knows, for regression: `slant`, see
/// `DigitDrawing.Traits.slant`, and `strokeWidth`, see `DigitDrawing.Traits.strokeWidth`.
package struct DrawnDigits: Dataset {
    package let name: String
    package let count: Int
    /// `image` [28, 28, 1], `label`, `slant` [1] and `strokeWidth` [1].
    package let fields = DrawnDigits.declaredFields
    package let defaultInput = "image"
    package let defaultTarget: String? = "label"
    private let key: RandomKey
    private let cache: SampleCache

    static let declaredFields: [FieldDescription] =
        .labelledImages([28, 28, 1], classNames: digitNames)
        + ["slant", "strokeWidth"].map { name in
            FieldDescription(name: name, elementType: .float32, shape: [1], meaning: .real(names: [name]))
        }
    private static let pixelCount = StrokeCanvas.side * StrokeCanvas.side

    /// The usual number of samples.
    package static func defaultCount(of split: DatasetSplit) -> Int { split == .train ? 20_000 : 4_000 }

    /// - Parameters:
    ///   - count: 20,000 for training and 4,000 for testing when nil.
    ///   - seed: of the drawings; runs of different seeds usually share one.
    package init(split: DatasetSplit, count: Int? = nil, seed: UInt64 = 0) {
        name = "digits/\(split.rawValue)"
        self.count = count ?? DrawnDigits.defaultCount(of: split)
        key = RandomKey(seed: seed).folding(.drawing).folding(split == .train ? 0 : 1)
        cache = SampleCache(sampleCount: self.count, sampleBytes: DrawnDigits.pixelCount)
    }

    package var fingerprint: UInt64 {
        var hash = Fingerprint()
        hash.feed(name)
        hash.feed(count)
        hash.feed(Int(bitPattern: UInt(key.bits)))
        // The drawings follow from the key; a few of them tell another version of the program.
        for index in 0..<min(count, 20) { withPixels(index) { hash.feed($0) } }
        return hash.value
    }

    package func read(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Float>) {
        switch field {
        case 0:
            precondition(
                buffer.count == DrawnDigits.pixelCount,
                "\(name): an image is [28, 28, 1], the buffer holds \(buffer.count) floats")
            withPixels(index) { pixels in
                if let source = pixels.baseAddress, let destination = buffer.baseAddress {
                    convertBytes(source, to: destination, count: pixels.count)
                }
            }
        case 2: buffer[0] = traits(index).slant
        case 3: buffer[0] = traits(index).strokeWidth
        default: preconditionFailure("\(name): field \(field) holds no floats")
        }
    }

    package func readIntegers(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Int32>) {
        precondition(field == 1, "\(name): field \(field) is not the label")
        buffer[0] = Int32(digit(index))
    }

    private func digit(_ index: Int) -> Int {
        precondition(index >= 0 && index < count, "\(name): no sample \(index) of \(count)")
        return index % 10
    }

    private func traits(_ index: Int) -> DigitDrawing.Traits {
        precondition(index >= 0 && index < count, "\(name): no sample \(index) of \(count)")
        return DigitDrawing.traits(key: key.folding(index))
    }

    private func withPixels(_ index: Int, _ body: (UnsafeRawBufferPointer) -> Void) {
        let digit = digit(index)
        cache.withSample(index, body) { DigitDrawing.draw(digit, key: key.folding(index), into: $0) }
    }
}
