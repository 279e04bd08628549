import Glibc

/// eˣ in every lane, relative error below 2 · 10⁻⁷, 0 below −87.3 and +∞ above 88.7; NaN stays NaN.
@inlinable @inline(__always)
package func exponential(_ x: Vector) -> Vector {
    var result = exponentialOfBounded(limited(x, -87.5, 88.7)).replacing(with: 0, where: x .< Vector(repeating: -87.3))
    result.replace(with: Float.infinity, where: x .> Vector(repeating: 88.7))
    return result.replacing(with: x, where: x .!= x)
}

/// x, but not below `lower` and not above `upper`; NaN stays NaN. Not `clamped`, which the compiler does not inline.
@inlinable @inline(__always)
func limited(_ x: Vector, _ lower: Float, _ upper: Float) -> Vector {
    x.replacing(with: lower, where: x .< Vector(repeating: lower))
        .replacing(with: upper, where: x .> Vector(repeating: upper))
}

/// eˣ of numbers in −87.5…88.7.
///
/// Cody and Waite reduction x = n ln 2 + r with |r| ≤ ln 2 / 2 and the degree-6 polynomial of Cephes `expf` (Moshier
/// 1989).
@inlinable @inline(__always)
func exponentialOfBounded(_ x: Vector) -> Vector {
    let magic = Vector(repeating: 12_582_912)  // 1.5 · 2²³: adding it rounds to an integer
    let shifted = magic.addingProduct(x, Vector(repeating: 1.442_695_04))
    let n = shifted - magic
    var r = x.addingProduct(n, Vector(repeating: -0.693_359_375))
    r = r.addingProduct(n, Vector(repeating: 2.121_944_4e-4))
    var p = Vector(repeating: 1.987_569_1e-4)
    p = Vector(repeating: 1.398_199_9e-3).addingProduct(p, r)
    p = Vector(repeating: 8.333_452e-3).addingProduct(p, r)
    p = Vector(repeating: 4.166_579_6e-2).addingProduct(p, r)
    p = Vector(repeating: 1.666_666_5e-1).addingProduct(p, r)
    p = Vector(repeating: 0.5).addingProduct(p, r)
    p = (r + Vector(repeating: 1)).addingProduct(p, r * r)
    let exponent = unsafeBitCast(shifted, to: SIMD16<Int32>.self) &<< SIMD16(repeating: 23)
    return unsafeBitCast(unsafeBitCast(p, to: SIMD16<Int32>.self) &+ exponent, to: Vector.self)
}

/// tanh x in every lane, relative error below 3 · 10⁻⁷.
///
/// For |x| < 0.625 a polynomial, else 1 − 2 / (e²ˣ + 1).
@inlinable @inline(__always)
package func hyperbolicTangent(_ x: Vector) -> Vector {
    let far = Vector(repeating: 1) - Vector(repeating: 2) / (exponential(x + x) + Vector(repeating: 1))
    let isNear = (x .< Vector(repeating: 0.625)) .& (x .> Vector(repeating: -0.625))
    return far.replacing(with: tanhNearZero(x), where: isNear)
}

/// tanh x for |x| < 0.625: the odd polynomial of Cephes `tanhf`.
@inlinable @inline(__always)
func tanhNearZero(_ x: Vector) -> Vector {
    let z = x * x
    var p = Vector(repeating: -5.704_988_7e-3)
    p = Vector(repeating: 2.063_908_8e-2).addingProduct(p, z)
    p = Vector(repeating: -5.373_972_8e-2).addingProduct(p, z)
    p = Vector(repeating: 1.333_144_2e-1).addingProduct(p, z)
    p = Vector(repeating: -3.333_328_2e-1).addingProduct(p, z)
    return x.addingProduct(p * z, x)
}

/// 1 / (1 + e⁻ˣ) in every lane.
@inlinable @inline(__always)
package func logistic(_ x: Vector) -> Vector { Vector(repeating: 1) / (Vector(repeating: 1) + exponential(-x)) }

/// The natural logarithm in every lane, relative error below 2 · 10⁻⁷ except near 1, where the absolute one is below
/// 10⁻⁷.
///
/// Numbers below the smallest normal one (1.2 · 10⁻³⁸) count as 0: −∞; negative numbers give NaN, and NaN stays NaN.
/// x = m · 2ᵉ with m in √½…√2 and the degree-8 polynomial of Cephes `logf` (Moshier 1989).
@inlinable @inline(__always)
package func logarithm(_ x: Vector) -> Vector {
    let bits = unsafeBitCast(x, to: SIMD16<Int32>.self)
    let exponent = (bits &- SIMD16(repeating: 0x3f35_04f3)) &>> SIMD16(repeating: 23)
    let f = unsafeBitCast(bits &- (exponent &<< SIMD16(repeating: 23)), to: Vector.self) - Vector(repeating: 1)
    // 1.5 · 2²³ has so large a unit that the integer is its last bits.
    let magic = SIMD16<Int32>(repeating: 0x4b40_0000)
    let e = unsafeBitCast(exponent &+ magic, to: Vector.self) - Vector(repeating: 12_582_912)
    var p = Vector(repeating: 7.037_683_6e-2)
    p = Vector(repeating: -1.151_461e-1).addingProduct(p, f)
    p = Vector(repeating: 1.167_699_9e-1).addingProduct(p, f)
    p = Vector(repeating: -1.242_014_1e-1).addingProduct(p, f)
    p = Vector(repeating: 1.424_932_3e-1).addingProduct(p, f)
    p = Vector(repeating: -1.666_805_8e-1).addingProduct(p, f)
    p = Vector(repeating: 2.000_071_5e-1).addingProduct(p, f)
    p = Vector(repeating: -2.499_999_4e-1).addingProduct(p, f)
    p = Vector(repeating: 3.333_333_1e-1).addingProduct(p, f)
    let z = f * f
    var rest = (p * f * z).addingProduct(e, Vector(repeating: -2.121_944_4e-4))
    rest = rest.addingProduct(z, Vector(repeating: -0.5))
    var result = (f + rest).addingProduct(e, Vector(repeating: 0.693_359_375))
    result.replace(with: -Float.infinity, where: x .< Vector(repeating: .leastNormalMagnitude))
    result.replace(with: Float.nan, where: x .< Vector.zero)
    result.replace(with: Float.infinity, where: x .== Vector(repeating: .infinity))
    return result.replacing(with: x, where: x .!= x)
}

/// The natural logarithm, correctly rounded to 32 bits from the C library's double precision.
@inlinable @inline(__always)
package func logarithm(_ x: Float) -> Float { Float(Glibc.log(Double(x))) }

/// log(1 + eˣ) without overflow or cancellation.
@inlinable @inline(__always)
package func softplus(_ x: Float) -> Float {
    let d = Double(x)
    return Float(max(d, 0) + log1p(exp(-abs(d))))
}

/// The distribution function Φ(x) of the standard normal distribution and its density φ(x) in every lane, both with
/// relative errors below 5 · 10⁻⁷ for |x| < 1 and below 4 · 10⁻⁷ · (1 + x²) elsewhere; NaN stays NaN.
///
/// Φ(−t) = φ(t) M(t) for t ≥ 0. Mills' ratio M is a polynomial of degree 9 in u = 1 / (1 + 0.35 t), the form of
/// Hastings (1955; Abramowitz and Stegun 26.2.17), fitted here for the smallest largest relative error, 3.2 · 10⁻⁸, on
/// 0…14.
@inlinable @inline(__always)
package func normalDistribution(_ x: Vector) -> (cumulative: Vector, density: Vector) {
    let one = Vector(repeating: 1)
    let t = x.replacing(with: -x, where: x .< Vector.zero)
    let density = exponential(x * x * Vector(repeating: -0.5)) * Vector(repeating: 0.398_942_28)
    let u = one / one.addingProduct(t, Vector(repeating: 0.35))
    var ratio = Vector(repeating: -0.073_058_01)
    ratio = Vector(repeating: 0.360_883_52).addingProduct(ratio, u)
    ratio = Vector(repeating: -0.640_980_54).addingProduct(ratio, u)
    ratio = Vector(repeating: 0.398_990_4).addingProduct(ratio, u)
    ratio = Vector(repeating: -0.057_927_72).addingProduct(ratio, u)
    ratio = Vector(repeating: 0.264_469_32).addingProduct(ratio, u)
    ratio = Vector(repeating: 0.300_376_46).addingProduct(ratio, u)
    ratio = Vector(repeating: 0.350_581_72).addingProduct(ratio, u)
    ratio = Vector(repeating: 0.349_978_96).addingProduct(ratio, u)
    let tail = density * ratio * u
    return ((one - tail).replacing(with: tail, where: x .< Vector.zero), density)
}

/// eˣ of one number with the same bits as the vector version.
@inlinable @inline(__always)
package func exponential(_ x: Float) -> Float { exponential(Vector(repeating: x))[0] }
