import Kernels

/// A coloured shape at a place of a picture, a pure function of a key.
///
/// Only +, −, ×, ÷ and √ are used, so that every machine draws the same bits.
struct PlacedObject {
    /// Of ``DrawnShape``.
    let shape: Int
    /// Red, green and blue, 0…255.
    let colour: SIMD3<Float>
    /// In pixels, x first.
    private let middle: SIMD2<Float>
    private let radius: Float
    /// The direction of its own x axis.
    private let axis: SIMD2<Float>

    /// - Parameter shape: less than the number of shapes.
    init(shape: Int, height: Int, width: Int, _ numbers: inout NumberStream) {
        let side = Float(min(height, width))
        self.shape = shape
        radius = side * numbers.uniform(in: 0.16...0.3)
        let room = SIMD2(Float(width), Float(height)) - 2 * radius
        middle = radius + room * SIMD2(numbers.uniform(), numbers.uniform())
        axis = numbers.direction()
        let light = numbers.uniform(in: 0.8...1.1)
        colour = light * ShapePalette.colours[numbers.integer(below: ShapePalette.colours.count)].value
    }

    /// How much of a pixel it covers, 0…1.
    ///
    /// - Parameter place: of the pixel's middle, x first.
    func cover(at place: SIMD2<Float>) -> Float {
        let p = place - middle
        let own = SIMD2(p.x * axis.x + p.y * axis.y, p.y * axis.x - p.x * axis.y) / radius
        return min(max(0.5 - DrawnShape.allCases[shape].distance(own) * radius, 0), 1)
    }
}

/// What lies behind the things of a picture: a pattern of two dull colours, with noise over all of it.
struct Backdrop {
    private let pattern: GroundPattern
    private let origin: SIMD2<Float>
    private let period: Float
    private let axis: SIMD2<Float>
    private let colours: (SIMD3<Float>, SIMD3<Float>)
    private let noise: Float

    init(height: Int, width: Int, _ numbers: inout NumberStream) {
        let side = Float(min(height, width))
        pattern = GroundPattern.allCases[numbers.integer(below: GroundPattern.allCases.count)]
        origin = SIMD2(numbers.uniform(), numbers.uniform()) * side
        period = side * numbers.uniform(in: 0.12...0.3)
        axis = numbers.direction()
        let tint = SIMD3(numbers.uniform(), numbers.uniform(), numbers.uniform())
        let (dark, bright) = (numbers.uniform(in: 40...90), numbers.uniform(in: 110...170))
        colours = (dark + 40 * tint, bright + 40 * (1 - tint))
        noise = numbers.uniform(in: 4...20)
    }

    func colour(at place: SIMD2<Float>) -> SIMD3<Float> {
        let p = place - origin
        let own = SIMD2(p.x * axis.x + p.y * axis.y, p.y * axis.x - p.x * axis.y) / period
        return colours.0 + pattern.share(at: own) * (colours.1 - colours.0)
    }

    /// Writes a picture, [height, width, 3].
    ///
    /// - Parameters:
    ///   - key: of the noise.
    ///   - colour: of a pixel by its middle and by what lies behind everything.
    func draw(
        into pixels: UnsafeMutableBufferPointer<UInt8>, width: Int, key: RandomKey,
        _ colour: (_ place: SIMD2<Float>, _ behind: SIMD3<Float>) -> SIMD3<Float>
    ) {
        for pixel in 0..<pixels.count / 3 {
            let place = SIMD2(Float(pixel % width) + 0.5, Float(pixel / width) + 0.5)
            let value = colour(place, self.colour(at: place))
            let words = key.block(at: UInt64(pixel))
            for channel in 0..<3 {
                let level = value[channel] + noise * (2 * RandomKey.unit(words[channel]) - 1)
                pixels[3 * pixel + channel] = UInt8(min(max(level, 0), 255))
            }
        }
    }
}

extension NumberStream {
    /// A unit vector; the angles of short draws are a little more frequent towards the diagonals.
    mutating func direction() -> SIMD2<Float> { (SIMD2(uniform(in: -1...1), uniform(in: -1...1))).unit }
}

extension SIMD2<Float> {
    /// The vector of length 1 in its direction; (1, 0) of one that has hardly any length.
    var unit: SIMD2<Float> {
        let length = (self * self).sum().squareRoot()
        return length > 0.01 ? self / length : SIMD2(1, 0)
    }
}
