import CZlib
import DataPipeline
import Foundation
import Kernels
import TensorCore

/// A folder that is removed with the value.
final class TemporaryFolder {
    let path = NSTemporaryDirectory() + "trainer-data-" + UUID().uuidString

    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    deinit {
        do { try FileManager.default.removeItem(atPath: path) } catch { print("\(path): \(error)") }
    }

    /// Writes `bytes` as `name` and returns the path.
    @discardableResult
    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
        return "\(path)/\(name)"
    }
}

func bigEndian(_ values: UInt32...) -> [UInt8] { values.flatMap { value in (0..<4).map { UInt8(value >> (24 - 8 * $0) & 255) } } }

/// `bytes` as one gzip member.
func gzip(_ bytes: [UInt8]) -> [UInt8] {
    var stream = z_stream()
    deflateInit2_(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    var source = bytes
    var result = [UInt8](repeating: 0, count: bytes.count + bytes.count / 100 + 1000)
    let length = source.withUnsafeMutableBufferPointer { from in
        result.withUnsafeMutableBufferPointer { to in
            (stream.next_in, stream.avail_in) = (from.baseAddress, UInt32(from.count))
            (stream.next_out, stream.avail_out) = (to.baseAddress, UInt32(to.count))
            precondition(deflate(&stream, Z_FINISH) == Z_STREAM_END)
            return to.count - Int(stream.avail_out)
        }
    }
    deflateEnd(&stream)
    return Array(result[..<length])
}

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

/// Runs `body` on `count` threads at the same time, even on one core, and waits for all.
func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    let group = DispatchGroup()
    for worker in 0..<count {
        group.enter()
        Thread.detachNewThread {
            body(worker)
            group.leave()
        }
    }
    group.wait()
}
