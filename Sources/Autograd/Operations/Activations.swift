import Kernels
import TensorCore

/// max(0, x); the gradient at 0 is 0.
package func relu(_ x: Variable) -> Variable {
    let y = x.makeTensor(x.shape)
    map(x.value.pointer, into: y.pointer, count: y.count) { $0.replacing(with: 0, where: $0 .< Vector.zero) }
    return x.tape.record(y, x) { [x = x.target] tape, dy in
        tape.accumulate(rectified(dy, output: y, tape), into: x)
    }
}

/// x for x > 0, slope · x otherwise; Maas, Hannun and Ng 2013.
package func leakyRelu(_ x: Variable, slope: Float = 0.01) -> Variable {
    let s = Vector(repeating: slope)
    // Unless the slope is negative, the output has the sign of the input.
    return activation(x, keepsInput: slope < 0) {
        $0.replacing(with: $0 * s, where: $0 .<= Vector.zero)
    } derivative: {
        Vector(repeating: 1).replacing(with: s, where: $0 .<= Vector.zero)
    }
}

/// 1 / (1 + e⁻ˣ).
package func sigmoid(_ x: Variable) -> Variable {
    activation(x, keepsInput: false, logistic) { $0 * (Vector(repeating: 1) - $0) }
}

/// tanh x.
package func tanh(_ x: Variable) -> Variable {
    activation(x, keepsInput: false, hyperbolicTangent) { Vector(repeating: 1) - $0 * $0 }
}

/// 1.7159 · tanh(⅔ x), which is about ±1 at ±1; LeCun, Bottou, Bengio and Haffner 1998, appendix A.
package func scaledTanh(_ x: Variable) -> Variable {
    let amplitude = Vector(repeating: 1.7159)
    let steepness = Vector(repeating: 2.0 / 3)
    return activation(x, keepsInput: false) {
        amplitude * hyperbolicTangent(steepness * $0)
    } derivative: {
        // A S (1 − (y / A)²)
        steepness * (amplitude - $0 * $0 / amplitude)
    }
}

/// 1 for x ≥ 0, else 0: the hard limiter of McCulloch and Pitts 1943. Its gradient is 0 everywhere.
package func threshold(_ x: Variable) -> Variable {
    activation(x, keepsInput: false) { value in
        let one = Vector(repeating: 1)
        return value.replacing(with: one, where: value .>= Vector.zero)
            .replacing(with: 0, where: value .< Vector.zero)
    } derivative: { _ in
        Vector.zero
    }
}

/// x clamped to −1…1; the gradient is 1 inside.
package func ramp(_ x: Variable) -> Variable {
    let one = Vector(repeating: 1)
    return activation(x, keepsInput: false) { value in
        value.replacing(with: one, where: value .> one).replacing(with: -one, where: value .< -one)
    } derivative: {
        Vector.zero.replacing(with: one, where: ($0 .> -one) .& ($0 .< one))
    }
}

/// x for x > 0, α (eˣ − 1) otherwise; Clevert, Unterthiner and Hochreiter 2016.
package func elu(_ x: Variable, alpha: Float = 1) -> Variable {
    let a = Vector(repeating: alpha)
    return activation(x, keepsInput: true) {
        $0.replacing(with: a * (exponential($0) - Vector(repeating: 1)), where: $0 .<= Vector.zero)
    } derivative: {
        Vector(repeating: 1).replacing(with: a * exponential($0), where: $0 .<= Vector.zero)
    }
}

/// x · sigmoid(x); Elfwing, Uchibe and Doya 2018.
package func silu(_ x: Variable) -> Variable {
    activation(x, keepsInput: true) {
        $0 * logistic($0)
    } derivative: {
        let s = logistic($0)
        return s * (Vector(repeating: 1) + $0 * (Vector(repeating: 1) - s))
    }
}

/// log(1 + eˣ).
package func softplus(_ x: Variable) -> Variable {
    activation(x, keepsInput: true) {
        lanewise($0, Kernels.softplus)
    } derivative: {
        logistic($0)
    }
}

/// x Φ(x) with the normal distribution function Φ; Hendrycks and Gimpel 2016.
package func gelu(_ x: Variable) -> Variable {
    activation(x, keepsInput: true) {
        $0 * normalDistribution($0).cumulative
    } derivative: {
        let (cumulative, density) = normalDistribution($0)
        return cumulative + $0 * density
    }
}

private func lanewise(_ x: Vector, _ f: (Float) -> Float) -> Vector {
    var y = Vector.zero
    for i in 0..<16 { y[i] = f(x[i]) }
    return y
}

/// y = f(x) element by element; backward multiplies by `derivative` of the input, or of the output where that is what
/// it needs.
@inline(__always)
private func activation(
    _ x: Variable, keepsInput: Bool, _ f: (Vector) -> Vector, derivative: @escaping (Vector) -> Vector
) -> Variable {
    let y = x.makeTensor(x.shape)
    map(x.value.pointer, into: y.pointer, count: y.count, f)
    let kept = keepsInput ? x.value : y
    return x.tape.record(y, x) { [x = x.target] tape, dy in
        let gradient = dy
        tape.accumulate(into: x) { dx, accumulate in
            mapGradient(kept.pointer, gradient.pointer, into: dx, count: kept.count, accumulate: accumulate, derivative)
        }
    }
}
