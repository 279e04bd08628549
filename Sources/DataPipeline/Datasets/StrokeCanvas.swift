/// A 28×28 drawing of pen coverage 0…1, kept in rows of 32 so that a row is two vectors.
struct StrokeCanvas {
    static let side = 28
    static let rowStride = 32
    /// `side` rows of `rowStride` floats.
    private let coverage: UnsafeMutableBufferPointer<Float>

    /// An empty canvas in `memory`, which holds at least side · rowStride floats.
    init(memory: UnsafeMutableBufferPointer<Float>) {
        precondition(memory.count >= StrokeCanvas.side * StrokeCanvas.rowStride, "StrokeCanvas: \(memory.count) floats")
        coverage = memory
        coverage.update(repeating: 0)
    }

    /// The coverage of the pixel in row `y` and column `x`.
    subscript(y: Int, x: Int) -> Float { coverage[y * StrokeCanvas.rowStride + x] }

    /// Draws a line with round ends from `start` to `end`, in pixels, whose half width goes from `startRadius` to
    /// `endRadius`.
    ///
    /// Coverage of a pixel is clamp(r − d + ½, 0, 1), d its centre's distance to the line; overlapping lines keep the
    /// larger.
    func drawLine(from start: SIMD2<Float>, to end: SIMD2<Float>, startRadius: Float, endRadius: Float) {
        let reach = max(startRadius, endRadius) + 0.5
        let firstRow = max(0, Int((min(start.y, end.y) - reach).rounded(.down)))
        let lastRow = min(StrokeCanvas.side - 1, Int((max(start.y, end.y) + reach).rounded(.up)))
        let left = min(start.x, end.x) - reach
        let right = max(start.x, end.x) + reach
        guard firstRow <= lastRow, right > 0, left < Float(StrokeCanvas.side), let base = coverage.baseAddress else {
            return
        }
        let direction = end - start
        let inverseSquare = 1 / max((direction * direction).sum(), 1e-12)
        for half in 0..<2 where right > Float(16 * half) && left < Float(16 * half + 16) {
            let x =
                SIMD16<Float>(0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5, 10.5, 11.5, 12.5, 13.5, 14.5, 15.5)
                + Float(16 * half)
            let fromStart = x - start.x
            for row in firstRow...lastRow {
                let down = Float(row) + 0.5 - start.y
                let along = clampToUnit((fromStart * direction.x + down * direction.y) * inverseSquare)
                let dx = fromStart - along * direction.x
                let dy = down - along * direction.y
                let distance = (dx * dx + dy * dy).squareRoot()
                let covered = clampToUnit(startRadius + along * (endRadius - startRadius) - distance + 0.5)
                let place = UnsafeMutableRawPointer(base + row * StrokeCanvas.rowStride + 16 * half)
                let before = place.loadUnaligned(as: SIMD16<Float>.self)
                place.storeBytes(of: before.replacing(with: covered, where: covered .> before), as: SIMD16<Float>.self)
            }
        }
    }
}

@inline(__always)
private func clampToUnit(_ x: SIMD16<Float>) -> SIMD16<Float> {
    x.replacing(with: 0, where: x .< 0).replacing(with: 1, where: x .> 1)
}
