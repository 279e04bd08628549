extension DoubleReference {
    /// The gradients of Σ dy · ``convolution(_:_:bias:stride:padding:dilation:groups:)`` for x and w, term by term.
    package static func convolutionGradients(
        _ x: DoubleTensor, _ w: DoubleTensor, _ dy: DoubleTensor, stride: [Int] = [1, 1],
        padding: [Int] = [0, 0, 0, 0],
        dilation: [Int] = [1, 1], groups: Int = 1
    ) -> (data: DoubleTensor, filters: DoubleTensor) {
        var dx = DoubleTensor(repeating: 0, x.shape)
        var dw = DoubleTensor(repeating: 0, w.shape)
        let outputsOfGroup = w.shape[0] / groups
        forEachIndex(dy.shape) { n, p, q, o in
            for i in 0..<w.shape[1] {
                let row = p * stride[0] - padding[0] + i * dilation[0]
                guard row >= 0 && row < x.shape[1] else { continue }
                for j in 0..<w.shape[2] {
                    let column = q * stride[1] - padding[2] + j * dilation[1]
                    guard column >= 0 && column < x.shape[2] else { continue }
                    for c in 0..<w.shape[3] {
                        let channel = o / outputsOfGroup * w.shape[3] + c
                        dx[n, row, column, channel] += dy[n, p, q, o] * w[o, i, j, c]
                        dw[o, i, j, c] += dy[n, p, q, o] * x[n, row, column, channel]
                    }
                }
            }
        }
        return (dx, dw)
    }
}
