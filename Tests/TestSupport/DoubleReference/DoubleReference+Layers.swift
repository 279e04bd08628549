extension DoubleReference {
    /// y[…, o] = Σᵢ x[…, i] w[o, i] + b[o] for every position of a sequence [N, T, I].
    package static func linearOverTime(
        _ x: DoubleTensor, _ w: DoubleTensor, bias: DoubleTensor? = nil
    ) -> DoubleTensor {
        let rows = linear(DoubleTensor(x.values, [x.rows, x.columns]), w, bias: bias)
        return DoubleTensor(rows.values, x.shape.dropLast() + [w.shape[0]])
    }

    /// y[n, o] = Σᵢ x[n, i] w[o, i] + b[o], where x's sample is taken as one vector.
    package static func linear(_ x: DoubleTensor, _ w: DoubleTensor, bias: DoubleTensor? = nil) -> DoubleTensor {
        let (batch, outputs, inputs) = (x.shape[0], w.shape[0], w.shape[1])
        var y = DoubleTensor(repeating: 0, [batch, outputs])
        for n in 0..<batch {
            for o in 0..<outputs {
                var sum = bias?.values[o] ?? 0
                for i in 0..<inputs { sum += x.values[n * inputs + i] * w[o, i] }
                y[n, o] = sum
            }
        }
        return y
    }

    /// y[n, p, q, o] = Σ x[n, p·s − top + i·d, q·s − left + j·d, c] w[o, i, j, c] + b[o], zeros outside the image.
    ///
    /// - Parameter padding: [top, bottom, left, right].
    package static func convolution(
        _ x: DoubleTensor, _ w: DoubleTensor, bias: DoubleTensor? = nil, stride: [Int] = [1, 1],
        padding: [Int] = [0, 0, 0, 0],
        dilation: [Int] = [1, 1], groups: Int = 1
    ) -> DoubleTensor {
        func extent(_ n: Int, _ k: Int, _ p: Int, _ axis: Int) -> Int {
            (n + p - dilation[axis] * (k - 1) - 1) / stride[axis] + 1
        }
        let height = extent(x.shape[1], w.shape[1], padding[0] + padding[1], 0)
        let width = extent(x.shape[2], w.shape[2], padding[2] + padding[3], 1)
        let outputsOfGroup = w.shape[0] / groups
        var y = DoubleTensor(repeating: 0, [x.shape[0], height, width, w.shape[0]])
        forEachIndex(y.shape) { n, p, q, o in
            var sum = bias?.values[o] ?? 0
            for i in 0..<w.shape[1] {
                let row = p * stride[0] - padding[0] + i * dilation[0]
                guard row >= 0 && row < x.shape[1] else { continue }
                for j in 0..<w.shape[2] {
                    let column = q * stride[1] - padding[2] + j * dilation[1]
                    guard column >= 0 && column < x.shape[2] else { continue }
                    for c in 0..<w.shape[3] {
                        sum += x[n, row, column, o / outputsOfGroup * w.shape[3] + c] * w[o, i, j, c]
                    }
                }
            }
            y[n, p, q, o] = sum
        }
        return y
    }

    /// γ (x − μ) / √(σ² + ε) + β for each channel; μ and σ² (biased) of the rows, unless they are given.
    package static func batchNormalization(
        _ x: DoubleTensor, gamma: DoubleTensor, beta: DoubleTensor, epsilon: Double,
        statistics: (mean: [Double], variance: [Double])? = nil
    ) -> DoubleTensor {
        var y = x
        for c in 0..<x.columns {
            let places = (0..<x.rows).map { $0 * x.columns + c }
            let count = Double(places.count)
            let mean = statistics?.mean[c] ?? places.reduce(0) { $0 + x.values[$1] } / count
            let variance =
                statistics?.variance[c] ?? places.reduce(0) { $0 + (x.values[$1] - mean) * (x.values[$1] - mean) }
                / count
            for i in places {
                y.values[i] =
                    gamma.values[c] * (x.values[i] - mean) / (variance + epsilon).squareRoot() + beta.values[c]
            }
        }
        return y
    }

    /// γ (x − μ) / √(σ² + ε) + β for each row, with its own μ and σ² (biased).
    package static func layerNormalization(
        _ x: DoubleTensor, gamma: DoubleTensor, beta: DoubleTensor, epsilon: Double
    ) -> DoubleTensor {
        let count = Double(x.columns)
        var y = x
        for row in 0..<x.rows {
            let places = row * x.columns..<(row + 1) * x.columns
            let mean = places.reduce(0) { $0 + x.values[$1] } / count
            let variance = places.reduce(0) { $0 + (x.values[$1] - mean) * (x.values[$1] - mean) } / count
            for (c, i) in places.enumerated() {
                y.values[i] =
                    gamma.values[c] * (x.values[i] - mean) / (variance + epsilon).squareRoot() + beta.values[c]
            }
        }
        return y
    }

    /// a + b.
    package static func add(_ a: DoubleTensor, _ b: DoubleTensor) -> DoubleTensor {
        DoubleTensor(zip(a.values, b.values).map { $0 + $1 }, a.shape)
    }

    /// Joins along the last dimension.
    package static func concatenate(_ parts: [DoubleTensor]) -> DoubleTensor {
        let values = (0..<parts[0].rows).flatMap { row in
            parts.flatMap { $0.values[row * $0.columns..<(row + 1) * $0.columns] }
        }
        return DoubleTensor(values, parts[0].shape.dropLast() + [parts.reduce(0) { $0 + $1.columns }])
    }

    /// Each sample as a vector: images [N, H, W, C] in the order (c, h, w).
    package static func flatten(_ x: DoubleTensor) -> DoubleTensor {
        let size = x.shape.dropFirst().reduce(1, *)
        var y = DoubleTensor(x.values, [x.shape[0], size])
        guard x.shape.count >= 4, size > 0 else { return y }
        let positions = size / x.columns
        for n in 0..<x.shape[0] {
            for p in 0..<positions {
                for c in 0..<x.columns {
                    y[n, c * positions + p] = x.values[(n * positions + p) * x.columns + c]
                }
            }
        }
        return y
    }

    /// Calls `body` with every index of a tensor of four dimensions.
    static func forEachIndex(_ shape: [Int], _ body: (Int, Int, Int, Int) -> Void) {
        for n in 0..<shape[0] {
            for h in 0..<shape[1] {
                for w in 0..<shape[2] {
                    for c in 0..<shape[3] { body(n, h, w, c) }
                }
            }
        }
    }
}
