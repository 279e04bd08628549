/// The shapes of drawn pictures, in the order of their classes.
enum DrawnShape: String, CaseIterable {
    case disc, ring, square, frame, triangle, cross, bar, dome, crescent, pair

    /// About the distance to the edge in radii, negative inside; the shape lies within a circle of radius 1 or a little
    /// more.
    func distance(_ p: SIMD2<Float>) -> Float {
        let length = (p * p).sum().squareRoot()
        let (x, y) = (abs(p.x), abs(p.y))
        switch self {
        case .disc: return length - 0.9
        case .ring: return abs(length - 0.75) - 0.2
        case .square: return max(x, y) - 0.8
        case .frame: return abs(max(x, y) - 0.7) - 0.17
        case .triangle: return max(-p.y - 0.5, 0.866 * x + 0.5 * p.y - 0.5)
        case .cross: return min(max(x - 1, y - 0.28), max(x - 0.28, y - 1))
        case .bar: return max(x - 1.1, y - 0.25)
        case .dome: return max(length - 1, -p.y)
        case .crescent: return max(length - 1, 0.8 - ((p.x - 0.5) * (p.x - 0.5) + p.y * p.y).squareRoot())
        case .pair: return ((x - 0.6) * (x - 0.6) + p.y * p.y).squareRoot() - 0.4
        }
    }
}

/// What the ground of drawn pictures shows, in the order of their classes.
enum GroundPattern: String, CaseIterable {
    case plain, stripes, squares, dots, rings, waves, grid, slope, dashes, bricks

    /// The share of the second colour, 0…1, at a place in periods.
    func share(at p: SIMD2<Float>) -> Float {
        let (x, y) = (fraction(p.x), fraction(p.y))
        switch self {
        case .plain: return 0.3
        case .stripes: return x < 0.5 ? 0 : 1
        case .squares: return (x < 0.5) == (y < 0.5) ? 0 : 1
        case .dots: return (x - 0.5) * (x - 0.5) + (y - 0.5) * (y - 0.5) < 0.09 ? 1 : 0
        case .rings: return fraction((p * p).sum().squareRoot()) < 0.5 ? 0 : 1
        case .waves: return fraction(p.x + 0.6 * abs(y - 0.5)) < 0.5 ? 0 : 1
        case .grid: return x < 0.2 || y < 0.2 ? 1 : 0
        case .slope: return abs(2 * fraction(0.2 * p.x) - 1)
        case .dashes: return x < 0.35 && y < 0.6 ? 1 : 0
        case .bricks: return y < 0.15 || fraction(p.x + (fraction(0.5 * p.y) < 0.5 ? 0 : 0.5)) < 0.12 ? 1 : 0
        }
    }

    private func fraction(_ x: Float) -> Float { x - x.rounded(.down) }
}

/// The colours of drawn shapes, in the order of their classes.
enum ShapePalette {
    static let colours: [(name: String, value: SIMD3<Float>)] = [
        ("red", SIMD3(220, 40, 40)), ("green", SIMD3(40, 170, 60)), ("blue", SIMD3(50, 70, 220)),
        ("yellow", SIMD3(230, 215, 50)), ("purple", SIMD3(150, 50, 190)), ("orange", SIMD3(240, 140, 30)),
        ("cyan", SIMD3(50, 200, 220)), ("pink", SIMD3(240, 140, 190)), ("white", SIMD3(235, 235, 235)),
        ("black", SIMD3(20, 20, 20)),
    ]
}
