/// Makes sure that the header of a RIFF WAVE file is true: decoders read what they find, whatever a header claims.
///
/// Layout: Microsoft and IBM, "Multimedia Programming Interface and Data Specifications 1.0", 1991, chapter 3. Files of
/// other kinds pass.
enum WaveHeader {
    /// - Throws: `SoundProblem`.
    static func check(_ bytes: UnsafeRawBufferPointer) throws(SoundProblem) {
        guard bytes.count >= 12, tag(bytes, 0) == "RIFF", tag(bytes, 8) == "WAVE" else { return }
        var (offset, frameBytes) = (12, 1)
        while offset + 8 <= bytes.count {
            let (name, size, body) = (tag(bytes, offset), number(bytes, offset + 4, bytes: 4), offset + 8)
            if name == "fmt " { frameBytes = try checkFormat(bytes, body, size) }
            if name == "data" {
                if size == 0 { throw .empty }
                guard body + size <= bytes.count else { throw .cutShort(expected: body + size, actual: bytes.count) }
                guard size % frameBytes == 0 else {
                    throw .contradictoryHeader("\(size) bytes of samples, of which \(frameBytes) belong together")
                }
                return
            }
            offset = body + size + size % 2  // Chunks begin at even places.
        }
        throw .empty
    }

    /// The bytes of one sample of all channels.
    private static func checkFormat(
        _ bytes: UnsafeRawBufferPointer, _ body: Int, _ size: Int
    ) throws(SoundProblem) -> Int {
        guard size >= 16, body + 16 <= bytes.count else {
            throw .cutShort(expected: body + max(size, 16), actual: bytes.count)
        }
        let (kind, channels) = (number(bytes, body, bytes: 2), number(bytes, body + 2, bytes: 2))
        let (rate, bytesPerSecond) = (number(bytes, body + 4, bytes: 4), number(bytes, body + 8, bytes: 4))
        let (frame, bits) = (number(bytes, body + 12, bytes: 2), number(bytes, body + 14, bytes: 2))
        // Numbers of one size: PCM, floats, and either with an extended header.
        guard [1, 3, 0xFFFE].contains(kind) else { return 1 }
        if channels == 0 || rate == 0 || bits == 0 {
            throw .contradictoryHeader("\(channels) channels, \(rate) samples a second, \(bits) bits a sample")
        }
        if frame != channels * ((bits + 7) / 8) {
            throw .contradictoryHeader("\(channels) channels of \(bits) bits in \(frame) bytes")
        }
        if bytesPerSecond != rate * frame {
            throw .contradictoryHeader("\(rate) times \(frame) bytes a second, and \(bytesPerSecond) bytes a second")
        }
        return frame
    }

    private static func tag(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> String {
        String(decoding: bytes[offset..<offset + 4], as: UTF8.self)
    }

    /// Little-endian.
    private static func number(_ bytes: UnsafeRawBufferPointer, _ offset: Int, bytes count: Int) -> Int {
        (0..<count).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
    }
}
