import Kernels
import Synchronization
import TensorCore

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

    /// Reads the samples `indices` of `dataset`, all of them by default.
    ///
    /// - Parameter field: the place of a field of 8-bit pixels; the last extent of its shape is the channel.
    package init(scanning dataset: any Dataset, field: Int, indices: Range<Int>? = nil) throws {
        let description = dataset.fields[field]
        precondition(
            description.unit == 255 && description.variableAxis == nil,
            "ChannelSums: \(description.name) of \(dataset.name) does not hold 8-bit pixels")
        let shape = description.shape
        let channels = description.channels
        // As long as a row keeps the inner loop vectorised; 32-bit sums are emptied after every sample of ≤ 33,000
        // rows.
        let rowLength = shape.rank > 1 ? shape[-1] * shape[-2] : channels
        let rows = shape.count / rowLength
        precondition(rows <= 33_000, "ChannelSums: \(shape) has too many rows")
        var sample = [Float](repeating: 0, count: shape.count)
        var rowSums = [Int32](repeating: 0, count: rowLength)
        var rowSquares = rowSums
        self.init(pixels: 0, sums: Array(repeating: 0, count: channels), squares: Array(repeating: 0, count: channels))
        let isResized = dataset.source.fieldSource(field) == .pictures
        for index in indices ?? 0..<dataset.count {
            do {
                try sample.withUnsafeMutableBufferPointer { sample in
                    try dataset.read(index, field: field, into: sample)
                    // Pixels of resized pictures lie between levels.
                    if isResized { for place in sample.indices { sample[place].round(.toNearestOrEven) } }
                }
            } catch is DamagedSample {
                continue
            }
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

    /// Reads samples on several threads; the sums are exact, so that their order does not matter.
    package init(scanning dataset: any Dataset, field: Int, indices: Range<Int>, threads: Int) throws {
        let channels = dataset.fields[field].channels
        let zeros = Array(repeating: 0, count: channels)
        let total = Mutex(ChannelSums(pixels: 0, sums: zeros, squares: zeros))
        let size = 64
        let queue = WorkQueue<Range<Int>, any Error>(
            stride(from: indices.lowerBound, to: indices.upperBound, by: size).map {
                $0..<min($0 + size, indices.upperBound)
            })
        try queue.run(threads: threads) { _, part in
            let sums = try ChannelSums(scanning: dataset, field: field, indices: part)
            total.withLock { $0 = $0 + sums }
        }
        self = total.withLock(\.self)
    }

    /// The sums of both parts together.
    package static func + (a: ChannelSums, b: ChannelSums) -> ChannelSums {
        precondition(a.sums.count == b.sums.count, "ChannelSums: \(a.sums.count) and \(b.sums.count) channels")
        return ChannelSums(
            pixels: a.pixels + b.pixels, sums: zip(a.sums, b.sums).map(+), squares: zip(a.squares, b.squares).map(+))
    }
}

/// Mean and standard deviation per channel: of pixels on the scale where a full pixel is 1, of real numbers as they
/// are.
package struct ChannelStatistics: Equatable, Sendable {
    /// Σ x / n
    package var mean: [Double]
    /// The population's: √(Σ (x − mean)² / n).
    package var standardDeviation: [Double]
    /// From the smallest to the largest; nil where nobody has looked.
    package var ranges: [ClosedRange<Double>]?

    package init(mean: [Double], standardDeviation: [Double]) {
        precondition(
            mean.count == standardDeviation.count,
            "ChannelStatistics: \(mean.count) means, \(standardDeviation.count) deviations")
        self.mean = mean
        self.standardDeviation = standardDeviation
    }

    /// Those of pixels of which nothing is needed.
    init(ofPixels channels: Int) {
        mean = Array(repeating: 0, count: channels)
        standardDeviation = Array(repeating: 1, count: channels)
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

    /// The statistics of a field of real numbers, whose last axis is the channel, over all samples of `dataset`.
    ///
    /// Two passes in double precision in the order of the samples. Every rank computes them for itself over all
    /// samples, so that they have the same bits for any number of ranks; tables are small.
    ///
    /// - Parameter fill: for each channel what stands for values that are not known; nil where all are.
    package init(scanningReal field: Int, of dataset: any Dataset, fill: [Float]? = nil) throws {
        let channels = dataset.fields[field].channels
        var (count, means) = (0.0, [Double](repeating: 0, count: channels))
        var (least, most) = (means.map { _ in Double.infinity }, means.map { _ in -Double.infinity })
        try dataset.forEachRow(ofReal: field, fill) { row in
            count += 1
            for channel in 0..<channels {
                let value = Double(row[channel])
                means[channel] += value
                least[channel] = min(least[channel], value)
                most[channel] = max(most[channel], value)
            }
        }
        for channel in 0..<channels { means[channel] /= max(count, 1) }
        var squares = [Double](repeating: 0, count: channels)
        try dataset.forEachRow(ofReal: field, fill) { row in
            for channel in 0..<channels {
                let distance = Double(row[channel]) - means[channel]
                squares[channel] += distance * distance
            }
        }
        self.init(mean: means, standardDeviation: squares.map { ($0 / max(count, 1)).squareRoot() })
        ranges = zip(least, most).map { $0 <= $1 ? $0...$1 : 0...0 }
    }
}

extension Dataset {
    /// Calls `body` with each run of the last axis of a field of floats, sample by sample.
    fileprivate func forEachRow(
        ofReal field: Int, _ fill: [Float]?, _ body: (UnsafeMutableBufferPointer<Float>) -> Void
    ) throws {
        let description = fields[field]
        let channels = description.channels
        var values = [Float](repeating: 0, count: description.shape.count)
        let rowLength = description.variableAxis == nil ? 0 : description.shape.count / max(description.shape[0], 1)
        for index in 0..<count {
            let size =
                description.variableAxis == nil
                ? description.shape.count : length(of: index, field: field) * rowLength
            try values.withUnsafeMutableBufferPointer { values in
                let sample = UnsafeMutableBufferPointer(rebasing: values[..<size])
                try read(index, field: field, into: sample)
                if let fill { FieldPreprocessing.fill(sample, with: fill) }
                for first in stride(from: 0, to: size, by: max(channels, 1)) {
                    body(UnsafeMutableBufferPointer(rebasing: values[first..<first + channels]))
                }
            }
        }
    }
}
