import CSndfile

/// A recording, decoded: one channel, the mean of those that the file has.
///
/// libsndfile decodes WAV, FLAC, AIFF, AU, Ogg, MP3 and others. Whole numbers of b bits become x / 2ᵇ⁻¹, in −1…1;
/// floats stay as they are.
package struct SoundFile: Sendable, Equatable {
    /// At least one, all finite.
    package let samples: [Float]
    /// Samples a second.
    package let rate: Int

    /// What files of recordings end in, in lower case.
    package static let extensions = [
        "wav", "flac", "aif", "aiff", "au", "snd", "caf", "w64", "ogg", "oga", "opus", "mp3",
    ]

    package init(samples: [Float], rate: Int) {
        self.samples = samples
        self.rate = rate
    }

    /// Reads the file at `path`.
    package init(_ path: String) throws(DataError) {
        let file = try SharedBytes.open(path, expected: [path])
        try self.init(decoding: file, path: path)
    }

    init(decoding file: SharedBytes, path: String) throws(DataError) {
        self = try file.withUnsafeBytes { bytes in
            Result { () throws(DataError) in try SoundFile(decoding: bytes, path: path) }
        }.get()
    }

    /// Decodes the bytes of a file.
    ///
    /// - Parameter path: for messages.
    /// - Throws: `DataError.sound`.
    package init(decoding bytes: UnsafeRawBufferPointer, path: String) throws(DataError) {
        do throws(SoundProblem) {
            try self.init(samplesOf: bytes)
        } catch {
            throw .sound(path: path, problem: error)
        }
    }

    init(samplesOf bytes: UnsafeRawBufferPointer) throws(SoundProblem) {
        if bytes.isEmpty { throw .empty }
        try WaveHeader.check(bytes)
        self = try SoundDecoder.decode(bytes)
    }
}

/// libsndfile over bytes in memory.
private final class SoundDecoder {
    private let bytes: UnsafeRawBufferPointer
    private var offset = 0
    /// Samples of all channels that are read at once.
    private static let piece = 1 << 16

    private init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    static func decode(_ bytes: UnsafeRawBufferPointer) throws(SoundProblem) -> SoundFile {
        let decoder = SoundDecoder(bytes)
        var calls = SF_VIRTUAL_IO(
            get_filelen: { sf_count_t(SoundDecoder.at($0).bytes.count) },
            seek: { SoundDecoder.at($2).seek(Int($0), $1) },
            read: { SoundDecoder.at($2).read($0, Int($1)) },
            write: { _, _, _ in 0 },
            tell: { sf_count_t(SoundDecoder.at($0).offset) })
        var info = SF_INFO()
        let user = Unmanaged.passRetained(decoder)
        defer { user.release() }
        guard let file = sf_open_virtual(&calls, Int32(SFM_READ), &info, user.toOpaque()) else {
            throw .undecodable(reason: SoundDecoder.reason(nil))
        }
        defer { sf_close(file) }
        return try decoder.readAll(file, info)
    }

    private func readAll(_ file: OpaquePointer, _ info: SF_INFO) throws(SoundProblem) -> SoundFile {
        let (channels, rate) = (Int(info.channels), Int(info.samplerate))
        guard channels > 0, rate > 0 else {
            throw .contradictoryHeader("\(channels) channels, \(rate) samples a second")
        }
        var samples: [Float] = []
        var piece = [Float](repeating: 0, count: max(SoundDecoder.piece / channels, 1) * channels)
        while true {
            let frames = Int(sf_readf_float(file, &piece, sf_count_t(piece.count / channels)))
            if frames <= 0 { break }
            for frame in 0..<frames {
                var sum = piece[frame * channels]
                for channel in 1..<max(channels, 1) { sum += piece[frame * channels + channel] }
                samples.append(channels == 1 ? sum : sum / Float(channels))
            }
        }
        guard Int(sf_error(file)) == SF_ERR_NO_ERROR else {
            throw .undecodable(reason: SoundDecoder.reason(file))
        }
        if samples.isEmpty { throw .empty }
        // A stream of unknown length has the largest number that there is.
        if info.frames != Int64.max, samples.count < Int(info.frames) {
            throw .samplesMissing(expected: Int(info.frames), actual: samples.count)
        }
        if let place = samples.firstIndex(where: { !$0.isFinite }) {
            throw .notFinite(seconds: Double(place) / Double(rate))
        }
        return SoundFile(samples: samples, rate: rate)
    }

    private static func reason(_ file: OpaquePointer?) -> String {
        var text = String(cString: sf_strerror(file))
        while text.hasSuffix(".") || text.hasSuffix("\n") { text.removeLast() }
        return text
    }

    // MARK: What libsndfile asks for

    private static func at(_ user: UnsafeMutableRawPointer?) -> SoundDecoder {
        guard let user else { preconditionFailure("SoundDecoder: called without its bytes") }
        return Unmanaged<SoundDecoder>.fromOpaque(user).takeUnretainedValue()
    }

    private func seek(_ distance: Int, _ whence: Int32) -> sf_count_t {
        let start = Int(whence) == SF_SEEK_SET ? 0 : Int(whence) == SF_SEEK_CUR ? offset : bytes.count
        let (target, overflow) = start.addingReportingOverflow(distance)
        if overflow || target < 0 || target > bytes.count { return -1 }
        offset = target
        return sf_count_t(offset)
    }

    private func read(_ target: UnsafeMutableRawPointer?, _ count: Int) -> sf_count_t {
        let count = max(0, min(count, bytes.count - offset))
        if count > 0, let target, let base = bytes.baseAddress {
            target.copyMemory(from: base + offset, byteCount: count)
        }
        offset += count
        return sf_count_t(count)
    }
}
