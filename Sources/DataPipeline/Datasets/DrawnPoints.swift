import Kernels
import TensorCore

/// Points of the plane in two classes, drawn by the program: sample i of (shape, split, noise, seed) is always the
/// same.
///
/// Labels are balanced: sample i is of class i mod 2. A point is drawn when it is read.
package struct DrawnPoints: Dataset {
    package let name: String
    package let count: Int
    /// `point` [2], x and y, and `label`.
    package let fields = DrawnPoints.declaredFields
    package let defaultInput = "point"
    package let defaultTarget: String? = "label"
    private let shape: PointShape
    private let noise: Float
    private let key: RandomKey

    static let declaredFields = [
        FieldDescription(name: "point", elementType: .float32, shape: [2], meaning: .real(names: ["x", "y"])),
        FieldDescription(name: "label", elementType: .int32, shape: [], meaning: .classes(names: ["0", "1"])),
    ]

    /// - Parameter noise: the standard deviation of what is added to each coordinate; no more than 3.5 times that is.
    package init(_ shape: PointShape, split: DatasetSplit, count: Int, noise: Float, seed: UInt64 = 0) {
        name = "points/\(split.rawValue)"
        self.count = count
        self.shape = shape
        self.noise = noise
        key = RandomKey(drawing: name, seed: seed)
    }

    package var fingerprint: UInt64 {
        var hash = Fingerprint()
        hash.feed("\(name) \(shape) \(noise)", count: count, key: key, samples: 20) { index in
            let point = point(index)
            return [point.x, point.y]
        }
        return hash.value
    }

    package func read(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Float>) {
        precondition(field == 0 && buffer.count == 2, "\(name): field \(field) is not \(buffer.count) floats")
        let point = point(index)
        (buffer[0], buffer[1]) = (point.x, point.y)
    }

    package func readIntegers(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Int32>) {
        precondition(field == 1, "\(name): field \(field) is not the label")
        buffer[0] = Int32(label(index))
    }

    private func label(_ index: Int) -> Int {
        precondition(index >= 0 && index < count, "\(name): no sample \(index) of \(count)")
        return index % 2
    }

    private func point(_ index: Int) -> SIMD2<Float> {
        let label = label(index)
        var numbers = NumberStream(key: key.folding(index))
        return shape.point(of: label, &numbers) + noise * numbers.normalPair()
    }
}
