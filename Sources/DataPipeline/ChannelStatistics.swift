import Kernels

/// Exact integer sums over all pixels of 8-bit samples, per channel.
///
/// Sums of parts add up to the sums of the whole in any order, so ranks may scan a part each and reduce them.
package struct ChannelSums: Equatable, Sendable {
    /// The number of pixels summed, the same for each channel.
    package var pixels: Int
    /// Σ x per channel, x in 0…255.
    package var sums: [Int]
    /// Σ x² per channel.
    package var squares: [Int]

    package init(pixels: Int, sums: [Int], squares: [Int]) {
        precondition(sums.count == squares.count, "ChannelSums: \(sums.count) sums, \(squares.count) squares")
        self.pixels = pixels
        self.sums = sums
        self.squares = squares
    }

    /// Reads the samples `indices` of `dataset`, all of them by default; the last extent of the sample shape is the
    /// channel.
    package init(scanning dataset: any Dataset, indices: Range<Int>? = nil) throws {
        precondition(dataset.valueScale == 255, "ChannelSums: \(dataset.name) does not hold 8-bit values")
        let shape = dataset.sampleShape
        let channels = shape[-1]
        // As long as a row keeps the inner loop vectorised; 32-bit sums are emptied after every sample of ≤ 33,000
        // rows.
        let rowLength = shape.rank > 1 ? shape[-1] * shape[-2] : channels
        let rows = shape.count / rowLength
        precondition(rows <= 33_000, "ChannelSums: \(shape) has too many rows")
        var sample = [Float](repeating: 0, count: shape.count)
        var rowSums = [Int32](repeating: 0, count: rowLength)
        var rowSquares = rowSums
        self.init(pixels: 0, sums: Array(repeating: 0, count: channels), squares: Array(repeating: 0, count: channels))
        for index in indices ?? 0..<dataset.count {
            try sample.withUnsafeMutableBufferPointer { try dataset.read(index, into: $0) }
            addLevels(sample, rows: rows, rowLength: rowLength, sums: &rowSums, squares: &rowSquares)
            for column in 0..<rowLength {
                sums[column % channels] += Int(rowSums[column])
                squares[column % channels] += Int(rowSquares[column])
                rowSums[column] = 0
                rowSquares[column] = 0
            }
            pixels += shape.count / channels
        }
    }

    /// The sums of both parts together.
    package static func + (a: ChannelSums, b: ChannelSums) -> ChannelSums {
        precondition(a.sums.count == b.sums.count, "ChannelSums: \(a.sums.count) and \(b.sums.count) channels")
        return ChannelSums(
            pixels: a.pixels + b.pixels, sums: zip(a.sums, b.sums).map(+), squares: zip(a.squares, b.squares).map(+))
    }
}

/// Mean and standard deviation per channel on the scale where a full pixel is 1.
package struct ChannelStatistics: Equatable, Sendable {
    /// Σ x / n
    package var mean: [Double]
    /// The population's: √(Σ (x − mean)² / n).
    package var standardDeviation: [Double]

    package init(mean: [Double], standardDeviation: [Double]) {
        precondition(
            mean.count == standardDeviation.count,
            "ChannelStatistics: \(mean.count) means, \(standardDeviation.count) deviations")
        self.mean = mean
        self.standardDeviation = standardDeviation
    }

    /// The statistics of the pixels that were summed.
    package init(_ sums: ChannelSums) {
        let n = Double(max(sums.pixels, 1))
        mean = sums.sums.map { Double($0) / n / 255 }
        standardDeviation = zip(sums.sums, sums.squares).map { sum, square in
            let average = Double(sum) / n
            return max(0, Double(square) / n - average * average).squareRoot() / 255
        }
    }
}
