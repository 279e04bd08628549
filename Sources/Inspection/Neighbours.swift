import Glibc
import Kernels

/// Samples in the order of how near they are to others: retrieval, judged by the classes that it finds.
package struct Neighbours: Sendable {
    /// How nearness is measured.
    package enum Distance: String, CaseIterable, Sendable {
        /// The angle between two vectors.
        case cosine
        case euclidean
    }

    /// What is found for one sample.
    package struct Found: Sendable, Equatable {
        /// The mean of the precision at each place where its class is found; nil where no other sample has it.
        package var averagePrecision: Double?
        /// Whether the nearest sample has its class.
        package var nearestIsRight: Bool
        /// The nearest samples, by their numbers.
        package var nearest: [Int]
    }

    private let classes: [Int]
    private let size: Int
    /// Row by row; of length 1 where angles count.
    private let values: [Float]
    /// Half the square of each row's length; 0 where angles count.
    private let halves: [Float]

    /// - Parameter values: row by row, as many as classes.
    package init(_ values: [Float], size: Int, classes: [Int], distance: Distance) {
        precondition(values.count == size * classes.count, "Neighbours: \(values.count) values of \(classes.count)")
        var rows = values
        var halves = [Float](repeating: 0, count: classes.count)
        for row in classes.indices {
            let range = row * size..<(row + 1) * size
            let square = rows[range].reduce(0.0) { $0 + Double($1) * Double($1) }
            if distance == .euclidean {
                halves[row] = Float(square / 2)
            } else if square > 0 {
                let factor = Float(1 / square.squareRoot())
                for index in range { rows[index] *= factor }
            }
        }
        (self.values, self.size, self.classes, self.halves) = (rows, size, classes, halves)
    }

    /// What is found for some samples, each among all others, the first of equally near ones first.
    package func find(_ samples: [Int], nearest count: Int) -> [Found] {
        let all = classes.count
        var products = [Float](repeating: 0, count: samples.count * all)
        multiply(
            m: samples.count, n: all, k: size, samples.flatMap { values[$0 * size..<($0 + 1) * size] }, lda: size,
            values, ldb: size, transposeB: true, into: &products, ldc: all)
        return samples.enumerated().map { place, sample in
            found(sample, nearness: products[place * all..<(place + 1) * all], count)
        }
    }

    private func found(_ sample: Int, nearness: ArraySlice<Float>, _ count: Int) -> Found {
        // The nearest has the least key; the sample's number breaks ties.
        var keys: [UInt64] = []
        keys.reserveCapacity(nearness.count)
        for (other, product) in nearness.enumerated() where other != sample {
            keys.append(UInt64(Neighbours.descending(product - halves[other])) << 32 | UInt64(other))
        }
        keys.sort()
        let wanted = classes.count { $0 == classes[sample] } - 1
        var (right, sum) = (0, 0.0)
        for (place, key) in keys.enumerated() where classes[Int(key & 0xFFFF_FFFF)] == classes[sample] {
            right += 1
            sum += Double(right) / Double(place + 1)
        }
        let nearest = keys.prefix(count).map { Int($0 & 0xFFFF_FFFF) }
        return Found(
            averagePrecision: wanted > 0 ? sum / Double(wanted) : nil,
            nearestIsRight: keys.first.map { classes[Int($0 & 0xFFFF_FFFF)] == classes[sample] } ?? false,
            nearest: nearest)
    }

    /// A number that is the less the larger the float; NaN comes last.
    private static func descending(_ value: Float) -> UInt32 {
        if value.isNaN { return .max }
        let bits = (value + 0).bitPattern
        return bits >> 31 == 1 ? bits : ~bits & 0x7FFF_FFFF
    }
}
