import DataPipeline
import Kernels
import TensorCore

/// A data set computed from the index: value (7·index + 3·position) mod 256, label index mod `classes`.
struct ComputedDataset: Dataset {
    var name = "computed"
    var count: Int
    var sampleShape: Shape = [4, 5, 3]
    var classes = 7
    var fingerprint: UInt64 { UInt64(count) }
    var target: TargetDescription { .classes((0..<classes).map(String.init)) }
    /// Called with each index that is read.
    var onRead: @Sendable (Int) throws -> Void = { _ in }

    func value(_ index: Int, _ position: Int) -> Float { Float((7 * index + 3 * position) % 256) }
    func read(_ index: Int, into buffer: UnsafeMutableBufferPointer<Float>) throws {
        try onRead(index)
        for position in buffer.indices { buffer[position] = value(index, position) }
    }
    func label(of index: Int) -> Int32 { Int32(index % classes) }
}

extension Dataset {
    /// The raw values of sample `index`.
    func values(_ index: Int) throws -> [Float] {
        var result = [Float](repeating: -1, count: sampleShape.count)
        try result.withUnsafeMutableBufferPointer { try read(index, into: $0) }
        return result
    }
}
