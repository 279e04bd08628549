import Kernels

/// Draws one handwritten-looking digit, a pure function of the digit and a key.
///
/// A variant of the digit's strokes gets jittered control points, then a smooth elastic displacement (after Simard,
/// Steinkraus and Platt 2003) and a random affine map; the curves are drawn with a pen of varying width, sometimes
/// with a stray fragment of another stroke, and noise is added. Only +, −, ×, ÷ and √ are used, so that every machine
/// draws the same bits.
struct DigitDrawing {
    private var numbers: NumberStream
    private let map: AffineMap
    private let elastic: ElasticField
    private let penRadius: Float

    /// How strongly digits vary.
    private enum Spread {
        static let jitter: Float = 0.03
        static let elastic: Float = 0.045
        static let radius: ClosedRange<Float> = 0.75...1.65
        static let pressure: Float = 0.12
        static let strayProbability: Float = 0.25
        static let intensity: ClosedRange<Float> = 150...255
        static let noise: ClosedRange<Float> = 4...40
    }

    private init(key: RandomKey) {
        numbers = NumberStream(key: key)
        map = AffineMap(&numbers)
        elastic = ElasticField(strength: Spread.elastic, &numbers)
        penRadius = numbers.uniform(in: Spread.radius)
    }

    /// What a drawing is known to show beside its digit.
    struct Traits {
        /// By how many pixels an upright line of the glyph leans to the right for each pixel that it rises: rotation
        /// and shear of the drawing together. The elastic displacement and the digit's own form are not part of it.
        let slant: Float
        /// The diameter of the pen in pixels, about which pressure varies it by an eighth.
        let strokeWidth: Float
    }

    /// What the drawing of `key` shows, without drawing it.
    static func traits(key: RandomKey) -> Traits {
        let drawing = DigitDrawing(key: key)
        return Traits(slant: drawing.map.slant, strokeWidth: 2 * drawing.penRadius)
    }

    /// Writes 28×28 bytes that show `digit`.
    static func draw(_ digit: Int, key: RandomKey, into pixels: UnsafeMutableBufferPointer<UInt8>) {
        let memory = StrokeCanvas.side * StrokeCanvas.rowStride
        withUnsafeTemporaryAllocation(of: Float.self, capacity: memory) { memory in
            memory.initialize(repeating: 0)
            let canvas = StrokeCanvas(memory: memory)
            var drawing = DigitDrawing(key: key)
            let variants = DigitGlyphs.glyphs[digit]
            for stroke in variants[drawing.numbers.integer(below: variants.count)] { drawing.draw(stroke, on: canvas) }
            if drawing.numbers.uniform() < Spread.strayProbability { drawing.drawStray(on: canvas) }
            drawing.develop(canvas, into: pixels, noiseKey: key.folding(1))
        }
    }

    /// Draws a Catmull–Rom curve (Catmull and Rom 1974) through the moved control points, three lines a span.
    private mutating func draw(_ stroke: PenStroke, on canvas: StrokeCanvas) {
        let count = stroke.points.count
        withUnsafeTemporaryAllocation(of: SIMD4<Float>.self, capacity: count) { points in  // x, y, pen radius, unused
            for index in 0..<count {
                let place = stroke.points[index] - 0.5 + Spread.jitter * numbers.normalPair()
                let pressure = 1 + Spread.pressure * numbers.normalPair().x
                let pixel = map.pixel(place + elastic.displacement(at: place))
                points.initializeElement(at: index, to: SIMD4(pixel.x, pixel.y, penRadius * pressure, 0))
            }
            for index in 0..<(count - 1) {
                let (a, b) = (points[index], points[index + 1])
                // Beyond an end or a corner the curve is continued straight.
                let before = index == 0 || stroke.isCorner[index] ? a + (a - b) : points[index - 1]
                let after = index == count - 2 || stroke.isCorner[index + 1] ? b + (b - a) : points[index + 2]
                var last = a
                for t: Float in [1.0 / 3, 2.0 / 3, 1] {
                    let next = curve(before, a, b, after, t)
                    canvas.drawLine(
                        from: SIMD2(last.x, last.y), to: SIMD2(next.x, next.y), startRadius: max(last.z, 0.4),
                        endRadius: max(next.z, 0.4))
                    last = next
                }
            }
        }
    }

    private func curve(_ p: SIMD4<Float>, _ a: SIMD4<Float>, _ b: SIMD4<Float>, _ q: SIMD4<Float>, _ t: Float) -> SIMD4<
        Float
    > {
        let linear = (b - p) * t
        let square = (p * 2 - a * 5 + b * 4 - q) * (t * t)
        let cube = (a * 3 - p - b * 3 + q) * (t * t * t)
        return a + (linear + square + cube) * 0.5
    }

    /// Draws a short piece of a line near the border, as if another character stood there.
    private mutating func drawStray(on canvas: StrokeCanvas) {
        let side = Float(StrokeCanvas.side)
        let (along, inset) = (numbers.uniform(in: 2...(side - 2)), numbers.uniform(in: 0...3.5))
        let start: SIMD2<Float>
        switch numbers.integer(below: 4) {
        case 0: start = SIMD2(along, inset)
        case 1: start = SIMD2(along, side - inset)
        case 2: start = SIMD2(inset, along)
        default: start = SIMD2(side - inset, along)
        }
        let end = start + 3 * numbers.normalPair()
        canvas.drawLine(from: start, to: end, startRadius: 0.8 * penRadius, endRadius: 0.6 * penRadius)
    }

    /// Turns coverage into bytes: ink intensity and noise of a random strength.
    private mutating func develop(
        _ canvas: StrokeCanvas, into pixels: UnsafeMutableBufferPointer<UInt8>, noiseKey: RandomKey
    ) {
        let intensity = numbers.uniform(in: Spread.intensity)
        let noise = numbers.uniform(in: Spread.noise)
        let side = StrokeCanvas.side
        var words = SIMD4<UInt32>.zero
        for pixel in 0..<(side * side) {
            // One Philox block gives the noise of sixteen pixels, a byte each.
            if pixel % 16 == 0 { words = noiseKey.block(at: UInt64(pixel / 16)) }
            let byte = words[pixel / 4 % 4] >> UInt32(8 * (pixel % 4)) & 255
            let value = intensity * canvas[pixel / side, pixel % side] + noise * (Float(byte) - 127.5) * (1 / 127.5)
            pixels[pixel] = UInt8(min(max(value, 0), 255))
        }
    }
}

/// Rotation, shear, scale and translation from the centred unit square to pixels.
private struct AffineMap {
    private let columnX: SIMD2<Float>
    private let columnY: SIMD2<Float>
    private let offset: SIMD2<Float>

    init(_ numbers: inout NumberStream) {
        let first = numbers.normalPair()
        let (angle, shear) = (0.17 * first.x, 0.17 * first.y)  // radians, and x per y
        let size = numbers.normalPair()
        let scale = 18.5 + 1.8 * size.x  // pixels of the unit square
        let aspect = 1 + 0.12 * size.y
        let square = angle * angle  // |angle| < 0.6: the next terms are below 1e-4
        let sine = angle * (1 - square / 6 * (1 - square / 20))
        let cosine = 1 - square / 2 * (1 - square / 12)
        columnX = SIMD2(cosine, sine) * (scale * aspect)
        columnY = SIMD2(-sine - shear * cosine, cosine - shear * sine) * scale
        offset = Float(StrokeCanvas.side) / 2 + 1.3 * numbers.normalPair()
    }

    /// Pixels to the right for each pixel up, of a line that is upright in the unit square; y points down.
    var slant: Float { -columnY.x / columnY.y }

    func pixel(_ place: SIMD2<Float>) -> SIMD2<Float> { columnX * place.x + columnY * place.y + offset }
}

/// A smooth displacement: 3×3 random vectors over the unit square, interpolated.
private struct ElasticField {
    private var vectors:
        (
            SIMD2<Float>, SIMD2<Float>, SIMD2<Float>, SIMD2<Float>, SIMD2<Float>, SIMD2<Float>, SIMD2<Float>,
            SIMD2<Float>, SIMD2<Float>
        )

    init(strength: Float, _ numbers: inout NumberStream) {
        func next() -> SIMD2<Float> { strength * numbers.normalPair() }
        vectors = (next(), next(), next(), next(), next(), next(), next(), next(), next())
    }

    /// The displacement at `place` of the centred unit square.
    func displacement(at place: SIMD2<Float>) -> SIMD2<Float> {
        let (x, y) = (weights(place.x), weights(place.y))
        let top = vectors.0 * x.0 + vectors.1 * x.1 + vectors.2 * x.2
        let middle = vectors.3 * x.0 + vectors.4 * x.1 + vectors.5 * x.2
        let bottom = vectors.6 * x.0 + vectors.7 * x.1 + vectors.8 * x.2
        return top * y.0 + middle * y.1 + bottom * y.2
    }

    /// Quadratic Lagrange weights of the nodes −½, 0 and ½.
    private func weights(_ x: Float) -> (Float, Float, Float) {
        (x * (2 * x - 1), 1 - 4 * x * x, x * (2 * x + 1))
    }
}
