import Kernels
import TensorCore

/// A result of an operation that holds a NaN or an infinity.
package struct NonFiniteResult: Equatable, Sendable {
    /// The parameter that was used last before it, which tells the layer; nil before any.
    package let parameter: Parameter?
    /// Rows of the result that hold such a number, which are samples where the operation keeps them apart; ascending.
    package let rows: [Int]

    /// Nil when all of `value` [N, …] is finite.
    init?(_ value: Tensor, after parameter: Parameter?) {
        rows = value.nonFiniteRows
        if rows.isEmpty { return nil }
        self.parameter = parameter
    }
}

extension Tensor {
    /// The indices of the first dimension at which a number is not finite.
    package var nonFiniteRows: [Int] {
        guard shape.rank > 0, shape[0] > 0 else { return firstNonFinite(pointer, count: count) == nil ? [] : [0] }
        let size = count / shape[0]
        return (0..<shape[0]).filter { firstNonFinite(pointer + $0 * size, count: size) != nil }
    }
}
