import Kernels
import TensorCore

/// The embedded data set: handwritten-looking digits drawn by the program, 28×28×1, deterministic in (seed, split,
/// index).
///
/// A sample is drawn when it is first read and then kept as bytes. Labels are balanced: sample i shows digit i mod 10.
package struct DrawnDigits: Dataset {
    package let name: String
    package let count: Int
    /// [28, 28, 1]
    package let sampleShape: Shape = [28, 28, 1]
    package let target = TargetDescription.classes(DatasetLibrary.digitNames)
    private let key: RandomKey
    private let cache: SampleCache

    /// The usual number of samples.
    package static func defaultCount(of split: DatasetSplit) -> Int { split == .train ? 20_000 : 4_000 }

    /// - Parameters:
    ///   - count: 20,000 for training and 4,000 for testing when nil.
    ///   - seed: of the drawings; runs of different seeds usually share one.
    package init(split: DatasetSplit, count: Int? = nil, seed: UInt64 = 0) {
        name = "digits/\(split.rawValue)"
        self.count = count ?? DrawnDigits.defaultCount(of: split)
        key = RandomKey(seed: seed).folding(.drawing).folding(split == .train ? 0 : 1)
        cache = SampleCache(sampleCount: self.count, sampleBytes: sampleShape.count)
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

    package func read(_ index: Int, into buffer: UnsafeMutableBufferPointer<Float>) {
        precondition(
            buffer.count == sampleShape.count,
            "\(name): a sample is \(sampleShape), the buffer holds \(buffer.count) floats")
        withPixels(index) { pixels in
            if let source = pixels.baseAddress, let destination = buffer.baseAddress {
                convertBytes(source, to: destination, count: pixels.count)
            }
        }
    }

    package func label(of index: Int) -> Int32 {
        precondition(index >= 0 && index < count, "\(name): no sample \(index) of \(count)")
        return Int32(index % 10)
    }

    private func withPixels(_ index: Int, _ body: (UnsafeRawBufferPointer) -> Void) {
        let digit = Int(label(of: index))
        cache.withSample(index, body) { DigitDrawing.draw(digit, key: key.folding(index), into: $0) }
    }
}
