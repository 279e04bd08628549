import Kernels
import TensorCore

/// Labelled images, each turned about its middle by an angle of its own, in disjoint parts for training and for the
/// test. Larochelle, Erhan, Courville, Bergstra and Bengio 2007, section 4.1.
///
/// Which images belong to a part, and the angle of each, uniform in the whole circle, follow from the seed alone.
/// Pixels are interpolated and rounded to whole levels. An image is turned when it is read.
package struct RotatedImages: Dataset {
    package let name: String
    package let count: Int
    package let fields: [FieldDescription]
    package let defaultInput = "image"
    package let defaultTarget: String? = "label"
    private let parts: [IDXDataset]
    /// All images of the parts, one part behind the other.
    private let order: EpochOrder
    /// Where this part begins in that order.
    private let first: Int
    private let angles: RandomKey

    /// - Parameters:
    ///   - parts: what all images are taken from.
    ///   - folder: for errors.
    /// - Throws: `DataError.imageSize` where parts have images of different sizes, `tooFewSamples` where they are not
    ///   enough.
    package init(
        _ parts: [IDXDataset], folder: String, split: DatasetSplit, _ samples: DrawnSamples
    ) throws(DataError) {
        precondition(!parts.isEmpty, "RotatedImages: no images")
        for part in parts where part.fields != parts[0].fields {
            throw .imageSize(
                path: folder, expected: parts[0].fields[0].shape.dimensions, actual: part.fields[0].shape.dimensions)
        }
        let total = parts.reduce(0) { $0 + $1.count }
        guard samples.training <= total - samples.test else {
            throw .tooFewSamples(path: folder, training: samples.training, test: samples.test, available: total)
        }
        name = "rotated-\(parts[0].name.prefix { $0 != "/" })/\(split.rawValue)"
        count = samples.count(of: split)
        fields = parts[0].fields
        self.parts = parts
        let key = RandomKey(drawing: "rotated", seed: UInt64(samples.seed))
        order = EpochOrder(count: total, key: key.folding(name: "parts"))
        first = split == .train ? 0 : samples.training
        angles = key.folding(name: "angles")
    }

    package var exports: [String: SharedBytes.Export] {
        parts.reduce(into: [:]) { $0.merge($1.exports) { first, _ in first } }
    }

    package var fingerprint: UInt64 {
        var hash = Fingerprint()
        for part in parts { hash.feed(Int(bitPattern: UInt(part.fingerprint))) }
        hash.feed("\(name) \(first)", count: count, key: angles, samples: 20) { index in
            var pixels = [Float](repeating: 0, count: fields[0].shape.count)
            pixels.withUnsafeMutableBufferPointer { read(index, field: 0, into: $0) }
            return pixels
        }
        return hash.value
    }

    package func read(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Float>) {
        let shape = fields[0].shape
        guard field == 0, buffer.count == shape.count, let target = buffer.baseAddress else {
            preconditionFailure("\(name): field \(field) is not \(buffer.count) floats of an image \(shape)")
        }
        let image = image(index)
        parts[image.part].withPixels(image.place) { pixels in
            rotateImage(
                to: target, h: shape[0], w: shape[1], c: shape[2], by: angle(of: image.number), outside: 0
            ) { Float(pixels[$0]) }
        }
        for i in 0..<shape.count { target[i] = target[i].rounded() }
    }

    package func readIntegers(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Int32>) {
        let image = image(index)
        parts[image.part].readIntegers(image.place, field: field, into: buffer)
    }

    package func prefetch(_ index: Int) {
        let image = image(index)
        parts[image.part].prefetch(image.place)
    }

    /// The image behind a sample: its number among all, the part that holds it, and its place there.
    package func image(_ index: Int) -> (number: Int, part: Int, place: Int) {
        precondition(index >= 0 && index < count, "\(name): no sample \(index) of \(count)")
        let number = order[first + index]
        var (part, place) = (0, number)
        while place >= parts[part].count {
            place -= parts[part].count
            part += 1
        }
        return (number, part, place)
    }

    /// The angle of an image by its number among all.
    package func angle(of number: Int) -> Direction {
        Direction(turns: Double(angles.folding(number).uniform(at: 0)))
    }
}
