extension DoubleReference {
    /// y[n, t, o] = Σ x[n, t·s − before + j·d, c] w[o, 0, j, c] + b[o], zeros outside the sequence.
    package static func convolution1D(
        _ x: DoubleTensor, _ w: DoubleTensor, bias: DoubleTensor? = nil, stride: Int = 1, before: Int = 0,
        behind: Int = 0, dilation: Int = 1, groups: Int = 1
    ) -> DoubleTensor {
        let (batch, steps, channels) = (x.shape[0], x.shape[1], x.shape[2])
        let (outputs, taps, groupChannels) = (w.shape[0], w.shape[2], w.shape[3])
        let length = (steps + before + behind - dilation * (taps - 1) - 1) / stride + 1
        var y = DoubleTensor(repeating: 0, [batch, length, outputs])
        for n in 0..<batch {
            for t in 0..<length {
                for o in 0..<outputs {
                    var sum = bias?.values[o] ?? 0
                    for j in 0..<taps {
                        let step = t * stride - before + j * dilation
                        guard step >= 0 && step < steps else { continue }
                        for c in 0..<groupChannels {
                            let channel = o / (outputs / groups) * groupChannels + c
                            sum +=
                                x.values[(n * steps + step) * channels + channel]
                                * w.values[(o * taps + j) * groupChannels + c]
                        }
                    }
                    y.values[(n * length + t) * outputs + o] = sum
                }
            }
        }
        return y
    }

    /// y[n, p·s − top + i·d, q·s − left + j·d, o] += x[n, p, q, c] w[c, i, j, o] for all c, i, j of o's group; and
    /// b[o].
    ///
    /// - Parameter padding: [top, bottom, left, right].
    package static func convolutionTranspose(
        _ x: DoubleTensor, _ w: DoubleTensor, bias: DoubleTensor? = nil, stride: [Int] = [1, 1],
        padding: [Int] = [0, 0, 0, 0], outputPadding: [Int] = [0, 0], dilation: [Int] = [1, 1], groups: Int = 1
    ) -> DoubleTensor {
        func extent(_ axis: Int) -> Int {
            (x.shape[1 + axis] - 1) * stride[axis] - padding[2 * axis] - padding[2 * axis + 1]
                + dilation[axis] * (w.shape[1 + axis] - 1) + 1 + outputPadding[axis]
        }
        let outputs = w.shape[3] * groups
        var y = DoubleTensor(repeating: 0, [x.shape[0], extent(0), extent(1), outputs])
        forEachIndex(y.shape) { n, p, q, o in y[n, p, q, o] = bias?.values[o] ?? 0 }
        forEachIndex(x.shape) { n, p, q, c in
            let group = c / (x.shape[3] / groups)
            for i in 0..<w.shape[1] {
                let row = p * stride[0] - padding[0] + i * dilation[0]
                guard row >= 0 && row < y.shape[1] else { continue }
                for j in 0..<w.shape[2] {
                    let column = q * stride[1] - padding[2] + j * dilation[1]
                    guard column >= 0 && column < y.shape[2] else { continue }
                    for o in 0..<w.shape[3] {
                        y[n, row, column, group * w.shape[3] + o] += x[n, p, q, c] * w[c, i, j, o]
                    }
                }
            }
        }
        return y
    }

    /// A convolution whose position p has its own filters w[p · O …] and biases b[p · O …].
    package static func localConvolution(
        _ x: DoubleTensor, _ w: DoubleTensor, bias: DoubleTensor? = nil, outputs: Int, stride: [Int] = [1, 1],
        padding: [Int] = [0, 0, 0, 0], dilation: [Int] = [1, 1], groups: Int = 1
    ) -> DoubleTensor {
        let size = w.shape.dropFirst().reduce(1, *)
        /// What a convolution with the filters of one position gives everywhere.
        func everywhere(_ position: Int) -> DoubleTensor {
            let own = DoubleTensor(
                Array(w.values[position * outputs * size..<(position + 1) * outputs * size]),
                [outputs] + w.shape.dropFirst())
            let ownBias = bias.map {
                DoubleTensor(Array($0.values[position * outputs..<(position + 1) * outputs]), [outputs])
            }
            return convolution(
                x, own, bias: ownBias, stride: stride, padding: padding, dilation: dilation, groups: groups)
        }
        var y = everywhere(0)
        for position in 1..<max(w.shape[0] / outputs, 1) {
            let other = everywhere(position)
            let (p, q) = (position / y.shape[2], position % y.shape[2])
            for n in 0..<y.shape[0] {
                for o in 0..<outputs { y[n, p, q, o] = other[n, p, q, o] }
            }
        }
        return y
    }

    /// Every output is the mean of the inputs whose centres are next to its own, weighted by nearness.
    package static func upsample(_ x: DoubleTensor, factor: [Int], isBilinear: Bool) -> DoubleTensor {
        /// The weights of the inputs along an axis of n.
        func weights(_ place: Int, _ factor: Int, _ n: Int) -> [(Int, Double)] {
            if !isBilinear { return [(place / factor, 1)] }
            let centre = (Double(place) + 0.5) / Double(factor) - 0.5
            let inside = min(max(centre, 0), Double(n - 1))
            return (0..<n).map { ($0, max(0, 1 - abs(inside - Double($0)))) }
        }
        var y = DoubleTensor(
            repeating: 0, [x.shape[0], x.shape[1] * factor[0], x.shape[2] * factor[1], x.shape[3]])
        forEachIndex(y.shape) { n, p, q, c in
            for (row, a) in weights(p, factor[0], x.shape[1]) {
                for (column, b) in weights(q, factor[1], x.shape[2]) { y[n, p, q, c] += a * b * x[n, row, column, c] }
            }
        }
        return y
    }

    /// The image with its opposite sides around it.
    ///
    /// - Parameter padding: [top, bottom, left, right].
    package static func padCircular(_ x: DoubleTensor, _ padding: [Int]) -> DoubleTensor {
        func place(_ distance: Int, _ n: Int) -> Int { (distance % n + n) % n }
        var y = DoubleTensor(
            repeating: 0,
            [x.shape[0], x.shape[1] + padding[0] + padding[1], x.shape[2] + padding[2] + padding[3], x.shape[3]])
        forEachIndex(y.shape) { n, p, q, c in
            y[n, p, q, c] = x[n, place(p - padding[0], x.shape[1]), place(q - padding[2], x.shape[2]), c]
        }
        return y
    }

    /// Filters with tap (kh − 1 − i, kw − 1 − j) at (i, j).
    package static func flipped(_ w: DoubleTensor) -> DoubleTensor {
        var y = w
        forEachIndex(w.shape) { o, i, j, c in y[o, i, j, c] = w[o, w.shape[1] - 1 - i, w.shape[2] - 1 - j, c] }
        return y
    }

    /// Weights [pairs, kh, kw] as filters [O, kh, kw, C], zero where no pair is.
    package static func connectedFilters(_ w: DoubleTensor, _ inputs: [[Int]], channels: Int) -> DoubleTensor {
        let (height, width) = (w.shape[1], w.shape[2])
        let pairs = inputs.enumerated().flatMap { output, list in list.map { (output, $0) } }
        var filters = DoubleTensor(repeating: 0, [inputs.count, height, width, channels])
        for (pair, (output, input)) in pairs.enumerated() {
            for i in 0..<height {
                for j in 0..<width {
                    filters[output, i, j, input] = w.values[(pair * height + i) * width + j]
                }
            }
        }
        return filters
    }
}
