import Kernels
import TensorCore

/// The windows of a pooling, each extent as (height, width).
package struct PoolingAttributes: Hashable, Sendable {
    package var kernel: [Int]
    package var stride: [Int]
    package var padding: [Int]
    /// More padding at the bottom and the right than at the top and the left.
    package var extraPadding: [Int]
    package var ceilMode: Bool

    package init(
        kernel: [Int], stride: [Int]? = nil, padding: [Int] = [0, 0], extraPadding: [Int] = [0, 0],
        ceilMode: Bool = false
    ) {
        self.kernel = kernel
        self.stride = stride ?? kernel
        self.padding = padding
        self.extraPadding = extraPadding
        self.ceilMode = ceilMode
    }

    package func geometry(input: Shape) -> PoolingGeometry {
        PoolingGeometry(
            batch: input[0], height: input[1], width: input[2], channels: input[3], kernel: (kernel[0], kernel[1]),
            stride: (stride[0], stride[1]), padding: (padding[0], padding[1]),
            extraPadding: (extraPadding[0], extraPadding[1]), ceilMode: ceilMode)
    }

    /// The geometry for a batch, checked for an operation of that name.
    func checkedGeometry(_ operation: String, _ x: Variable) -> PoolingGeometry {
        precondition(x.shape.rank == 4, "\(operation): input \(x.shape) is not [N, H, W, C]")
        let g = geometry(input: x.shape)
        precondition(g.outputHeight > 0 && g.outputWidth > 0, "\(operation): windows \(kernel) do not fit \(x.shape)")
        precondition(
            padding[0] * 2 <= kernel[0] && padding[1] * 2 <= kernel[1],
            "\(operation): padding \(padding) over half of \(kernel)")
        return g
    }
}

/// The largest value of each window: x [N, H, W, C] → [N, H′, W′, C]; the gradient goes to the first largest.
package func maxPool2D(_ x: Variable, _ attributes: PoolingAttributes) -> Variable {
    let g = attributes.checkedGeometry("maxPool2D", x)
    let y = x.makeTensor([g.batch, g.outputHeight, g.outputWidth, g.channels])
    let choice = x.makeTensor(y.shape)
    maxPool(g, x.value.pointer, into: y.pointer, choice: choice.pointer)
    return x.tape.record(y, x) { [x = x.target] tape, dy in
        let gradient = dy
        tape.accumulate(into: x) { dx, accumulate in
            maxPoolGradient(g, gradient.pointer, choice: choice.pointer, into: dx, accumulate: accumulate)
        }
    }
}

/// The mean of each window: x [N, H, W, C] → [N, H′, W′, C]; padding counts as zeros where `countPadding` says so.
package func averagePool2D(_ x: Variable, _ attributes: PoolingAttributes, countPadding: Bool = true) -> Variable {
    let g = attributes.checkedGeometry("averagePool2D", x)
    let y = x.makeTensor([g.batch, g.outputHeight, g.outputWidth, g.channels])
    averagePool(g, countPadding: countPadding, x.value.pointer, into: y.pointer)
    return x.tape.record(y, x) { [x = x.target] tape, dy in
        let gradient = dy
        tape.accumulate(into: x) { dx, accumulate in
            if !accumulate { dx.update(repeating: 0, count: g.inputCount) }
            averagePoolGradient(g, countPadding: countPadding, gradient.pointer, into: dx)
        }
    }
}

/// The mean over all positions: x [N, …, C] → [N, C].
package func globalAveragePool2D(_ x: Variable) -> Variable {
    precondition(x.shape.rank >= 2, "globalAveragePool2D: input \(x.shape)")
    let batch = x.shape[0]
    let channels = x.shape[-1]
    let positions = x.shape.sample.count / max(channels, 1)
    let y = x.makeTensor([batch, channels])
    globalAveragePool(x.value.pointer, batch: batch, positions: positions, channels: channels, into: y.pointer)
    return x.tape.record(y, x) { [x = x.target] tape, dy in
        let gradient = dy
        tape.accumulate(into: x) { dx, accumulate in
            globalAveragePoolGradient(
                gradient.pointer, batch: batch, positions: positions, channels: channels, into: dx,
                accumulate: accumulate)
        }
    }
}
