import TensorCore

/// How PyTorch lays a tensor out, and how that becomes ours, whose channels are last.
package enum ReferenceLayout: Sendable {
    /// The same in both: vectors, matrices, sequences [N, T, C].
    case same
    /// Images [N, C, H, W] ↔ [N, H, W, C].
    case image
    /// Filters [O, I, H, W] ↔ [O, H, W, I]; of a transposed convolution [I, O, H, W] ↔ [I, H, W, O].
    case filters
    /// Sequences [N, C, T] ↔ [N, T, C].
    case sequence
    /// Filters over time [O, I, K] ↔ [O, K, I].
    case sequenceFilters

    /// Dimension i of ours is dimension `axes[i]` of theirs; nil when nothing moves.
    private var axes: [Int]? {
        switch self {
        case .same: nil
        case .image, .filters: [0, 2, 3, 1]
        case .sequence, .sequenceFilters: [0, 2, 1]
        }
    }

    /// Values and shape in our layout.
    package func ours(_ values: [Float], _ shape: [Int]) -> (values: [Float], shape: [Int]) {
        guard let axes else { return (values, shape) }
        return ReferenceLayout.permuted(values, shape, axes)
    }

    /// Values and shape in PyTorch's layout.
    package func theirs(_ values: [Float], _ shape: [Int]) -> (values: [Float], shape: [Int]) {
        guard let axes else { return (values, shape) }
        var inverse = axes
        for (index, axis) in axes.enumerated() { inverse[axis] = index }
        return ReferenceLayout.permuted(values, shape, inverse)
    }

    /// Moves dimension `axes[i]` to place i.
    static func permuted(_ values: [Float], _ shape: [Int], _ axes: [Int]) -> (values: [Float], shape: [Int]) {
        precondition(axes.count == shape.count, "permuted: \(axes) for shape \(shape)")
        var strides = Array(repeating: 1, count: shape.count)
        for i in strides.indices.dropLast().reversed() { strides[i] = strides[i + 1] * shape[i + 1] }
        let newShape = axes.map { shape[$0] }
        var result: [Float] = []
        result.reserveCapacity(values.count)
        var index = Array(repeating: 0, count: shape.count)
        for _ in values.indices {
            result.append(values[zip(index, axes).reduce(0) { $0 + $1.0 * strides[$1.1] }])
            for i in index.indices.reversed() {
                index[i] += 1
                if index[i] < newShape[i] { break }
                index[i] = 0
            }
        }
        return (result, newShape)
    }
}
