import DataPipeline
import Kernels
import Synchronization
import Testing

/// Pillow's resize by triangles (ImagingResample in Resample.c), in double precision without rounding to bytes.
private struct TriangleTwin {
    let height: Int
    let width: Int
    let channels: Int
    let values: [Double]

    /// The window [top, left, height, width] at another size.
    func resized(_ h: Int, _ w: Int, window: PictureWindow) -> [Double] {
        let rows = weights(h, window.top, window.height, height)
        let columns = weights(w, window.left, window.width, width)
        return rows.flatMap { row in
            columns.flatMap { column in
                (0..<channels).map { channel in
                    row.reduce(0.0) { sum, tap in
                        sum + tap.weight
                            * column.reduce(0.0) {
                                $0 + $1.weight * values[(tap.place * width + $1.place) * channels + channel]
                            }
                    }
                }
            }
        }
    }

    private func weights(
        _ count: Int, _ from: Double, _ length: Double, _ source: Int
    ) -> [[(place: Int, weight: Double)]] {
        (0..<count).map { index in
            let scale = length / Double(count)
            let (support, middle) = (max(scale, 1), from + (Double(index) + 0.5) * scale)
            let start = max(Int(middle - support + 0.5), 0)
            let end = min(Int(middle + support + 0.5), source)
            let raw = (start..<end).map { max(0, 1 - abs((Double($0) - middle + 0.5) / support)) }
            let sum = raw.reduce(0, +)
            return zip(start..<end, raw).map { ($0, $1 / sum) }
        }
    }
}

struct PictureFitTests {
    private let decoder = PictureDecoder()

    private func fitted(_ picture: Picture, _ fit: PictureFit, window: PictureWindow? = nil) -> [Float] {
        var result = [Float](repeating: .nan, count: fit.height * fit.width * picture.channels)
        result.withUnsafeMutableBufferPointer { fit(picture, window: window, workspace: .init(), into: $0) }
        return result
    }

    private func picture(_ height: Int, _ width: Int, _ channels: Int, bits: Int = 8) throws -> Picture {
        let drawn = DrawnPicture.noise(height, width, channels, largest: 1 << bits - 1)
        return try decoder.decode(drawn.png(type: channels == 1 ? 0 : 2, bits: bits), channels: channels)
    }

    private func twin(_ picture: Picture) -> TriangleTwin {
        TriangleTwin(
            height: picture.height, width: picture.width, channels: picture.channels,
            values: picture.values.map { Double($0) })
    }

    /// Values up to 255, of sums of a few dozen terms in single precision.
    private let tolerance: Float = 2e-4

    @Test(
        "a picture of any size, grey or colour, is stretched as Pillow would without rounding between",
        arguments: [(1, 1), (7, 5), (5, 31), (64, 48), (97, 101), (3, 400)])
    func stretch(height: Int, width: Int) throws {
        for (channels, bits) in [(1, 8), (3, 8), (1, 16), (3, 16)] {
            let source = try picture(height, width, channels, bits: bits)
            for (h, w) in [(1, 1), (8, 8), (16, 23), (height, width), (33, 5)] {
                let result = fitted(source, PictureFit(height: h, width: w, mode: .stretch))
                let wanted = twin(source).resized(h, w, window: PictureWindow(height: height, width: width))
                #expect(largestDifference(result, wanted.map { Float($0) }) < tolerance, "\(h) × \(w), \(channels)")
                if (h, w) == (height, width) { #expect(result == source.values) }
            }
        }
    }

    @Test("a window of a picture is stretched onto the size, whatever the mode", arguments: PictureFit.Mode.allCases)
    func windows(mode: PictureFit.Mode) throws {
        let source = try picture(61, 83, 3)
        for (top, left, height, width) in [(0.0, 0.0, 61.0, 83.0), (3.25, 10.5, 20.0, 31.5), (40.75, 70, 20.25, 13)] {
            let window = PictureWindow(top: top, left: left, height: height, width: width)
            let result = fitted(source, PictureFit(height: 24, width: 17, mode: mode), window: window)
            let wanted = twin(source).resized(24, 17, window: window)
            #expect(largestDifference(result, wanted.map { Float($0) }) < tolerance, "\(window)")
        }
    }

    @Test("crop takes the middle of the longer side")
    func crop() throws {
        let wide = try picture(30, 77, 3)
        let cut = PictureWindow(top: 0, left: (77 - 20) / 2, height: 30, width: 20)
        #expect(
            largestDifference(
                fitted(wide, PictureFit(height: 24, width: 16)),
                twin(wide).resized(24, 16, window: cut).map { Float($0) }) < tolerance)
        let tall = try picture(77, 30, 1)
        let other = PictureWindow(top: (77 - 45) / 2, left: 0, height: 45, width: 30)
        #expect(
            largestDifference(
                fitted(tall, PictureFit(height: 24, width: 16)),
                twin(tall).resized(24, 16, window: other).map { Float($0) }) < tolerance)
    }

    @Test("pad keeps all of a picture, in the middle of the background")
    func pad() throws {
        let wide = try picture(20, 60, 3)
        let result = fitted(wide, PictureFit(height: 30, width: 30, mode: .pad, background: 7))
        let inner = twin(wide).resized(10, 30, window: PictureWindow(height: 20, width: 60)).map { Float($0) }
        #expect(result[..<900].allSatisfy { $0 == 7 } && result[1800...].allSatisfy { $0 == 7 })
        #expect(largestDifference(Array(result[900..<1800]), inner) < tolerance)
        let tall = try picture(50, 7, 1)
        let narrow = fitted(tall, PictureFit(height: 10, width: 10, mode: .pad, background: 255))
        let middle = twin(tall).resized(10, 1, window: PictureWindow(height: 50, width: 7)).map { Float($0) }
        for y in 0..<10 {
            for x in 0..<10 {
                let wanted = x == 4 ? middle[y] : 255
                #expect((narrow[10 * y + x] - wanted).magnitude < tolerance)
            }
        }
    }

    @Test("a window that reaches beyond the picture shows the background there; one that only meets it, too")
    func beyond() throws {
        let source = try picture(10, 12, 3)
        let window = PictureWindow(top: -5, left: -6, height: 20, width: 24)
        let result = fitted(source, PictureFit(height: 20, width: 24, background: 3), window: window)
        for y in 0..<20 {
            for x in 0..<24 {
                let isInside = (5..<15).contains(y) && (6..<18).contains(x)
                for channel in 0..<3 {
                    let wanted = isInside ? source.value(row: y - 5, column: x - 6, channel: channel) : 3
                    #expect(result[(24 * y + x) * 3 + channel] == wanted)
                }
            }
        }
        let far = PictureWindow(top: 40, left: 2, height: 5, width: 5)
        #expect(fitted(source, PictureFit(height: 4, width: 4, background: 9), window: far).allSatisfy { $0 == 9 })
        let kept = PictureWindow(top: 0, left: 0, height: 10, width: 24, isStretched: false)
        let cut = fitted(source, PictureFit(height: 10, width: 10, background: 9), window: kept)
        #expect(cut[0] == source.value(row: 0, column: 7, channel: 0) && cut[3 * 5] == 9)
    }

    @Test("the same workspace and reader serve pictures of all sizes, and what they give is the same as a new one's")
    func reuse() throws {
        let reader = PictureReader()
        let fit = PictureFit(height: 13, width: 9)
        for (height, width) in [(40, 50), (3, 2), (90, 20), (13, 9)] {
            let file = try DrawnPicture.noise(height, width, 3, largest: 255).png(type: 2)
            var result = [Float](repeating: .nan, count: 13 * 9 * 3)
            try result.withUnsafeMutableBufferPointer { floats in
                try file.withUnsafeBytes { try reader.read($0, channels: 3, fit: fit, into: floats) }
            }
            #expect(result == fitted(try decoder.decode(file), fit))
        }
    }

    @Test("threads that share readers all get what one alone gets")
    func pool() throws {
        let files = try (0..<6).map { number in
            try DrawnPicture.waves(20 + 7 * number, 60 - 5 * number, 3).jpeg(isProgressive: number % 2 == 0)
        }
        let fit = PictureFit(height: 16, width: 16)
        let pool = PictureReaderPool()
        let read = { @Sendable (index: Int) -> [Float] in
            var result = [Float](repeating: .nan, count: 16 * 16 * 3)
            try? pool.withReader { reader in
                try result.withUnsafeMutableBufferPointer { floats in
                    try files[index].withUnsafeBytes { try reader.read($0, channels: 3, fit: fit, into: floats) }
                }
            }
            return result
        }
        let wanted = try files.map { fitted(try decoder.decode($0), fit) }
        let wrong = Mutex(0)
        onThreads(8) { thread in
            for turn in 0..<30 where read((thread + turn) % 6) != wanted[(thread + turn) % 6] {
                wrong.withLock { $0 += 1 }
            }
        }
        #expect(wrong.withLock { $0 } == 0)
    }

    // MARK: Random windows

    private struct Half: WindowTransform {
        let isLower: Bool
        let isStretched: Bool

        func window(height: Double, width: Double, key: RandomKey) -> PictureWindow {
            let top = Double(key.block(at: 0)[0] % 2) * height / 4
            return PictureWindow(
                top: isLower ? height / 2 : top, left: width / 4, height: height / 2, width: width / 2,
                isStretched: isStretched)
        }
    }

    @Test("each transform cuts from what the one before leaves, by a key of its place")
    func changes() {
        let key = RandomKey(seed: 5)
        let lower = Half(isLower: true, isStretched: false)
        let one = PictureChange([(place: 0, transform: lower), (place: 1, transform: lower)], key: key)
        #expect(
            one.window(height: 80, width: 64)
                == PictureWindow(top: 60, left: 24, height: 20, width: 16, isStretched: false))
        #expect(PictureChange([], key: key).window(height: 8, width: 6) == PictureWindow(height: 8, width: 6))
        let drawn = Half(isLower: false, isStretched: true)
        let tops = (0..<8).map { place in
            PictureChange([(place: place, transform: drawn)], key: key).window(height: 8, width: 8).top
        }
        #expect(Set(tops) == [0, 2])
        #expect(
            PictureChange([(place: 0, transform: drawn), (place: 1, transform: lower)], key: key)
                .window(height: 8, width: 8).isStretched)
    }
}
