import CZlib
import Foundation

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

/// The bytes of numbers in IDX headers.
func bigEndian(_ values: UInt32...) -> [UInt8] {
    values.flatMap { value in (0..<4).map { UInt8(value >> (24 - 8 * $0) & 255) } }
}

/// `bytes` as one gzip member.
func gzip(_ bytes: [UInt8]) -> [UInt8] {
    var stream = z_stream()
    deflateInit2_(
        &stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
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
