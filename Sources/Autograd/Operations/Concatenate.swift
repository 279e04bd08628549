import Kernels
import TensorCore

/// Joins values along the last dimension (channels): [N, …, C₁], [N, …, C₂], … → [N, …, ΣC].
package func concatenate(_ parts: [Variable]) -> Variable {
    precondition(!parts.isEmpty, "concatenate: nothing to join")
    let widths = parts.map { $0.shape[-1] }
    let rows = parts[0].shape.count / max(widths[0], 1)
    for part in parts {
        precondition(
            part.shape.rank == parts[0].shape.rank
                && part.shape.dimensions.dropLast() == parts[0].shape.dimensions.dropLast(),
            "concatenate: \(parts[0].shape) with \(part.shape)")
    }
    let width = widths.reduce(0, +)
    let y = parts[0].makeTensor(Shape(parts[0].shape.dimensions.dropLast() + [width]))
    var offset = 0
    for (part, columns) in zip(parts, widths) {
        for row in 0..<rows {
            (y.pointer + row * width + offset).update(from: part.value.pointer + row * columns, count: columns)
        }
        offset += columns
    }
    let targets = parts.map(\.target)
    return parts[0].tape.record(y, all: parts) { tape, dy in
        let gradient = dy
        var offset = 0
        for (part, columns) in zip(targets, widths) {
            tape.accumulate(into: part) { dx, accumulate in
                for row in 0..<rows {
                    let source = gradient.pointer + row * width + offset
                    let target = dx + row * columns
                    if accumulate {
                        Kernels.accumulate(source, into: target, count: columns)
                    } else {
                        target.update(from: source, count: columns)
                    }
                }
            }
            offset += columns
        }
    }
}
