/// F(4, 5) with the points 0, ±1, ±2, ±½, ∞: 64 products for 16 outputs of a 5×5 filter, 4/25 of the direct algorithm's
/// 400.
///
/// The transform of the input is that of F(6, 3), which has the same points.
enum WinogradF4Of5: WinogradTile {
    static var outputs: Int { 4 }
    static var taps: Int { 5 }
    /// Eight points magnify rounding to 1.5 times a direct convolution's.
    static var allowsRounding: Bool { false }

    @inline(__always) private static func constant(_ value: Float) -> Vector { Vector(repeating: value) }

    /// The values at a point and its negative, from the even and the odd part.
    @inline(__always)
    private static func pair(_ even: Vector, _ odd: Vector, _ first: Int, _ out: (Int, Vector) -> Void) {
        out(first, even + odd)
        out(first + 1, even - odd)
    }

    @inline(__always)
    static func input(_ d: (Int) -> Vector, _ out: (Int, Vector) -> Void) {
        let d1 = d(1), d2 = d(2), d3 = d(3), d4 = d(4), d5 = d(5), d6 = d(6)
        out(0, (d(0) - d6).addingProduct(d4 - d2, constant(5.25)))
        pair((d2 + d6).addingProduct(d4, constant(-4.25)), (d1 + d5).addingProduct(d3, constant(-4.25)), 1, out)
        pair(
            d6.addingProduct(d2, constant(0.25)).addingProduct(d4, constant(-1.25)),
            (d1 * constant(0.5)).addingProduct(d3, constant(-2.5)).addingProduct(d5, constant(2)), 3, out)
        pair(
            d6.addingProduct(d2, constant(4)).addingProduct(d4, constant(-5)),
            (d1 * constant(2)).addingProduct(d3, constant(-2.5)).addingProduct(d5, constant(0.5)), 5, out)
        out(7, (d(7) - d1).addingProduct(d3 - d5, constant(5.25)))
    }

    @inline(__always)
    static func filter(_ g: (Int) -> Vector, _ out: (Int, Vector) -> Void) {
        let g0 = g(0), g1 = g(1), g2 = g(2), g3 = g(3), g4 = g(4)
        out(0, g0)
        pair((g0 + g2 + g4) * constant(-2 / 9), (g1 + g3) * constant(-2 / 9), 1, out)
        pair(
            g0.addingProduct(g2, constant(4)).addingProduct(g4, constant(16)) * constant(1 / 90),
            g1.addingProduct(g3, constant(4)) * constant(1 / 45), 3, out)
        pair(
            g0.addingProduct(g2, constant(1 / 4)).addingProduct(g4, constant(1 / 16)) * constant(32 / 45),
            g1.addingProduct(g3, constant(1 / 4)) * constant(16 / 45), 5, out)
        out(7, g4)
    }

    @inline(__always)
    static func output(_ m: (Int) -> Vector, _ out: (Int, Vector) -> Void) {
        let sum1 = m(1) + m(2), difference1 = m(1) - m(2)
        let sum2 = m(3) + m(4), difference2 = m(3) - m(4)
        let sum3 = m(5) + m(6), difference3 = m(5) - m(6)
        out(0, m(0) + sum1 + sum2 + sum3)
        out(1, difference1.addingProduct(difference2, constant(2)).addingProduct(difference3, constant(1 / 2)))
        out(2, sum1.addingProduct(sum2, constant(4)).addingProduct(sum3, constant(1 / 4)))
        out(3, (difference1 + m(7)).addingProduct(difference2, constant(8)).addingProduct(difference3, constant(1 / 8)))
    }

    @inline(__always)
    static func outputAdjoint(_ y: (Int) -> Vector, _ out: (Int, Vector) -> Void) {
        let y0 = y(0), y1 = y(1), y2 = y(2), y3 = y(3)
        out(0, y0)
        pair(y0 + y2, y1 + y3, 1, out)
        pair(y0.addingProduct(y2, constant(4)), (y1 * constant(2)).addingProduct(y3, constant(8)), 3, out)
        pair(y0.addingProduct(y2, constant(1 / 4)), (y1 * constant(1 / 2)).addingProduct(y3, constant(1 / 8)), 5, out)
        out(7, y3)
    }

    @inline(__always)
    static func inputAdjoint(_ v: (Int) -> Vector, _ out: (Int, Vector) -> Void) {
        let v0 = v(0), v7 = v(7)
        let sum1 = v(1) + v(2), difference1 = v(1) - v(2)
        let sum2 = v(3) + v(4), difference2 = v(3) - v(4)
        let sum3 = v(5) + v(6), difference3 = v(5) - v(6)
        out(0, v0)
        out(1, (difference1 - v7).addingProduct(difference2, constant(0.5)).addingProduct(difference3, constant(2)))
        out(
            2,
            sum1.addingProduct(v0, constant(-5.25)).addingProduct(sum2, constant(0.25)).addingProduct(sum3, constant(4))
        )
        out(
            3,
            (v7 * constant(5.25)).addingProduct(difference1, constant(-4.25)).addingProduct(
                difference2 + difference3, constant(-2.5)))
        out(
            4,
            (v0 * constant(5.25)).addingProduct(sum1, constant(-4.25)).addingProduct(sum2, constant(-1.25))
                .addingProduct(sum3, constant(-5)))
        out(
            5,
            difference1.addingProduct(v7, constant(-5.25)).addingProduct(difference2, constant(2)).addingProduct(
                difference3, constant(0.5)))
        out(6, sum1 + sum2 + sum3 - v0)
        out(7, v7)
    }

    @inline(__always)
    static func filterAdjoint(_ u: (Int) -> Vector, _ out: (Int, Vector) -> Void) {
        let sum1 = (u(1) + u(2)) * constant(-2 / 9), difference1 = (u(1) - u(2)) * constant(-2 / 9)
        let sum2 = (u(3) + u(4)) * constant(1 / 90), difference2 = (u(3) - u(4)) * constant(1 / 90)
        let sum3 = (u(5) + u(6)) * constant(32 / 45), difference3 = (u(5) - u(6)) * constant(32 / 45)
        out(0, u(0) + sum1 + sum2 + sum3)
        out(1, difference1.addingProduct(difference2, constant(2)).addingProduct(difference3, constant(1 / 2)))
        out(2, sum1.addingProduct(sum2, constant(4)).addingProduct(sum3, constant(1 / 4)))
        out(3, difference1.addingProduct(difference2, constant(8)).addingProduct(difference3, constant(1 / 8)))
        out(4, (sum1 + u(7)).addingProduct(sum2, constant(16)).addingProduct(sum3, constant(1 / 16)))
    }
}
