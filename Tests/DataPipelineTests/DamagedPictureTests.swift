import CPictureEncoding
import DataPipeline
import Testing

struct DamagedPictureTests {
    private let decoder = PictureDecoder()

    private func files() throws -> [[UInt8]] {
        let (colour, grey) = (DrawnPicture.waves(20, 27, 3), DrawnPicture.noise(9, 12, 1, largest: 255))
        let exif = PictureFiles.exifName + PictureFiles.exif(6)
        return [
            try colour.jpeg(quality: 60, sampling: (2, 2), app1: exif),
            try colour.jpeg(quality: 60, isProgressive: true), try grey.jpeg(ENCODE_GREY, quality: 50, restart: 1),
            try colour.jpeg(quality: 40, isArithmetic: true), try grey.png(type: 0),
            try PictureFiles.inserting(
                PictureFiles.chunk("eXIf", PictureFiles.exif(8)), into: colour.png(type: 2, isInterlaced: true),
                isLast: true),
            try DrawnPicture.noise(9, 12, 1, largest: 3).png(type: 3, bits: 2, palette: [UInt8](0..<12)),
        ]
    }

    @Test("a file that is cut short anywhere is an error")
    func truncation() throws {
        for (number, file) in try files().enumerated() {
            #expect(decoder.problem(file) == nil)
            for count in 0..<file.count {
                let problem = decoder.problem(Array(file[..<count]))
                #expect(problem != nil, "file \(number): \(count) of \(file.count) bytes")
            }
        }
        #expect(decoder.problem([]) == .empty)
        #expect(decoder.problem(Array("GIF89a".utf8)) == .unknownFormat)
        let file = try files()[0]
        #expect(decoder.problem(Array(file[..<(file.count / 2)])) == .cutShort)
        let png = try files()[4]
        #expect(decoder.problem(Array(png[..<(png.count / 2)])) == .cutShort)
    }

    @Test("no flipped bit stops the program; in a PNG each is an error")
    func flippedBits() throws {
        for file in try files() {
            let isPNG = file[0] == 0x89
            for place in 0..<file.count {
                for bit in [0, 3, 7] {
                    var other = file
                    other[place] ^= 1 << UInt8(bit)
                    let problem = decoder.problem(other, channels: bit == 3 ? 1 : 3)
                    if isPNG { #expect(problem != nil, "bit \(bit) of byte \(place) of \(file.count)") }
                }
            }
            #expect(decoder.problem(file) == nil)
        }
    }

    @Test("extents that are too large, or that so small a file cannot have, are refused before memory is taken")
    func extents() throws {
        let drawn = DrawnPicture.waves(16, 16, 3)
        func jpeg(_ height: Int, _ width: Int, isProgressive: Bool = false) throws -> [UInt8] {
            var file = try drawn.jpeg(isProgressive: isProgressive)
            let place = try #require(PictureFiles.marker(isProgressive ? 0xC2 : 0xC0, in: file)) + 5
            file.replaceSubrange(
                place..<place + 4,
                with: [UInt8(height >> 8), UInt8(height & 255), UInt8(width >> 8), UInt8(width & 255)])
            return file
        }
        let limit = PictureDecoder.mostPixels
        #expect(decoder.problem(try jpeg(40_000, 50_000)) == .tooLarge(height: 40_000, width: 50_000, limit: limit))
        #expect(decoder.problem(try jpeg(16_000, 16_000)) == .cutShort)
        #expect(decoder.problem(try jpeg(16_000, 16_000, isProgressive: true)) == .cutShort)
        #expect(decoder.problem(try jpeg(0, 16)) != nil)
        #expect(decoder.problem(try jpeg(16, 0)) != nil)
        let png = try drawn.png(type: 2)
        func header(_ height: Int, _ width: Int) -> PictureProblem? {
            decoder.problem(PictureFiles.header(of: png, height: height, width: width))
        }
        let most = Int(Int32.max)
        #expect(header(most, most) == .tooLarge(height: most, width: most, limit: limit))
        #expect(header(16_000, 16_000) == .cutShort)
        #expect(header(0, 16) != nil && header(16, 0) != nil && header(1 << 31, 16) != nil)
        #expect(header(16, 17) != nil)
    }

    @Test("a progressive file of hundreds of scans is refused")
    func manyScans() throws {
        let file = try DrawnPicture.waves(16, 16, 3).jpeg(isProgressive: true)
        let last = try #require(file.indices.dropLast().last { file[$0] == 0xFF && file[$0 + 1] == 0xDA })
        let scan = Array(file[last..<(file.count - 2)])
        let many = Array(file[..<last]) + (0..<300).flatMap { _ in scan } + [0xFF, 0xD9]
        #expect(decoder.problem(many) == .manyScans(limit: 256))
        #expect(decoder.problem(file) == nil)
    }

    @Test("checksums count, those of chunks that are passed over too")
    func checksums() throws {
        let png = try DrawnPicture.waves(6, 6, 3).png(type: 2)
        var text = PictureFiles.chunk("tEXt", Array("Comment\0a picture".utf8))
        #expect(decoder.problem(PictureFiles.inserting(text, into: png, isLast: false)) == nil)
        text[12] ^= 1
        guard case .damaged? = decoder.problem(PictureFiles.inserting(text, into: png, isLast: false)) else {
            Issue.record("a wrong checksum was accepted")
            return
        }
    }
}
