/// The colours of a picture, and each pixel's place among them: a picture of few colours takes a third of the bytes so.
package struct ColorTable {
    /// As many as a byte can tell apart.
    static let most = 256

    /// Red, green and blue of each, the most frequent first.
    package let colors: [UInt8]
    /// Of each pixel, in row-major order.
    package let places: [UInt8]

    /// - Parameter pixels: red, green and blue of each. Of more colours than the table holds, those that are rarest, as
    ///   where curves cross, become the nearest of the others.
    package init(_ pixels: [UInt8]) {
        func color(_ pixel: Int) -> Int {
            Int(pixels[3 * pixel]) << 16 | Int(pixels[3 * pixel + 1]) << 8 | Int(pixels[3 * pixel + 2])
        }
        let count = pixels.count / 3
        var numbers: [Int: Int] = [:]
        var found: [(color: Int, count: Int)] = []
        var first = [Int](repeating: 0, count: count)
        var (last, number) = (-1, 0)
        for pixel in 0..<count {
            let own = color(pixel)
            if own != last {
                number = numbers[own] ?? found.count
                if number == found.count {
                    numbers[own] = number
                    found.append((own, 0))
                }
                last = own
            }
            found[number].count += 1
            first[pixel] = number
        }
        let order = found.indices.sorted { (-found[$0].count, found[$0].color) < (-found[$1].count, found[$1].color) }
        let kept = order.prefix(ColorTable.most).map { found[$0].color }
        var targets = [UInt8](repeating: 0, count: found.count)
        for (place, number) in order.enumerated() {
            targets[number] = UInt8(place < kept.count ? place : ColorTable.nearest(to: found[number].color, in: kept))
        }
        colors = kept.flatMap { [UInt8($0 >> 16), UInt8($0 >> 8 & 255), UInt8($0 & 255)] }
        places = first.map { targets[$0] }
    }

    /// The place of the color with the least sum of squared differences in red, green and blue.
    private static func nearest(to color: Int, in colors: [Int]) -> Int {
        func distance(_ other: Int) -> Int {
            [16, 8, 0].reduce(0) { sum, shift in
                let difference = (color >> shift & 255) - (other >> shift & 255)
                return sum + difference * difference
            }
        }
        return colors.indices.min { distance(colors[$0]) < distance(colors[$1]) } ?? 0
    }
}
