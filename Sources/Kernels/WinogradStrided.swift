/// The one-dimensional transforms of a 3-tap filter with stride 2: 4 outputs of 9 samples from 9 products.
///
/// y[j] = g₀ d[2j] + g₁ d[2j+1] + g₂ d[2j+2]: a 2-tap filter over the even samples plus a 1-tap filter over the odd
/// ones. The even part is F(4, 2) with the points 0, 1, −1, 2, ∞ (5 products). The odd part, extended by a fifth sample
/// that makes its product at ∞ vanish, has 4 products at the same points, so both parts add up before the output
/// transform; its filter is g₁ at every point. Winograd 1980; Huang et al., "DWM: a decomposable Winograd method for
/// convolution acceleration", AAAI 2020.
///
/// Products 0…4 are the even part's at the points in this order, 5…8 the odd part's at the four finite ones.
enum WinogradStrided: WinogradTile {
    static var outputs: Int { 4 }
    static var stride: Int { 2 }
    static var samples: Int { 9 }
    static var points: Int { 5 }
    /// The even part's five, and the odd part's one.
    static var filters: Int { 6 }

    @inline(__always) static func point(of product: Int) -> Int { product < 5 ? product : product - 5 }
    @inline(__always) static func filter(of product: Int) -> Int { min(product, 5) }

    @inline(__always) private static func constant(_ value: Float) -> Vector { Vector(repeating: value) }

    /// Samples to products.
    @inline(__always)
    static func input(_ d: (Int) -> Vector, _ out: (Int, Vector) -> Void) {
        let d4 = d(4)
        let difference = finite(d(0), d(2), d4, d(6), 0, out)
        out(4, (d(8) - d4).addingProduct(difference, constant(-2)))
        _ = finite(d(1), d(3), d(5), d(7), 5, out)
    }

    /// The products at 0, 1, −1, 2, whose inverse Vandermonde matrix this is; returns d3 − d1.
    @inline(__always)
    private static func finite(
        _ d0: Vector, _ d1: Vector, _ d2: Vector, _ d3: Vector, _ first: Int, _ out: (Int, Vector) -> Void
    ) -> Vector {
        let difference = d3 - d1
        out(first, (d0 - d2).addingProduct(difference, constant(0.5)))
        out(first + 1, d1.addingProduct(d2 - d3, constant(0.5)))
        out(first + 2, ((d2 - d1) * constant(0.5)).addingProduct(difference, constant(-1 / 6)))
        out(first + 3, difference * constant(1 / 6))
        return difference
    }

    /// The adjoint of `input`.
    @inline(__always)
    static func inputAdjoint(_ v: (Int) -> Vector, _ out: (Int, Vector) -> Void) {
        let infinity = v(4)
        finiteAdjoint(v(0), v(1), v(2), v(3)) { d0, d1, d2, d3 in
            out(0, d0)
            out(2, d1.addingProduct(infinity, constant(2)))
            out(4, d2 - infinity)
            out(6, d3.addingProduct(infinity, constant(-2)))
        }
        out(8, infinity)
        finiteAdjoint(v(5), v(6), v(7), v(8)) { d0, d1, d2, d3 in
            out(1, d0)
            out(3, d1)
            out(5, d2)
            out(7, d3)
        }
    }

    @inline(__always)
    private static func finiteAdjoint(
        _ v0: Vector, _ v1: Vector, _ v2: Vector, _ v3: Vector, _ out: (Vector, Vector, Vector, Vector) -> Void
    ) {
        let half = (v0 - v1) * constant(0.5)
        let sixth = (v3 - v2) * constant(1 / 6)
        let d3 = half + sixth
        out(
            v0, (v1 - v2 * constant(0.5)) - (v0 * constant(0.5)) - sixth,
            (v1 + v2).addingProduct(v0, constant(-2)) * constant(0.5), d3)
    }

    /// Taps to the even part's five values and the odd part's one.
    @inline(__always)
    static func filter(_ g: (Int) -> Vector, _ out: (Int, Vector) -> Void) {
        let g0 = g(0), g2 = g(2)
        out(0, g0)
        out(1, g0 + g2)
        out(2, g0 - g2)
        out(3, g0.addingProduct(g2, constant(2)))
        out(4, g2)
        out(5, g(1))
    }

    /// The adjoint of `filter`.
    @inline(__always)
    static func filterAdjoint(_ u: (Int) -> Vector, _ out: (Int, Vector) -> Void) {
        let u1 = u(1), u2 = u(2), u3 = u(3)
        out(0, u(0) + u1 + u2 + u3)
        out(1, u(5))
        out(2, (u1 - u2 + u(4)).addingProduct(u3, constant(2)))
    }

    /// Sums at the points to outputs.
    @inline(__always)
    static func output(_ m: (Int) -> Vector, _ out: (Int, Vector) -> Void) {
        let m3 = m(3)
        let sum = m(1) + m(2), difference = m(1) - m(2)
        out(0, m(0) + sum + m3)
        out(1, difference.addingProduct(m3, constant(2)))
        out(2, sum.addingProduct(m3, constant(4)))
        out(3, (difference + m(4)).addingProduct(m3, constant(8)))
    }

    /// The adjoint of `output`.
    @inline(__always)
    static func outputAdjoint(_ y: (Int) -> Vector, _ out: (Int, Vector) -> Void) {
        let y0 = y(0), y1 = y(1), y2 = y(2), y3 = y(3)
        let even = y0 + y2, odd = y1 + y3
        out(0, y0)
        out(1, even + odd)
        out(2, even - odd)
        out(3, y0.addingProduct(y2, constant(4)) + (y1 * constant(2)).addingProduct(y3, constant(8)))
        out(4, y3)
    }
}
