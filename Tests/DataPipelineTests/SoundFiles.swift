import CArchive
import CSndfile
import DataPipeline
import Foundation

/// Writes recordings and archives with the libraries themselves, so that what is read is not what our own writer makes.
enum SoundFiles {
    /// The bytes of a file of interleaved numbers, the highest bits of 32.
    static func encoded(_ samples: [Int32], channels: Int = 1, rate: Int = 8000, format: Int32) throws -> [UInt8] {
        try write(channels: channels, rate: rate, format: format) { file in
            sf_write_int(file, samples, sf_count_t(samples.count))
        }
    }

    static func encoded(floats samples: [Float], rate: Int = 8000, format: Int32) throws -> [UInt8] {
        try write(channels: 1, rate: rate, format: format) { sf_write_float($0, samples, sf_count_t(samples.count)) }
    }

    static let wav = Int32(SF_FORMAT_WAV)
    static let flac = Int32(SF_FORMAT_FLAC)
    static let pcm16 = Int32(SF_FORMAT_PCM_16)

    private struct Failure: Error { let reason: String }

    private static func write(
        channels: Int, rate: Int, format: Int32, _ body: (OpaquePointer) -> sf_count_t
    ) throws -> [UInt8] {
        let folder = try TemporaryFolder()
        var info = SF_INFO()
        (info.channels, info.samplerate, info.format) = (Int32(channels), Int32(rate), format)
        let path = "\(folder.path)/sound"
        guard let file = sf_open(path, Int32(SFM_WRITE), &info) else {
            throw Failure(reason: String(cString: sf_strerror(nil)))
        }
        let written = body(file)
        sf_close(file)
        guard written > 0 else { throw Failure(reason: "nothing was written") }
        return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    }

    /// A packed tar archive of files.
    static func archive(_ files: [(name: String, bytes: [UInt8])], at path: String) throws {
        let archive = archive_write_new()
        archive_write_set_format_pax_restricted(archive)
        archive_write_add_filter_gzip(archive)
        guard archive_write_open_filename(archive, path) == ARCHIVE_OK else { throw Failure(reason: path) }
        for file in files {
            let entry = archive_entry_new()
            archive_entry_set_pathname(entry, file.name)
            archive_entry_set_size(entry, Int64(file.bytes.count))
            archive_entry_set_filetype(entry, 0o100000)
            archive_entry_set_perm(entry, 0o644)
            archive_write_header(archive, entry)
            archive_write_data(archive, file.bytes, file.bytes.count)
            archive_entry_free(entry)
        }
        guard archive_write_close(archive) == ARCHIVE_OK else { throw Failure(reason: path) }
        archive_write_free(archive)
    }
}

/// Decodes the bytes of a file.
func decoded(_ bytes: [UInt8]) throws -> SoundFile {
    try bytes.withUnsafeBytes { try SoundFile(decoding: $0, path: "a.wav") }
}

/// The problem that reading these bytes has; nil when it has none.
func soundProblem(_ bytes: [UInt8]) -> SoundProblem? {
    do {
        _ = try decoded(bytes)
        return nil
    } catch DataError.sound(_, let problem) {
        return problem
    } catch {
        return .undecodable(reason: "another error: \(error)")
    }
}
