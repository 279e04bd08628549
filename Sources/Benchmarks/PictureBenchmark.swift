import CPictures
import DataPipeline
import Glibc
import System

/// Measures how fast one core decodes and fits the pictures of a folder, beside the JPEG library alone.
package struct PictureBenchmark {
    /// What a pass over pictures takes.
    package struct Rate {
        package let pictures: Int
        package let pixels: Int
        /// Of the processor, for all of them.
        package let seconds: Double

        package var picturesPerSecond: Double { Double(pictures) / seconds }
        package var megapixelsPerSecond: Double { Double(pixels) / seconds / 1e6 }
    }

    package struct Result {
        package let decoding: Rate
        /// Decoding and fitting.
        package let reading: Rate
        /// Decoding of the JPEG files, and what libjpeg takes for them when it is called as by its own program; nil
        /// without such files.
        package let jpeg: (ours: Rate, library: Rate)?
        package let rounds: Int
    }

    private let files: [SharedBytes]

    /// Maps all pictures in a folder and those in it.
    ///
    /// - Throws: `DataError` or `SystemError` with the path.
    package init(folder: String) throws {
        files = try PictureBenchmark.paths(folder).map { try SharedBytes(mapping: $0) }
    }

    package var count: Int { files.count }
    package var bytes: Int { files.reduce(0) { $0 + $1.count } }

    /// Times of one picture, each the best of all rounds.
    private struct Times {
        var pixels = 0
        var isJPEG = false
        var (decoding, reading, library) = (Double.infinity, Double.infinity, Double.infinity)
    }

    /// Goes through the pictures several times; each one's best time counts, so that what else the machine does does
    /// not.
    ///
    /// - Throws: `DataError.picture` for one that can't be decoded.
    package func run(fit: PictureFit, channels: Int = 3, rounds: Int = 7) throws -> Result {
        let (reader, decoder) = (PictureReader(), PictureDecoder())
        var room = [Float](repeating: 0, count: fit.height * fit.width * channels)
        var times = [Times](repeating: Times(), count: files.count)
        for round in 0..<rounds {
            for (index, file) in files.enumerated() {
                try file.withUnsafeBytes { bytes in
                    do throws(PictureProblem) {
                        times[index].isJPEG = PictureDecoder.format(of: bytes) == .jpeg
                        // In turn, so that neither always finds the file in the cache that the other filled.
                        if round % 2 == 0 { PictureBenchmark.measureLibrary(bytes, &times[index]) }
                        let start = Clock.threadSeconds
                        let picture = try decoder.decode(bytes, channels: channels)
                        times[index].decoding = min(times[index].decoding, Clock.threadSeconds - start)
                        times[index].pixels = picture.height * picture.width
                        if round % 2 == 1 { PictureBenchmark.measureLibrary(bytes, &times[index]) }
                        times[index].reading = min(
                            times[index].reading, try PictureBenchmark.seconds(reader, bytes, channels, fit, &room))
                    } catch {
                        throw DataError.picture(path: file.path, problem: error)
                    }
                }
            }
        }
        return PictureBenchmark.result(times, rounds: rounds)
    }

    private static func measureLibrary(_ bytes: UnsafeRawBufferPointer, _ times: inout Times) {
        guard times.isJPEG, let base = bytes.baseAddress else { return }
        let start = Clock.threadSeconds
        // A file that it can't decode is refused by the decoder too, which says why.
        _ = pictures_jpeg_alone(base.assumingMemoryBound(to: UInt8.self), bytes.count)
        times.library = min(times.library, Clock.threadSeconds - start)
    }

    private static func seconds(
        _ reader: PictureReader, _ bytes: UnsafeRawBufferPointer, _ channels: Int, _ fit: PictureFit,
        _ room: inout [Float]
    ) throws(PictureProblem) -> Double {
        let start = Clock.threadSeconds
        try room.withUnsafeMutableBufferPointer { floats in
            Swift.Result { () throws(PictureProblem) in
                try reader.read(bytes, channels: channels, fit: fit, into: floats)
            }
        }.get()
        return Clock.threadSeconds - start
    }

    private static func result(_ times: [Times], rounds: Int) -> Result {
        func rate(_ times: [Times], _ seconds: (Times) -> Double) -> Rate {
            Rate(
                pictures: times.count, pixels: times.reduce(0) { $0 + $1.pixels },
                seconds: times.reduce(0) { $0 + seconds($1) })
        }
        let jpegs = times.filter(\.isJPEG)
        return Result(
            decoding: rate(times, \.decoding), reading: rate(times, \.reading),
            jpeg: jpegs.isEmpty ? nil : (rate(jpegs, \.decoding), rate(jpegs, \.library)), rounds: rounds)
    }

    private static func paths(_ folder: String) throws(SystemError) -> [String] {
        var found: [String] = []
        for name in try Directory.entries(of: folder).sorted() where !name.hasPrefix(".") {
            let path = "\(folder)/\(name)"
            var status = stat()
            if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
                found += try paths(path)
            } else if let dot = name.lastIndex(of: "."),
                PictureDecoder.extensions.contains(name[name.index(after: dot)...].lowercased())
            {
                found.append(path)
            }
        }
        return found
    }
}
