/// Gates: tanh(a) · sigmoid(b), in one pass over memory, with one division for both functions.

/// tanh x and 1 / (1 + e⁻ʸ) in every lane, each with a relative error below 5 · 10⁻⁷; the second one is not below e⁻⁶⁰.
/// NaN gives NaN, and may give NaN for the other number too.
///
/// With p = e²ˣ + 1 and q = e⁻ʸ + 1 both come from r = 1 / (p q): 1 − 2 q r and p r. For |x| < 0.625 tanh is the
/// polynomial of ``hyperbolicTangent(_:)``.
@inlinable @inline(__always)
package func tanhAndLogistic(_ x: Vector, _ y: Vector) -> (tanh: Vector, logistic: Vector) {
    let one = Vector(repeating: 1)
    // tanh is ±1 beyond 10; so small a range keeps p q finite.
    let p = one + exponentialOfBounded(limited(x + x, -20, 20))
    let q = one + exponentialOfBounded(limited(-y, -60, 60))
    let r = one / (p * q)
    let far = one - (q + q) * r
    let isNear = (x .< Vector(repeating: 0.625)) .& (x .> Vector(repeating: -0.625))
    return (far.replacing(with: tanhNearZero(x), where: isNear), p * r)
}

/// y [rows, D] = tanh(a) · sigmoid(b) of z = [a, b], [rows, 2 D]; z becomes [tanh a, sigmoid b].
package func gate(
    _ z: UnsafeMutablePointer<Float>, rows: Int, width d: Int, into y: UnsafeMutablePointer<Float>
) {
    for row in 0..<rows {
        let (a, b) = (z + row * 2 * d, z + row * 2 * d + d)
        let target = y + row * d
        var i = 0
        while i < d {
            let width = min(16, d - i)
            let (t, s) = tanhAndLogistic(loadLanes(a + i, width), loadLanes(b + i, width))
            storeLanes(t, to: a + i, width)
            storeLanes(s, to: b + i, width)
            storeLanes(t * s, to: target + i, width)
            i += 16
        }
    }
}

/// dz [rows, 2 D] = the gradient of [a, b] from dy [rows, D] and the gates [tanh a, sigmoid b] that ``gate`` left, or
/// dz += it; `dz` may be the gates.
package func gateGradient(
    _ gates: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, rows: Int, width d: Int,
    into dz: UnsafeMutablePointer<Float>, accumulate: Bool = false
) {
    let one = Vector(repeating: 1)
    for row in 0..<rows {
        let (a, b) = (gates + row * 2 * d, gates + row * 2 * d + d)
        let (da, db) = (dz + row * 2 * d, dz + row * 2 * d + d)
        let source = dy + row * d
        var i = 0
        while i < d {
            let width = min(16, d - i)
            let (t, s, g) = (loadLanes(a + i, width), loadLanes(b + i, width), loadLanes(source + i, width))
            let gs = g * s
            var (first, second) = (gs * (one - t * t), gs * t * (one - s))
            if accumulate {
                first += loadLanes(da + i, width)
                second += loadLanes(db + i, width)
            }
            storeLanes(first, to: da + i, width)
            storeLanes(second, to: db + i, width)
            i += 16
        }
    }
}
