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

    @Test func valuesOutsideOfTheRangeAreCutOff() throws {
        func sheet(_ value: Float) throws -> Data {
            try PNGFile.sheet([value, value, value], count: 1, height: 1, width: 1, channels: 3, columns: 1)
        }
        #expect(try sheet(1e9) == sheet(255) && sheet(.infinity) == sheet(255))
        #expect(try sheet(-3) == sheet(0) && sheet(.nan) == sheet(0) && sheet(255) != sheet(0))
    }
}
