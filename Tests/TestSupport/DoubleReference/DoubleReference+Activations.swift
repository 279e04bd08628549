import Foundation

/// Every operation once more: naive, in double precision, written from its formula and independent of the kernels.
package enum DoubleReference {
    /// max(0, x).
    package static func relu(_ x: DoubleTensor) -> DoubleTensor { x.map { max(0, $0) } }

    /// x for x > 0, slope · x otherwise.
    package static func leakyRelu(_ x: DoubleTensor, slope: Double) -> DoubleTensor {
        x.map { $0 > 0 ? $0 : slope * $0 }
    }

    /// 1 / (1 + e⁻ˣ).
    package static func sigmoid(_ x: DoubleTensor) -> DoubleTensor { x.map { 1 / (1 + exp(-$0)) } }

    package static func tanh(_ x: DoubleTensor) -> DoubleTensor { x.map { Foundation.tanh($0) } }

    /// x clamped to −1…1.
    package static func ramp(_ x: DoubleTensor) -> DoubleTensor { x.map { min(max($0, -1), 1) } }

    /// 1.7159 tanh(⅔ x).
    package static func scaledTanh(_ x: DoubleTensor) -> DoubleTensor { x.map { 1.7159 * Foundation.tanh(2 * $0 / 3) } }

    /// 1 for x ≥ 0, else 0.
    package static func threshold(_ x: DoubleTensor) -> DoubleTensor { x.map { $0 >= 0 ? 1 : 0 } }

    /// x for x > 0, α (eˣ − 1) otherwise.
    package static func elu(_ x: DoubleTensor, alpha: Double) -> DoubleTensor {
        x.map { $0 > 0 ? $0 : alpha * expm1($0) }
    }

    /// x / (1 + e⁻ˣ).
    package static func silu(_ x: DoubleTensor) -> DoubleTensor { x.map { $0 / (1 + exp(-$0)) } }

    /// log(1 + eˣ).
    package static func softplus(_ x: DoubleTensor) -> DoubleTensor { x.map { log1p(exp($0)) } }

    /// x Φ(x) = x erfc(−x / √2) / 2.
    package static func gelu(_ x: DoubleTensor) -> DoubleTensor { x.map { $0 * erfc(-$0 / 2.0.squareRoot()) / 2 } }

    /// eˣ / Σ eˣ over the last dimension.
    package static func softmax(_ x: DoubleTensor) -> DoubleTensor { logSoftmax(x).map { exp($0) } }

    /// x − log Σ eˣ over the last dimension.
    package static func logSoftmax(_ x: DoubleTensor) -> DoubleTensor {
        var y = x
        for row in 0..<x.rows {
            let range = row * x.columns..<(row + 1) * x.columns
            let peak = x.values[range].max() ?? 0
            let logSum = peak + log(x.values[range].reduce(0) { $0 + exp($1 - peak) })
            for i in range { y.values[i] -= logSum }
        }
        return y
    }
}
