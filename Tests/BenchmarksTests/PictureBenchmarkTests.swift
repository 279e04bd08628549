import Benchmarks
import CPictureEncoding
import DataPipeline
import Foundation
import Testing

/// What `trainer bench pictures` measures.
@Suite struct PictureBenchmarkTests {
    private struct Failure: Error {}

    private func jpeg(_ height: Int, _ width: Int) throws -> Data {
        let settings = encode_jpeg_settings(
            colours: ENCODE_GREY, quality: 90, across: 1, down: 1, is_progressive: 0, is_arithmetic: 0, restart: 0,
            app1: nil, app1_count: 0)
        var count = 0
        let samples = (0..<height * width).map { UInt8(truncatingIfNeeded: 7 * $0) }
        guard let bytes = encode_jpeg(samples, UInt32(height), UInt32(width), settings, &count) else { throw Failure() }
        return Data(bytesNoCopy: bytes, count: count, deallocator: .free)
    }

    @Test func `pictures in folders count, hidden files and others do not, and a damaged one is named`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "picture-benchmark-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder.appending(path: "inner"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try jpeg(40, 50).write(to: folder.appending(path: "a.JPG"))
        try jpeg(8, 9).write(to: folder.appending(path: "inner/b.jpeg"))
        for name in [".c.jpg", "d.txt", "jpg"] { try Data("no picture".utf8).write(to: folder.appending(path: name)) }
        let result = try PictureBenchmark(folder: folder.path).run(fit: PictureFit(height: 10, width: 10), rounds: 2)
        let library = try #require(result.jpeg)
        for rate in [result.decoding, result.reading, library.ours, library.library] {
            #expect(rate.pictures == 2 && rate.pixels == 40 * 50 + 8 * 9)
            #expect(rate.seconds > 0 && rate.seconds < 10)
            #expect(rate.picturesPerSecond == 2 / rate.seconds)
            #expect((rate.megapixelsPerSecond * rate.seconds - 2072e-6).magnitude < 1e-12)
        }
        #expect(result.reading.seconds > result.decoding.seconds / 2)
        let path = folder.appending(path: "inner/b.jpeg").path
        try Data([0xFF, 0xD8, 0xFF]).write(to: URL(fileURLWithPath: path))
        #expect(throws: DataError.picture(path: path, problem: .cutShort)) {
            try PictureBenchmark(folder: folder.path).run(fit: PictureFit(height: 10, width: 10))
        }
    }
}
