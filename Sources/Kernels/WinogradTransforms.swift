/// The one-dimensional transforms of a Winograd algorithm: some outputs of an r-tap filter from as few products as
/// possible.
///
/// Winograd 1980; Lavin and Gray, "Fast algorithms for convolutional neural networks", CVPR 2016, section 4.
/// Two-dimensional tiles apply a transform to the columns and then to the rows. All work on vectors of 16 channels;
/// what they read and write through closures is inlined, so that the first pass reads the image and the second writes
/// the result.
///
/// With stride 1, F(m, r) has m + r − 1 samples and products, each at a point and with a filter transform of its own.
protocol WinogradTile {
    /// Outputs a tile has along one axis.
    static var outputs: Int { get }
    /// Filter taps along one axis.
    static var taps: Int { get }
    /// Pixels from one output's samples to the next's.
    static var stride: Int { get }
    /// Input samples, and products, along one axis.
    static var samples: Int { get }
    /// Points that products add up at, along one axis.
    static var points: Int { get }
    /// Distinct filter transforms along one axis.
    static var filters: Int { get }
    /// Whether products of fixed-point numbers are as accurate as a direct convolution's of bfloat16.
    static var allowsRounding: Bool { get }
    /// The point of a product.
    static func point(of product: Int) -> Int
    /// The filter transform that a product multiplies with.
    static func filter(of product: Int) -> Int
    /// Bᵀd: samples to products.
    static func input(_ d: (Int) -> Vector, _ out: (Int, Vector) -> Void)
    /// Gg: taps to filter transforms.
    static func filter(_ g: (Int) -> Vector, _ out: (Int, Vector) -> Void)
    /// Aᵀm: sums at the points to outputs.
    static func output(_ m: (Int) -> Vector, _ out: (Int, Vector) -> Void)
    /// Ay: the adjoint of `output`.
    static func outputAdjoint(_ y: (Int) -> Vector, _ out: (Int, Vector) -> Void)
    /// Bv: the adjoint of `input`.
    static func inputAdjoint(_ v: (Int) -> Vector, _ out: (Int, Vector) -> Void)
    /// Gᵀu: the adjoint of `filter`.
    static func filterAdjoint(_ u: (Int) -> Vector, _ out: (Int, Vector) -> Void)
}

extension WinogradTile {
    @inline(__always) static var taps: Int { 3 }
    @inline(__always) static var stride: Int { 1 }
    @inline(__always) static var samples: Int { outputs + taps - 1 }
    @inline(__always) static var points: Int { samples }
    @inline(__always) static var filters: Int { samples }
    @inline(__always) static var allowsRounding: Bool { true }
    @inline(__always) static func point(of product: Int) -> Int { product }
    @inline(__always) static func filter(of product: Int) -> Int { product }
}

@inline(__always) private func constant(_ value: Float) -> Vector { Vector(repeating: value) }

/// F(4, 3) with the points 0, ±1, ±2, ∞: 36 products for 16 outputs, a quarter of the direct algorithm's 144.
enum WinogradF4: WinogradTile {
    static var outputs: Int { 4 }

    @inline(__always)
    static func input(_ d: (Int) -> Vector, _ out: (Int, Vector) -> Void) {
        let d1 = d(1), d2 = d(2), d3 = d(3), d4 = d(4)
        let even = d4.addingProduct(d2, constant(-4))
        let odd = d3.addingProduct(d1, constant(-4))
        let even2 = d4 - d2
        let odd2 = d3 - d1
        out(0, d4.addingProduct(d(0), constant(4)).addingProduct(d2, constant(-5)))
        out(1, even + odd)
        out(2, even - odd)
        out(3, even2.addingProduct(odd2, constant(2)))
        out(4, even2.addingProduct(odd2, constant(-2)))
        out(5, d(5).addingProduct(d1, constant(4)).addingProduct(d3, constant(-5)))
    }

    @inline(__always)
    static func filter(_ g: (Int) -> Vector, _ out: (Int, Vector) -> Void) {
        let g0 = g(0), g1 = g(1), g2 = g(2)
        let outer = (g0 + g2) * constant(-1 / 6)
        let inner = g1 * constant(1 / 6)
        let outer2 = (g0 * constant(1 / 24)).addingProduct(g2, constant(1 / 6))
        let inner2 = g1 * constant(1 / 12)
        out(0, g0 * constant(0.25))
        out(1, outer - inner)
        out(2, outer + inner)
        out(3, outer2 + inner2)
        out(4, outer2 - inner2)
        out(5, g2)
    }

    @inline(__always)
    static func output(_ m: (Int) -> Vector, _ out: (Int, Vector) -> Void) {
        let sum1 = m(1) + m(2), difference1 = m(1) - m(2)
        let sum2 = m(3) + m(4), difference2 = m(3) - m(4)
        out(0, m(0) + sum1 + sum2)
        out(1, difference1.addingProduct(difference2, constant(2)))
        out(2, sum1.addingProduct(sum2, constant(4)))
        out(3, (difference1 + m(5)).addingProduct(difference2, constant(8)))
    }

    @inline(__always)
    static func outputAdjoint(_ y: (Int) -> Vector, _ out: (Int, Vector) -> Void) {
        let y0 = y(0), y1 = y(1), y2 = y(2), y3 = y(3)
        let even = y0 + y2, odd = y1 + y3
        let even2 = y0.addingProduct(y2, constant(4))
        let odd2 = (y1 * constant(2)).addingProduct(y3, constant(8))
        out(0, y0)
        out(1, even + odd)
        out(2, even - odd)
        out(3, even2 + odd2)
        out(4, even2 - odd2)
        out(5, y3)
    }

    @inline(__always)
    static func inputAdjoint(_ v: (Int) -> Vector, _ out: (Int, Vector) -> Void) {
        let v0 = v(0), v5 = v(5)
        let sum1 = v(1) + v(2), difference1 = v(1) - v(2)
        let sum2 = v(3) + v(4), difference2 = v(3) - v(4)
        out(0, v0 * constant(4))
        out(1, ((v5 - difference1) * constant(4)).addingProduct(difference2, constant(-2)))
        out(2, (v0 * constant(-5)).addingProduct(sum1, constant(-4)) - sum2)
        out(3, difference1.addingProduct(difference2, constant(2)).addingProduct(v5, constant(-5)))
        out(4, v0 + sum1 + sum2)
        out(5, v5)
    }

    @inline(__always)
    static func filterAdjoint(_ u: (Int) -> Vector, _ out: (Int, Vector) -> Void) {
        let sum1 = u(1) + u(2), difference1 = u(2) - u(1)
        let sum2 = u(3) + u(4), difference2 = u(3) - u(4)
        out(0, (u(0) * constant(0.25)).addingProduct(sum1, constant(-1 / 6)).addingProduct(sum2, constant(1 / 24)))
        out(1, (difference1 * constant(1 / 6)).addingProduct(difference2, constant(1 / 12)))
        out(2, u(5).addingProduct(sum1, constant(-1 / 6)).addingProduct(sum2, constant(1 / 6)))
    }
}

/// F(2, 3): 16 products for 4 outputs, 4/9 of the direct algorithm's; for images of two or three pixels a side.
enum WinogradF2: WinogradTile {
    static var outputs: Int { 2 }

    @inline(__always)
    static func input(_ d: (Int) -> Vector, _ out: (Int, Vector) -> Void) {
        out(0, d(0) - d(2))
        out(1, d(1) + d(2))
        out(2, d(2) - d(1))
        out(3, d(1) - d(3))
    }

    @inline(__always)
    static func filter(_ g: (Int) -> Vector, _ out: (Int, Vector) -> Void) {
        let half = (g(0) + g(2)) * constant(0.5)
        let middle = g(1) * constant(0.5)
        out(0, g(0))
        out(1, half + middle)
        out(2, half - middle)
        out(3, g(2))
    }

    @inline(__always)
    static func output(_ m: (Int) -> Vector, _ out: (Int, Vector) -> Void) {
        out(0, m(0) + m(1) + m(2))
        out(1, m(1) - m(2) - m(3))
    }

    @inline(__always)
    static func outputAdjoint(_ y: (Int) -> Vector, _ out: (Int, Vector) -> Void) {
        out(0, y(0))
        out(1, y(0) + y(1))
        out(2, y(0) - y(1))
        out(3, -y(1))
    }

    @inline(__always)
    static func inputAdjoint(_ v: (Int) -> Vector, _ out: (Int, Vector) -> Void) {
        out(0, v(0))
        out(1, v(1) - v(2) + v(3))
        out(2, v(1) + v(2) - v(0))
        out(3, -v(3))
    }

    @inline(__always)
    static func filterAdjoint(_ u: (Int) -> Vector, _ out: (Int, Vector) -> Void) {
        let sum = (u(1) + u(2)) * constant(0.5)
        out(0, u(0) + sum)
        out(1, (u(1) - u(2)) * constant(0.5))
        out(2, u(3) + sum)
    }
}
