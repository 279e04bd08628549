import Foundation
import Reporting
import Testing

struct PNGFileTests {
    @Test func aSheetIsAPNGWithADarkPixelBetweenPictures() throws {
        let values = [Float](repeating: 200, count: 3 * 4 * 5)
        let data = try PNGFile.sheet(values, count: 3, height: 4, width: 5, channels: 1, columns: 2)
        #expect(data.prefix(8) == Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]))
        // Width and height of the header chunk: 2 · (5 + 1) + 1 and 2 · (4 + 1) + 1.
        #expect(Array(data[16..<24]) == [0, 0, 0, 13, 0, 0, 0, 11])
    }

    /// Colours of a table are the pictures' own where there are few, and else near them.
    @Test(arguments: [3, 256, 700]) func aPictureKeepsItsColoursInATable(count: Int) throws {
        let pixels = (0..<4000).flatMap { pixel -> [UInt8] in
            let color = pixel % (pixel < 3000 ? min(count, 256) : count)
            return [UInt8(color % 256), UInt8(color / 256 * 3), 200]
        }
        let table = ColorTable(pixels)
        #expect(table.colors.count == 3 * min(count, 256))
        let shown = table.places.flatMap { table.colors[3 * Int($0)..<3 * Int($0) + 3] }
        let farthest = zip(shown, pixels).map { abs(Int($0) - Int($1)) }.max() ?? 0
        #expect(count <= 256 ? shown == pixels : farthest <= 6, "\(farthest)")
        let file = try PNGFile.bytes(table, height: 40, width: 100)
        // 8 bits of a pixel, or 2 where that is enough, and the colour type of pictures with a table.
        #expect(file[24] == (count > 16 ? 8 : 2) && file[25] == 3)
    }

    @Test func valuesOutsideOfTheRangeAreCutOff() throws {
        func sheet(_ value: Float) throws -> Data {
            try PNGFile.sheet([value, value, value], count: 1, height: 1, width: 1, channels: 3, columns: 1)
        }
        #expect(try sheet(1e9) == sheet(255) && sheet(.infinity) == sheet(255))
        #expect(try sheet(-3) == sheet(0) && sheet(.nan) == sheet(0) && sheet(255) != sheet(0))
    }
}
