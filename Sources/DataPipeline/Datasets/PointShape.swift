/// How two classes of points lie in the plane, within about −1…1 (after Minsky and Papert 1969, and the usual toy
/// sets).
///
/// Only +, −, ×, ÷ and √ are used, so that every machine draws the same bits.
package enum PointShape: String, CaseIterable, Sendable {
    /// On the two sides of the line 0.6 x + 0.8 y = 0, each at least 0.2 away from it.
    case linear
    /// Class 0 where x and y have the same sign, class 1 where they have not, each at least 0.2 away from the axes: no
    /// line is right for more than three of the four squares.
    case xor
    /// A circle of radius 0.5, and one of radius 1 around it.
    case circles
    /// Two half circles of radius 2/3 that reach into each other.
    case moons
    /// Two arms that wind one and a half times around the origin.
    case spirals

    /// A point of class `label`, 0 or 1, without noise.
    func point(of label: Int, _ numbers: inout NumberStream) -> SIMD2<Float> {
        let side: Float = label == 0 ? 1 : -1
        switch self {
        case .linear:
            let normal = SIMD2<Float>(0.6, 0.8)
            let place = SIMD2(numbers.uniform(in: -1...1), numbers.uniform(in: -1...1))
            let isOnItsSide = side * (place * normal).sum() <= 0
            return (isOnItsSide ? place : -place) * 0.8 - 0.2 * side * normal
        case .xor:
            let x = numbers.uniform(in: 0.2...1) * (numbers.integer(below: 2) == 0 ? 1 : -1)
            return SIMD2(x, (x < 0 ? -side : side) * numbers.uniform(in: 0.2...1))
        case .circles:
            return PointShape.direction(turns: numbers.uniform()) * (label == 0 ? 0.5 : 1)
        case .moons:
            let place = PointShape.direction(turns: 0.5 * numbers.uniform()) - SIMD2(0.5, 0.25)
            return side * place * (2 / 3)
        case .spirals:
            // The root spreads the points evenly along an arm.
            let along = numbers.uniform().squareRoot()
            return PointShape.direction(turns: 1.5 * along) * (side * (0.1 + 0.9 * along))
        }
    }

    /// The unit vector that many turns to the left of (1, 0), right to 10⁻⁶.
    ///
    /// - Parameter turns: at least 0.
    private static func direction(turns: Float) -> SIMD2<Float> {
        let quarters = 4 * turns
        let whole = quarters.rounded(.down)
        let angle = (quarters - whole) * (Float.pi / 2)
        let square = angle * angle
        // Taylor's series; the next terms are below 4·10⁻⁷ for a right angle.
        let sine =
            angle * (1 - square / 6 * (1 - square / 20 * (1 - square / 42 * (1 - square / 72 * (1 - square / 110)))))
        let cosine =
            1 - square / 2 * (1 - square / 12 * (1 - square / 30 * (1 - square / 56 * (1 - square / 90))))
        switch Int(whole) % 4 {
        case 0: return SIMD2(cosine, sine)
        case 1: return SIMD2(-sine, cosine)
        case 2: return SIMD2(-cosine, -sine)
        default: return SIMD2(sine, -cosine)
        }
    }
}
