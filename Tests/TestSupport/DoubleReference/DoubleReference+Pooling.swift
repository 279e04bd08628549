extension DoubleReference {
    /// The windows of a pooling, with the same extents along both axes.
    package struct Windows: Sendable {
        package var kernel: Int
        package var stride: Int
        package var padding: Int
        package var ceil: Bool

        package init(kernel: Int, stride: Int, padding: Int = 0, ceil: Bool = false) {
            self.kernel = kernel
            self.stride = stride
            self.padding = padding
            self.ceil = ceil
        }

        /// Where each window begins along an axis of `extent` pixels; −padding is the first.
        ///
        /// Windows that reach beyond the padding count with `ceil`, unless they begin behind the image and its left
        /// padding.
        func starts(_ extent: Int) -> [Int] {
            var starts: [Int] = []
            var start = -padding
            while start + kernel <= extent + padding
                || (ceil && start < extent && start - stride + kernel < extent + padding)
            {
                starts.append(start)
                start += stride
            }
            return starts
        }
    }

    /// f of each window's values inside the image and of the window's size inside the padded image.
    package static func pool(
        _ x: DoubleTensor, _ windows: Windows, _ f: (_ values: [Double], _ paddedCount: Int) -> Double
    ) -> DoubleTensor {
        let (rows, columns) = (windows.starts(x.shape[1]), windows.starts(x.shape[2]))
        var y = DoubleTensor(repeating: 0, [x.shape[0], rows.count, columns.count, x.shape[3]])
        func inside(_ start: Int, _ extent: Int) -> Range<Int> { max(start, 0)..<min(start + windows.kernel, extent) }
        func padded(_ start: Int, _ extent: Int) -> Int {
            min(start + windows.kernel, extent + windows.padding) - start
        }
        forEachIndex(y.shape) { n, p, q, c in
            var values: [Double] = []
            for row in inside(rows[p], x.shape[1]) {
                for column in inside(columns[q], x.shape[2]) { values.append(x[n, row, column, c]) }
            }
            y[n, p, q, c] = f(values, padded(rows[p], x.shape[1]) * padded(columns[q], x.shape[2]))
        }
        return y
    }

    package static func maxPool(_ x: DoubleTensor, _ windows: Windows) -> DoubleTensor {
        pool(x, windows) { values, _ in values.max() ?? .nan }
    }

    package static func averagePool(_ x: DoubleTensor, _ windows: Windows, countPadding: Bool) -> DoubleTensor {
        pool(x, windows) { values, paddedCount in
            values.reduce(0, +) / Double(countPadding ? paddedCount : values.count)
        }
    }

    package static func l2Pool(_ x: DoubleTensor, _ windows: Windows) -> DoubleTensor {
        pool(x, windows) { values, _ in values.reduce(0) { $0 + $1 * $1 }.squareRoot() }
    }

    /// Σ a² / Σ a of the activations a = max(0, x) in each window; 0 where none is positive.
    package static func weightedPool(_ x: DoubleTensor, _ windows: Windows) -> DoubleTensor {
        pool(x, windows) { values, _ in
            let total = values.reduce(0) { $0 + max(0, $1) }
            return total == 0 ? 0 : values.reduce(0) { $0 + max(0, $1) * max(0, $1) } / total
        }
    }

    /// The mean over all positions: [N, …, C] → [N, C].
    package static func globalAveragePool(_ x: DoubleTensor) -> DoubleTensor {
        let (batch, channels) = (x.shape[0], x.columns)
        let positions = x.count / max(batch * channels, 1)
        var y = DoubleTensor(repeating: 0, [batch, channels])
        for n in 0..<batch {
            for position in 0..<positions {
                for c in 0..<channels {
                    y[n, c] += x.values[(n * positions + position) * channels + c] / Double(positions)
                }
            }
        }
        return y
    }
}
