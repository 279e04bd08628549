import System

/// Writes sound as a WAV file of one channel in 16-bit PCM.
package enum WaveFile {
    /// The bytes of the file: a header of 44 bytes and a number for each sample, round(32768 · x), cut off at the
    /// largest and the smallest.
    ///
    /// - Precondition: every sample is finite.
    package static func bytes(_ samples: [Float], rate: Int) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(44 + 2 * samples.count)
        func put(_ number: Int, bytes: Int) {
            for byte in 0..<bytes { result.append(UInt8(truncatingIfNeeded: number >> (8 * byte))) }
        }
        let size = 2 * samples.count
        result += Array("RIFF".utf8)
        put(36 + size, bytes: 4)
        result += Array("WAVEfmt ".utf8)
        put(16, bytes: 4)
        put(1, bytes: 2)  // PCM
        put(1, bytes: 2)  // channels
        put(rate, bytes: 4)
        put(2 * rate, bytes: 4)
        put(2, bytes: 2)
        put(16, bytes: 2)
        result += Array("data".utf8)
        put(size, bytes: 4)
        for sample in samples { put(level(sample), bytes: 2) }
        return result
    }

    /// Writes the file, or leaves what was there before.
    ///
    /// - Throws: `SystemError.file`.
    package static func write(_ samples: [Float], rate: Int, to path: String) throws(SystemError) {
        try AtomicFile.write(bytes: bytes(samples, rate: rate), to: path, isDurable: false)
    }

    private static func level(_ sample: Float) -> Int {
        precondition(sample.isFinite, "WaveFile: the sample \(sample) is no finite number")
        return Int(min(max((sample * 32768).rounded(), -32768), 32767))
    }
}
