/// The one-dimensional transforms of a Winograd algorithm F(m, 3): m outputs of a 3-tap filter from m + 2 products.
///
/// Winograd 1980; Lavin and Gray, "Fast algorithms for convolutional neural networks", CVPR 2016, section 4. Two-dimensional
/// tiles apply a transform to the columns and then to the rows. All work on vectors of 16 channels read from and written to
/// memory with a stride, so a tile's scratch stays in the first-level cache.
protocol WinogradTile {
    /// Outputs a tile has along one axis.
    static var outputs: Int { get }
    /// Inputs, and products, along one axis: outputs + 2.
    static var products: Int { get }
    /// Bᵀd: input tile to products.
    static func input(_ d: UnsafePointer<Vector>, _ stride: Int, _ out: UnsafeMutablePointer<Vector>, _ outStride: Int)
    /// Gg: filter to products.
    static func filter(_ g: UnsafePointer<Vector>, _ stride: Int, _ out: UnsafeMutablePointer<Vector>, _ outStride: Int)
    /// Aᵀm: products to output tile.
    static func output(_ m: UnsafePointer<Vector>, _ stride: Int, _ out: UnsafeMutablePointer<Vector>, _ outStride: Int)
    /// Ay: the adjoint of `output`.
    static func outputAdjoint(_ y: UnsafePointer<Vector>, _ stride: Int, _ out: UnsafeMutablePointer<Vector>, _ outStride: Int)
    /// Bv: the adjoint of `input`.
    static func inputAdjoint(_ v: UnsafePointer<Vector>, _ stride: Int, _ out: UnsafeMutablePointer<Vector>, _ outStride: Int)
    /// Gᵀu: the adjoint of `filter`.
    static func filterAdjoint(_ u: UnsafePointer<Vector>, _ stride: Int, _ out: UnsafeMutablePointer<Vector>, _ outStride: Int)
}

@inline(__always) private func constant(_ value: Float) -> Vector { Vector(repeating: value) }

/// F(4, 3) with the points 0, ±1, ±2, ∞: 36 products for 16 outputs, a quarter of the direct algorithm's 144.
enum WinogradF4: WinogradTile {
    static var outputs: Int { 4 }
    static var products: Int { 6 }

    @inline(__always)
    static func input(_ d: UnsafePointer<Vector>, _ s: Int, _ out: UnsafeMutablePointer<Vector>, _ t: Int) {
        let d1 = d[s], d2 = d[2 * s], d3 = d[3 * s], d4 = d[4 * s]
        let even = d4.addingProduct(d2, constant(-4))
        let odd = d3.addingProduct(d1, constant(-4))
        let even2 = d4 - d2
        let odd2 = d3 - d1
        out[0] = d4.addingProduct(d[0], constant(4)).addingProduct(d2, constant(-5))
        out[t] = even + odd
        out[2 * t] = even - odd
        out[3 * t] = even2.addingProduct(odd2, constant(2))
        out[4 * t] = even2.addingProduct(odd2, constant(-2))
        out[5 * t] = d[5 * s].addingProduct(d1, constant(4)).addingProduct(d3, constant(-5))
    }

    @inline(__always)
    static func filter(_ g: UnsafePointer<Vector>, _ s: Int, _ out: UnsafeMutablePointer<Vector>, _ t: Int) {
        let g0 = g[0], g1 = g[s], g2 = g[2 * s]
        let outer = (g0 + g2) * constant(-1 / 6)
        let inner = g1 * constant(1 / 6)
        let outer2 = (g0 * constant(1 / 24)).addingProduct(g2, constant(1 / 6))
        let inner2 = g1 * constant(1 / 12)
        out[0] = g0 * constant(0.25)
        out[t] = outer - inner
        out[2 * t] = outer + inner
        out[3 * t] = outer2 + inner2
        out[4 * t] = outer2 - inner2
        out[5 * t] = g2
    }

    @inline(__always)
    static func output(_ m: UnsafePointer<Vector>, _ s: Int, _ out: UnsafeMutablePointer<Vector>, _ t: Int) {
        let sum1 = m[s] + m[2 * s], difference1 = m[s] - m[2 * s]
        let sum2 = m[3 * s] + m[4 * s], difference2 = m[3 * s] - m[4 * s]
        out[0] = m[0] + sum1 + sum2
        out[t] = difference1.addingProduct(difference2, constant(2))
        out[2 * t] = sum1.addingProduct(sum2, constant(4))
        out[3 * t] = (difference1 + m[5 * s]).addingProduct(difference2, constant(8))
    }

    @inline(__always)
    static func outputAdjoint(_ y: UnsafePointer<Vector>, _ s: Int, _ out: UnsafeMutablePointer<Vector>, _ t: Int) {
        let y0 = y[0], y1 = y[s], y2 = y[2 * s], y3 = y[3 * s]
        let even = y0 + y2, odd = y1 + y3
        let even2 = y0.addingProduct(y2, constant(4))
        let odd2 = (y1 * constant(2)).addingProduct(y3, constant(8))
        out[0] = y0
        out[t] = even + odd
        out[2 * t] = even - odd
        out[3 * t] = even2 + odd2
        out[4 * t] = even2 - odd2
        out[5 * t] = y3
    }

    @inline(__always)
    static func inputAdjoint(_ v: UnsafePointer<Vector>, _ s: Int, _ out: UnsafeMutablePointer<Vector>, _ t: Int) {
        let v0 = v[0], v5 = v[5 * s]
        let sum1 = v[s] + v[2 * s], difference1 = v[s] - v[2 * s]
        let sum2 = v[3 * s] + v[4 * s], difference2 = v[3 * s] - v[4 * s]
        out[0] = v0 * constant(4)
        out[t] = ((v5 - difference1) * constant(4)).addingProduct(difference2, constant(-2))
        out[2 * t] = (v0 * constant(-5)).addingProduct(sum1, constant(-4)) - sum2
        out[3 * t] = difference1.addingProduct(difference2, constant(2)).addingProduct(v5, constant(-5))
        out[4 * t] = v0 + sum1 + sum2
        out[5 * t] = v5
    }

    @inline(__always)
    static func filterAdjoint(_ u: UnsafePointer<Vector>, _ s: Int, _ out: UnsafeMutablePointer<Vector>, _ t: Int) {
        let sum1 = u[s] + u[2 * s], difference1 = u[2 * s] - u[s]
        let sum2 = u[3 * s] + u[4 * s], difference2 = u[3 * s] - u[4 * s]
        out[0] = (u[0] * constant(0.25)).addingProduct(sum1, constant(-1 / 6)).addingProduct(sum2, constant(1 / 24))
        out[t] = (difference1 * constant(1 / 6)).addingProduct(difference2, constant(1 / 12))
        out[2 * t] = u[5 * s].addingProduct(sum1, constant(-1 / 6)).addingProduct(sum2, constant(1 / 6))
    }
}

/// F(2, 3): 16 products for 4 outputs, 4/9 of the direct algorithm's; for images of two or three pixels a side.
enum WinogradF2: WinogradTile {
    static var outputs: Int { 2 }
    static var products: Int { 4 }

    @inline(__always)
    static func input(_ d: UnsafePointer<Vector>, _ s: Int, _ out: UnsafeMutablePointer<Vector>, _ t: Int) {
        out[0] = d[0] - d[2 * s]
        out[t] = d[s] + d[2 * s]
        out[2 * t] = d[2 * s] - d[s]
        out[3 * t] = d[s] - d[3 * s]
    }

    @inline(__always)
    static func filter(_ g: UnsafePointer<Vector>, _ s: Int, _ out: UnsafeMutablePointer<Vector>, _ t: Int) {
        let half = (g[0] + g[2 * s]) * constant(0.5)
        let middle = g[s] * constant(0.5)
        out[0] = g[0]
        out[t] = half + middle
        out[2 * t] = half - middle
        out[3 * t] = g[2 * s]
    }

    @inline(__always)
    static func output(_ m: UnsafePointer<Vector>, _ s: Int, _ out: UnsafeMutablePointer<Vector>, _ t: Int) {
        out[0] = m[0] + m[s] + m[2 * s]
        out[t] = m[s] - m[2 * s] - m[3 * s]
    }

    @inline(__always)
    static func outputAdjoint(_ y: UnsafePointer<Vector>, _ s: Int, _ out: UnsafeMutablePointer<Vector>, _ t: Int) {
        out[0] = y[0]
        out[t] = y[0] + y[s]
        out[2 * t] = y[0] - y[s]
        out[3 * t] = -y[s]
    }

    @inline(__always)
    static func inputAdjoint(_ v: UnsafePointer<Vector>, _ s: Int, _ out: UnsafeMutablePointer<Vector>, _ t: Int) {
        out[0] = v[0]
        out[t] = v[s] - v[2 * s] + v[3 * s]
        out[2 * t] = v[s] + v[2 * s] - v[0]
        out[3 * t] = -v[3 * s]
    }

    @inline(__always)
    static func filterAdjoint(_ u: UnsafePointer<Vector>, _ s: Int, _ out: UnsafeMutablePointer<Vector>, _ t: Int) {
        let sum = (u[s] + u[2 * s]) * constant(0.5)
        out[0] = u[0] + sum
        out[t] = (u[s] - u[2 * s]) * constant(0.5)
        out[2 * t] = u[3 * s] + sum
    }
}
