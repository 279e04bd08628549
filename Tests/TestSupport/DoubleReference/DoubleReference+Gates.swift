import Foundation

extension DoubleReference {
    /// tanh of the first half of the channels times 1 / (1 + e⁻ᵇ) of the second.
    package static func gate(_ x: DoubleTensor) -> DoubleTensor {
        let width = x.shape[x.shape.count - 1] / 2
        let rows = width == 0 ? 0 : x.count / (2 * width)
        let values = (0..<rows * width).map { place -> Double in
            let start = place / width * 2 * width + place % width
            return Foundation.tanh(x.values[start]) / (1 + exp(-x.values[start + width]))
        }
        return DoubleTensor(values, x.shape.dropLast() + [width])
    }

    /// x [N, …, C] with v [N, C] at every position.
    package static func atPositions(
        _ x: DoubleTensor, _ v: DoubleTensor, _ combine: (Double, Double) -> Double
    ) -> DoubleTensor {
        let channels = v.shape[1]
        let size = x.count / max(x.shape[0], 1)
        return DoubleTensor(
            x.values.indices.map { combine(x.values[$0], v.values[$0 / size * channels + $0 % channels]) }, x.shape)
    }

    /// Element by element, of one shape.
    package static func combined(
        _ a: DoubleTensor, _ b: DoubleTensor, _ combine: (Double, Double) -> Double
    ) -> DoubleTensor {
        DoubleTensor(zip(a.values, b.values).map(combine), a.shape)
    }
}
