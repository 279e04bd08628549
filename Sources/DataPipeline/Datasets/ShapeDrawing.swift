import Kernels

/// Draws one picture of a shape, a pure function of its look and a key.
///
/// Only +, −, ×, ÷ and √ are used, so that every machine draws the same bits.
struct ShapeDrawing {
    /// What a class says of a picture; nil for what it leaves open.
    struct Look {
        let shape: Int
        let colour: Int?
        let ground: Int?

        init(label: Int, classes: Int) {
            shape = label % 10
            colour = classes > 10 ? label / 10 % 10 : nil
            ground = classes > 100 ? label / 100 % 10 : nil
        }
    }

    private let shape: DrawnShape
    private let ground: GroundPattern
    private let height: Int
    private let width: Int
    /// Middle and radius of the shape in pixels, and the direction of its own x axis.
    private let middle: SIMD2<Float>
    private let radius: Float
    private let axis: SIMD2<Float>
    /// The same of the ground: where its pattern begins, the length of a period in pixels, its direction.
    private let origin: SIMD2<Float>
    private let period: Float
    private let groundAxis: SIMD2<Float>
    /// Red, green and blue, 0…255.
    private let colour: SIMD3<Float>
    private let groundColours: (SIMD3<Float>, SIMD3<Float>)
    private let noise: Float
    private let noiseKey: RandomKey

    init(_ look: Look, height: Int, width: Int, key: RandomKey) {
        var numbers = NumberStream(key: key)
        let side = Float(min(height, width))
        let chosenColour = numbers.integer(below: 10)
        let chosenGround = numbers.integer(below: 10)
        shape = DrawnShape.allCases[look.shape]
        ground = GroundPattern.allCases[look.ground ?? chosenGround]
        self.height = height
        self.width = width
        radius = side * numbers.uniform(in: 0.2...0.36)
        middle = SIMD2(
            numbers.uniform(in: 0.38...0.62) * Float(width), numbers.uniform(in: 0.38...0.62) * Float(height))
        axis = numbers.direction()
        origin = SIMD2(numbers.uniform(), numbers.uniform()) * side
        period = side * numbers.uniform(in: 0.12...0.3)
        groundAxis = numbers.direction()
        let light = numbers.uniform(in: 0.7...1.1)
        colour = light * ShapePalette.colours[look.colour ?? chosenColour].value
        let tint = SIMD3(numbers.uniform(), numbers.uniform(), numbers.uniform())
        let (dark, bright) = (numbers.uniform(in: 30...90), numbers.uniform(in: 120...200))
        groundColours = (dark + 40 * tint, bright + 40 * (1 - tint))
        noise = numbers.uniform(in: 4...30)
        noiseKey = key.folding(1)
    }

    /// Writes height · width · 3 whole numbers of 0…255.
    func draw(into pixels: UnsafeMutableBufferPointer<Float>) {
        var words = SIMD4<UInt32>.zero
        var byte = 16
        var counter: UInt64 = 0
        for row in 0..<height {
            for column in 0..<width {
                let place = SIMD2(Float(column) + 0.5, Float(row) + 0.5)
                let value = colour(at: place)
                let first = (row * width + column) * 3
                for channel in 0..<3 {
                    // One block gives the noise of sixteen numbers, a byte each.
                    if byte == 16 {
                        words = noiseKey.block(at: counter)
                        counter += 1
                        byte = 0
                    }
                    let random = Float(words[byte / 4] >> UInt32(8 * (byte % 4)) & 255)
                    byte += 1
                    let level = value[channel] + noise * (random - 127.5) * (1 / 127.5)
                    pixels[first + channel] = min(max(level, 0), 255).rounded(.down)
                }
            }
        }
    }

    private func colour(at place: SIMD2<Float>) -> SIMD3<Float> {
        let inGround = ShapeDrawing.turned(place - origin, by: groundAxis) / period
        let share = ground.share(at: inGround)
        let behind = groundColours.0 + share * (groundColours.1 - groundColours.0)
        let inShape = ShapeDrawing.turned(place - middle, by: axis) / radius
        // A pixel at the edge belongs to both.
        let covered = min(max(0.5 - shape.distance(inShape) * radius, 0), 1)
        return behind + covered * (colour - behind)
    }

    private static func turned(_ p: SIMD2<Float>, by axis: SIMD2<Float>) -> SIMD2<Float> {
        SIMD2(p.x * axis.x + p.y * axis.y, p.y * axis.x - p.x * axis.y)
    }
}
