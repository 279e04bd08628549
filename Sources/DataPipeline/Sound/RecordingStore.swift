import System

/// The recordings of a part of a data set as samples of one rate, decoded once a host.
///
/// They lie in an anonymous memory object that other processes of the host map: the samples of all recordings as
/// floats, then the index (start, count and name of each), then where the index begins.
struct RecordingStore: Sendable {
    struct Recording: Sendable, Equatable {
        let name: String
        /// Its first sample among all.
        let start: Int
        let count: Int
    }

    /// By the bytes of their names.
    let recordings: [Recording]
    private let bytes: SharedBytes
    private let key: String

    /// Decodes `part`, or maps what another process of this host has decoded.
    ///
    /// - Parameters:
    ///   - rate: samples a second; recordings of others are resampled.
    ///   - longest: seconds that a recording may last.
    ///   - imports: of ``exports`` of another process.
    /// - Throws: `DataError` with the recording.
    init(
        _ part: RecordingPart, rate: Int, longest: Double, imports: [String: SharedBytes.Export]
    ) throws(DataError) {
        key = "\(part.path) at \(rate) Hz"
        if let export = imports[key] {
            do throws(DataError) {
                bytes = try SharedBytes(importing: export, path: part.path)
                recordings = RecordingStore.readIndex(bytes)
                return
            } catch {
                // The exporting process is on another host, of another user or gone: decode here.
            }
        }
        bytes = try RecordingStore.decode(part, rate: rate, longest: longest)
        recordings = RecordingStore.readIndex(bytes)
    }

    var exports: [String: SharedBytes.Export] { bytes.exported.map { [key: $0] } ?? [:] }

    /// Calls `body` with the samples of a recording.
    func withSamples<Result>(
        _ recording: Recording, _ body: (UnsafeBufferPointer<Float>) throws -> Result
    ) rethrows -> Result {
        try bytes.withUnsafeBytes { raw in
            try body(UnsafeBufferPointer(rebasing: raw.assumingMemoryBound(to: Float.self)[recording.range]))
        }
    }

    // MARK: Decoding

    private static func decode(_ part: RecordingPart, rate: Int, longest: Double) throws(DataError) -> SharedBytes {
        try SharedBytes(filling: part.path) { descriptor throws(DataError) in
            var resamplers: [Int: Resampler] = [:]
            var found: [Recording] = []
            var count = 0
            try part.forEach { (name, file) throws(DataError) in
                let path = "\(part.path)/\(name)"
                var samples: [Float] = []
                do throws(SoundProblem) {
                    samples = try decoded(file, rate: rate, &resamplers, longest)
                } catch {
                    throw .sound(path: path, problem: error)
                }
                found.append(Recording(name: name, start: count, count: samples.count))
                count += samples.count
                if 4 * count > SharedBytes.halfOfMemory {
                    throw .sound(path: part.path, problem: .tooMuch(limit: SharedBytes.halfOfMemory))
                }
                try append(samples, to: descriptor, part.path)
            }
            if found.isEmpty { throw .sound(path: part.path, problem: .noRecordings(extensions: SoundFile.extensions)) }
            let index = try makeIndex(found, part.path) + number(4 * count)
            try append(index, to: descriptor, part.path)
            return 4 * count + index.count
        }
    }

    private static func decoded(
        _ file: UnsafeRawBufferPointer, rate: Int, _ resamplers: inout [Int: Resampler], _ longest: Double
    ) throws(SoundProblem) -> [Float] {
        let sound = try SoundFile(samplesOf: file)
        let seconds = Double(sound.samples.count) / Double(sound.rate)
        if seconds > longest { throw .tooLong(seconds: seconds, limit: longest) }
        if let known = resamplers[sound.rate] { return known(sound.samples) }
        let resampler = try Resampler(from: sound.rate, to: rate)
        resamplers[sound.rate] = resampler
        return resampler(sound.samples)
    }

    private static func append<Element>(
        _ elements: [Element], to descriptor: Int32, _ path: String
    ) throws(DataError) {
        try elements.withUnsafeBytes { bytes in
            Result { () throws(DataError) in try MemoryObject.write(bytes, to: descriptor, path: path) }
        }.get()
    }

    // MARK: The index

    private static func number(_ value: Int) -> [UInt8] {
        withUnsafeBytes(of: Int64(value).littleEndian) { Array($0) }
    }

    private static func makeIndex(_ found: [Recording], _ path: String) throws(DataError) -> [UInt8] {
        let sorted = found.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        for (one, next) in zip(sorted, sorted.dropFirst()) where one.name == next.name {
            throw .sound(path: path, problem: .repeatedName(one.name))
        }
        return number(sorted.count)
            + sorted.flatMap { recording -> [UInt8] in
                let name = Array(recording.name.utf8)
                return number(recording.start) + number(recording.count) + number(name.count) + name
            }
    }

    private static func readIndex(_ bytes: SharedBytes) -> [Recording] {
        bytes.withUnsafeBytes { raw in
            func number(_ offset: Int) -> Int {
                Int(Int64(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: Int64.self)))
            }
            var offset = number(raw.count - 8)
            let count = number(offset)
            offset += 8
            return (0..<count).map { _ in
                let (start, samples, length) = (number(offset), number(offset + 8), number(offset + 16))
                let name = String(decoding: raw[offset + 24..<offset + 24 + length], as: UTF8.self)
                offset += 24 + length
                return Recording(name: name, start: start, count: samples)
            }
        }
    }
}

extension RecordingStore.Recording {
    fileprivate var range: Range<Int> { start..<start + count }
}
