import CPictureEncoding
import DataPipeline
import Testing

struct PictureDecoderTests {
    private let decoder = PictureDecoder()

    /// Grey of RGB by ITU-R 601, in Pillow's whole numbers.
    private func grey(_ red: Int, _ green: Int, _ blue: Int) -> Int {
        (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16
    }

    // MARK: JPEG

    /// What is drawn, as RGB: [height, width, 3].
    private func expected(_ drawn: DrawnPicture, _ colours: encode_colours) -> [Float] {
        (0..<drawn.height * drawn.width).flatMap { pixel -> [Float] in
            let samples = (0..<drawn.channels).map { Int(drawn.samples[pixel * drawn.channels + $0]) }
            switch samples.count {
            case 1: return [Float](repeating: Float(samples[0]), count: 3)
            // Adobe's files hold 255 for no ink: each colour is what the black leaves of it.
            case 4: return samples[..<3].map { Float($0 * samples[3]) / 255 }
            default: return samples.map { Float($0) }
            }
        }
    }

    @Test(
        "a JPEG of every kind of colours has the pixels that were drawn, in RGB and in grey",
        arguments: [
            (ENCODE_GREY, 1, 2), (ENCODE_YCC, 3, 5), (ENCODE_RGB, 3, 2), (ENCODE_CMYK, 4, 3), (ENCODE_YCCK, 4, 5),
        ] as [(encode_colours, Int, Float)])
    func jpegColours(colours: encode_colours, components: Int, tolerance: Float) throws {
        let drawn = DrawnPicture.waves(37, 45, components)
        let wanted = expected(drawn, colours)
        let wantedGrey = stride(from: 0, to: wanted.count, by: 3).map { (index: Int) -> Float in
            let (red, green, blue) = (wanted[index], wanted[index + 1], wanted[index + 2])
            return 0.299 * red + 0.587 * green + 0.114 * blue
        }
        for isProgressive in [false, true] {
            let file = try drawn.jpeg(colours, isProgressive: isProgressive)
            let header = try decoder.header(file)
            #expect(header.format == .jpeg && (header.height, header.width) == (37, 45))
            #expect(header.channels == (components == 1 ? 1 : 3) && header.bitsPerSample == 8)
            let picture = try decoder.decode(file)
            #expect(largestDifference(picture.values, wanted) <= tolerance)
            let rgb = picture.values
            let single = try decoder.decode(file, channels: 1).values
            #expect(largestDifference(single, wantedGrey) <= tolerance)
            let weighed = stride(from: 0, to: rgb.count, by: 3).map { (index: Int) -> Float in
                Float(grey(Int(rgb[index]), Int(rgb[index + 1]), Int(rgb[index + 2])))
            }
            #expect(single == weighed)
        }
    }

    @Test("subsampled, restarted, arithmetic and progressive files hold the same picture")
    func jpegForms() throws {
        let drawn = DrawnPicture.waves(53, 70, 3)
        let plain = try decoder.decode(drawn.jpeg()).values
        for sampling in [(2, 1), (1, 2), (2, 2)] {
            let file = try drawn.jpeg(sampling: sampling)
            #expect(largestDifference(try decoder.decode(file).values, plain) < 40, "\(sampling)")
            let others = [
                try drawn.jpeg(sampling: sampling, isProgressive: true),
                try drawn.jpeg(sampling: sampling, restart: 2), try drawn.jpeg(sampling: sampling, isArithmetic: true),
            ]
            for other in others {
                #expect(try decoder.decode(other).values == decoder.decode(file).values, "\(sampling)")
            }
        }
    }

    @Test("junk before a marker is passed over")
    func junk() throws {
        let file = try DrawnPicture.waves(16, 16, 3).jpeg()
        let place = try #require(PictureFiles.marker(0xDB, in: file))
        let other = Array(file[..<place]) + [0x00, 0x12, 0x34, 0xFF, 0xFF] + Array(file[(place + 1)...])
        #expect(try decoder.decode(other).values == decoder.decode(file).values)
        let tail = file + Array("and more".utf8)
        #expect(try decoder.decode(tail).values == decoder.decode(file).values)
    }

    // MARK: PNG

    @Test("grey PNGs of every width are exact, in rows and interlaced", arguments: [1, 2, 4, 8, 16])
    func greyPNG(bits: Int) throws {
        let largest = 1 << bits - 1
        let drawn = DrawnPicture.noise(19, 23, 1, largest: largest)
        let wanted = drawn.samples.map { Float(Double($0) * 255 / Double(largest)) }
        for isInterlaced in [false, true] {
            let file = try drawn.png(type: 0, bits: bits, isInterlaced: isInterlaced)
            let header = try decoder.header(file)
            #expect(header.format == .png && header.channels == 1 && header.bitsPerSample == max(bits, 8))
            #expect((header.height, header.width) == (19, 23))
            #expect(try decoder.decode(file, channels: 1).values == wanted)
            #expect(try decoder.decode(file).values == wanted.flatMap { [$0, $0, $0] })
        }
    }

    @Test("RGB PNGs of 8 and 16 bits are exact; grey is weighed from them in their own width", arguments: [8, 16])
    func colourPNG(bits: Int) throws {
        let drawn = DrawnPicture.noise(11, 14, 3, largest: 1 << bits - 1)
        let scale: Float = bits == 8 ? 1 : 257
        for isInterlaced in [false, true] {
            let file = try drawn.png(type: 2, bits: bits, isInterlaced: isInterlaced)
            #expect(try decoder.header(file).channels == 3)
            #expect(try decoder.decode(file).values == drawn.samples.map { Float($0) / scale })
            let weighed = (0..<11 * 14).map { (pixel: Int) -> Float in
                let (y, x) = (pixel / 14, pixel % 14)
                return Float(grey(drawn[y, x, 0], drawn[y, x, 1], drawn[y, x, 2])) / scale
            }
            #expect(try decoder.decode(file, channels: 1).values == weighed)
        }
    }

    @Test("palettes of every width become their colours, in RGB and in grey", arguments: [1, 2, 4, 8])
    func palette(bits: Int) throws {
        let colours = (0..<1 << bits).map { (index: Int) -> [UInt8] in
            [UInt8(truncatingIfNeeded: 7 + 31 * index), UInt8(index), UInt8(255 - index)]
        }
        let drawn = DrawnPicture.noise(9, 13, 1, largest: 1 << bits - 1)
        let wanted = drawn.samples.flatMap { (index: UInt16) -> [Float] in colours[Int(index)].map { Float($0) } }
        let file = try drawn.png(type: 3, bits: bits, palette: Array(colours.joined()))
        #expect(try decoder.header(file).channels == 3 && decoder.decode(file).values == wanted)
        let weighed = drawn.samples.map { (index: UInt16) -> Float in
            let colour = colours[Int(index)].map { Int($0) }
            return Float(grey(colour[0], colour[1], colour[2]))
        }
        #expect(try decoder.decode(file, channels: 1).values == weighed)
    }

    @Test("what is not opaque is laid over white", arguments: [8, 16])
    func opacity(bits: Int) throws {
        let largest = 1 << bits - 1
        let scale: Float = bits == 8 ? 1 : 257
        func over(_ value: Int, _ opacity: Int) -> Float {
            Float((value * opacity + largest * (largest - opacity) + largest / 2) / largest) / scale
        }
        for isInterlaced in [false, true] {
            let grey = DrawnPicture.noise(8, 9, 2, largest: largest)
            let wantedGrey = (0..<72).map { (pixel: Int) -> Float in
                over(grey[pixel / 9, pixel % 9, 0], grey[pixel / 9, pixel % 9, 1])
            }
            let greyFile = try grey.png(type: 4, bits: bits, isInterlaced: isInterlaced)
            #expect(try decoder.decode(greyFile, channels: 1).values == wantedGrey)
            #expect(try decoder.decode(greyFile).values == wantedGrey.flatMap { [$0, $0, $0] })
            let colour = DrawnPicture.noise(8, 9, 4, largest: largest)
            let wanted = (0..<72).flatMap { (pixel: Int) -> [Float] in
                (0..<3).map { over(colour[pixel / 9, pixel % 9, $0], colour[pixel / 9, pixel % 9, 3]) }
            }
            let file = try colour.png(type: 6, bits: bits, isInterlaced: isInterlaced)
            #expect(try decoder.decode(file).values == wanted)
        }
    }

    @Test("a transparent colour, in grey, in RGB or in a palette, is white")
    func transparentColours() throws {
        let grey = DrawnPicture.noise(6, 7, 1, largest: 15)
        let greyFile = try grey.png(type: 0, bits: 4, transparent: [5])
        let wantedGrey = grey.samples.map { (index: UInt16) -> Float in index == 5 ? 255 : 17 * Float(index) }
        #expect(try decoder.decode(greyFile, channels: 1).values == wantedGrey)
        var colour = DrawnPicture.noise(6, 7, 3, largest: 65535)
        colour.samples.replaceSubrange(0..<3, with: [1000, 2000, 3000])
        let wanted: [Float] = [255, 255, 255] + colour.samples[3...].map { Float($0) / 257 }
        let file = try colour.png(type: 2, bits: 16, transparent: [1000, 2000, 3000])
        #expect(try decoder.decode(file).values == wanted)
        let index = DrawnPicture.noise(6, 7, 1, largest: 2)
        let palette = try index.png(
            type: 3, bits: 2, palette: [10, 20, 30, 40, 50, 60, 0, 0, 0], transparent: [255, 0, 51])
        let colours: [[Float]] = [[10, 20, 30], [255, 255, 255], [204, 204, 204]]
        #expect(try decoder.decode(palette).values == index.samples.flatMap { colours[Int($0)] })
    }

    // MARK: Orientation

    /// Where a pixel of the upright picture lies in the file (Exif 2.32, figure 6).
    private func place(_ orientation: Int, _ y: Int, _ x: Int, height: Int, width: Int) -> (Int, Int) {
        switch orientation {
        case 2: (y, width - 1 - x)
        case 3: (height - 1 - y, width - 1 - x)
        case 4: (height - 1 - y, x)
        case 5: (x, y)
        case 6: (height - 1 - x, y)
        case 7: (height - 1 - x, width - 1 - y)
        case 8: (x, width - 1 - y)
        default: (y, x)
        }
    }

    @Test("the camera's orientation is applied, from JPEG and PNG, in both orders of bytes", arguments: 1...8)
    func orientation(_ orientation: Int) throws {
        let (height, width) = (35, 70)
        let turns = orientation >= 5
        for (channels, bits) in [(1, 8), (3, 8), (1, 16), (3, 16)] {
            let drawn = DrawnPicture.noise(height, width, channels, largest: 1 << bits - 1)
            let plain = try drawn.png(type: channels == 1 ? 0 : 2, bits: bits)
            let stored = try decoder.decode(plain, channels: channels)
            let (rows, columns) = turns ? (width, height) : (height, width)
            let wanted = (0..<rows * columns).flatMap { (index: Int) -> [Float] in
                let from = place(orientation, index / columns, index % columns, height: height, width: width)
                return (0..<channels).map { stored.value(row: from.0, column: from.1, channel: $0) }
            }
            for isLittle in [true, false] {
                let chunk = PictureFiles.chunk("eXIf", PictureFiles.exif(orientation, isLittle: isLittle))
                let file = PictureFiles.inserting(chunk, into: plain, isLast: isLittle)
                let header = try decoder.header(file)
                #expect((header.height, header.width) == (rows, columns))
                #expect(try decoder.decode(file, channels: channels).values == wanted)
            }
        }
        let drawn = DrawnPicture.waves(height, width, 3)
        let stored = try decoder.decode(drawn.jpeg())
        for type in [1, 3, 4] {
            let exif = PictureFiles.exifName + PictureFiles.exif(orientation, isLittle: type != 1, type: type)
            let picture = try decoder.decode(drawn.jpeg(app1: exif))
            #expect((picture.height, picture.width) == (turns ? width : height, turns ? height : width))
            for (y, x) in [(0, 0), (1, 3), (30, 34)] {
                let from = place(orientation, y, x, height: height, width: width)
                #expect(
                    picture.value(row: y, column: x, channel: 1)
                        == stored.value(row: from.0, column: from.1, channel: 1))
            }
        }
    }

    @Test("Exif data that make no sense count as none")
    func brokenExif() throws {
        let drawn = DrawnPicture.waves(5, 9, 3)
        let whole = PictureFiles.exif(6)
        var broken = (0..<whole.count - 8).map { Array(whole[..<$0]) }  // the value ends 6 bytes before the end
        broken += [PictureFiles.exif(0), PictureFiles.exif(9), PictureFiles.exif(6, type: 2)]
        broken += [PictureFiles.exif(6, count: 2), PictureFiles.exif(6, count: 0), PictureFiles.exif(6, tag: 0x0113)]
        for (offset, value) in [(0, UInt8(0x58)), (2, 43), (4, 0xFF), (7, 0xFF), (8, 0xFF)] where offset != 8 {
            var bytes = whole
            bytes[offset] = value
            broken.append(bytes)
        }
        for exif in broken {
            let header = try decoder.header(drawn.jpeg(app1: PictureFiles.exifName + exif))
            #expect((header.height, header.width) == (5, 9), "\(exif)")
        }
        let turned = try decoder.header(drawn.jpeg(app1: PictureFiles.exifName + whole))
        #expect((turned.height, turned.width) == (9, 5))
    }

    @Test("a picture that is held stays as it is when the next is decoded, and memory of one that is not is used again")
    func memory() throws {
        let (first, second) = (DrawnPicture.noise(6, 6, 3, largest: 255), DrawnPicture.noise(5, 7, 3, largest: 199))
        let held = try decoder.decode(first.png(type: 2))
        let next = try decoder.decode(second.png(type: 2)).values
        #expect(held.values == first.samples.map { Float($0) } && next == second.samples.map { Float($0) })
        func address() throws -> UnsafeRawPointer? {
            try decoder.decode(first.png(type: 2)).withUnsafeBytes { $0.baseAddress }
        }
        #expect(try address() == address())
    }
}
