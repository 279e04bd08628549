import CZlib
import Glibc

/// Unpacks the gzip file at `path` into `descriptor` and returns the number of bytes written.
///
/// Reads RFC 1952 members one after the other, each with its checksum verified by zlib. Throws `corruptGzip` with the
/// offset in the packed file for a wrong header, damaged data, a wrong checksum, a cut file or bytes after the end, and
/// for more than `limit` bytes: a thousand times as many as the file has can be in it.
func unpackGzip(_ path: String, into descriptor: Int32, atMost limit: Int) throws(DataError) -> Int {
    let packed = try SharedBytes(mapping: path)
    guard packed.count > 0 else { throw .corruptGzip(path: path, offset: 0, reason: "the file is empty") }
    var inflater = try GzipInflater(packed)
    defer { inflater.end() }
    let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer { chunk.deallocate() }
    var length = 0
    while true {
        let produced = try inflater.next(into: chunk)
        if produced == 0 { return length }
        if length + produced > limit {
            throw .corruptGzip(path: path, offset: inflater.offset, reason: "it holds more than \(limit) bytes")
        }
        try MemoryObject.write(UnsafeRawBufferPointer(rebasing: chunk[0..<produced]), to: descriptor, path: path)
        length += produced
    }
}

/// zlib's inflate over mapped bytes.
private struct GzipInflater {
    private let packed: SharedBytes
    // On the heap, because zlib's state points back to it.
    private let stream: UnsafeMutablePointer<z_stream>
    private(set) var offset = 0
    private var isInsideMember = true

    init(_ packed: SharedBytes) throws(DataError) {
        self.packed = packed
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let status = inflateInit2_(stream, 16 + MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else {
            stream.deallocate()
            throw .unreadable(path: packed.path, operation: "inflateInit2", reason: "zlib status \(status)")
        }
    }

    func end() {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// Fills `chunk` from its start and returns the number of bytes, 0 at the end of the last member.
    mutating func next(into chunk: UnsafeMutableRawBufferPointer) throws(DataError) -> Int {
        stream.pointee.next_out = chunk.baseAddress?.assumingMemoryBound(to: Bytef.self)
        stream.pointee.avail_out = UInt32(chunk.count)
        while stream.pointee.avail_out > 0 {
            if offset == packed.count {
                if isInsideMember { throw damage("the file is cut short") }
                break
            }
            if !isInsideMember {
                guard inflateReset(stream) == Z_OK else { throw damage("zlib cannot restart") }
                isInsideMember = true
            }
            let status = inflateStep()
            switch status {
            case Z_STREAM_END: isInsideMember = false
            case Z_OK, Z_BUF_ERROR: break
            default: throw damage(stream.pointee.msg.map { String(cString: $0) } ?? "zlib status \(status)")
            }
        }
        return chunk.count - Int(stream.pointee.avail_out)
    }

    private mutating func inflateStep() -> Int32 {
        let piece = min(packed.count - offset, 1 << 30)
        return packed.withUnsafeBytes { bytes in
            let source = bytes.bindMemory(to: Bytef.self).baseAddress.map { $0 + offset }
            stream.pointee.next_in = UnsafeMutablePointer(mutating: source)
            stream.pointee.avail_in = UInt32(piece)
            let status = inflate(stream, Z_NO_FLUSH)
            offset += piece - Int(stream.pointee.avail_in)
            return status
        }
    }

    private func damage(_ reason: String) -> DataError {
        .corruptGzip(path: packed.path, offset: offset, reason: reason)
    }
}
