import Foundation
import Kernels

/// Many numbers of each sample as points of a plane.
package enum Embedding {
    /// Rows in the coordinates of their principal components, the largest variance first.
    package struct Components {
        /// [count, dimensions]
        package let points: [Double]
        package let dimensions: Int
        /// The share of the variance that the first two have.
        package let explained: Double
    }

    /// - Parameters:
    ///   - rows: [count, n]
    ///   - dimensions: at most; there are no more than n and count.
    /// - Returns: nil where the library finds no eigenvectors.
    package static func principal(_ rows: [Double], count: Int, dimensions: Int) -> Components? {
        guard count > 0 else { return nil }
        let n = rows.count / count
        var centred = rows
        for column in 0..<n {
            var sum = 0.0
            for row in 0..<count { sum += rows[row * n + column] }
            for row in 0..<count { centred[row * n + column] -= sum / Double(count) }
        }
        let kept = min(dimensions, n, count)
        // The smaller of the two matrices of products has the same eigenvalues.
        let isWide = n > count
        let products =
            isWide
            ? multiply(m: count, n: count, k: n, centred, centred, transposeB: true)
            : multiply(m: n, n: n, k: count, centred, transposeA: true, centred)
        let order = isWide ? count : n
        guard let eigen = SymmetricEigen(products, count: order) else { return nil }
        let total = eigen.values.reduce(0) { $0 + max($1, 0) }
        let first = eigen.values.suffix(2).reduce(0) { $0 + max($1, 0) }
        var points = [Double](repeating: 0, count: count * kept)
        for place in 0..<kept {
            let vector = eigen.vectors[(order - 1 - place) * order..<(order - place) * order]
            let own = Array(vector)
            if isWide {
                let length = max(eigen.values[order - 1 - place], 0).squareRoot()
                for row in 0..<count { points[row * kept + place] = own[row] * length }
            } else {
                for row in 0..<count {
                    var sum = 0.0
                    for column in 0..<n { sum += centred[row * n + column] * own[column] }
                    points[row * kept + place] = sum
                }
            }
        }
        return Components(points: points, dimensions: kept, explained: total > 0 ? first / total : 0)
    }

    /// t-SNE (van der Maaten and Hinton 2008, algorithm 1), over all pairs: the points, and the Kullback–Leibler
    /// divergence that is left.
    ///
    /// It begins with the first two coordinates, made small, so that it has the same bits every time. Exaggeration by
    /// 12 in the first quarter of the steps, at most 250, a momentum of 0.5 and then 0.8, and gains as in the paper's
    /// program; the rate is count / 12, at least 50 (Belkina et al. 2019).
    package static func neighbours(
        _ rows: [Double], count: Int, dimensions: Int, perplexity: Double, steps: Int
    ) -> (points: [(Double, Double)], divergence: Double) {
        let p = similarities(rows, count: count, dimensions: dimensions, perplexity: perplexity)
        var y = [Double](repeating: 0, count: 2 * count)
        var scale = 0.0
        for row in 0..<count { scale += rows[row * dimensions] * rows[row * dimensions] }
        scale = 1e-4 / max((scale / Double(count)).squareRoot(), 1e-300)
        for row in 0..<count {
            y[2 * row] = rows[row * dimensions] * scale
            y[2 * row + 1] = dimensions > 1 ? rows[row * dimensions + 1] * scale : Double(row % 7) * 1e-6
        }
        var velocity = [Double](repeating: 0, count: 2 * count)
        var gains = [Double](repeating: 1, count: 2 * count)
        var gradient = velocity
        let rate = max(Double(count) / 12, 50)
        let early = min(250, steps / 4)
        var divergence = 0.0
        for step in 0..<steps {
            let exaggeration = step < early ? 12.0 : 1
            divergence = neighbourGradient(
                p, points: y, count: count, exaggeration: exaggeration, into: &gradient)
            let momentum = step < early ? 0.5 : 0.8
            for index in y.indices {
                let isSame = (gradient[index] > 0) == (velocity[index] > 0)
                gains[index] = max(isSame ? gains[index] * 0.8 : gains[index] + 0.2, 0.01)
                velocity[index] = momentum * velocity[index] - rate * gains[index] * gradient[index]
                y[index] += velocity[index]
            }
            for axis in 0..<2 {
                var mean = 0.0
                for row in 0..<count { mean += y[2 * row + axis] }
                mean /= Double(count)
                for row in 0..<count { y[2 * row + axis] -= mean }
            }
        }
        return ((0..<count).map { (y[2 * $0], y[2 * $0 + 1]) }, divergence)
    }

    /// pᵢⱼ, symmetric, of sum 1: Gaussians around each point, as wide as the perplexity wants.
    package static func similarities(_ rows: [Double], count: Int, dimensions: Int, perplexity: Double) -> [Double] {
        let products = multiply(m: count, n: count, k: dimensions, rows, rows, transposeB: true)
        let wanted = log(min(perplexity, Double(count - 1) / 1.5))
        var p = [Double](repeating: 0, count: count * count)
        var row = [Double](repeating: 0, count: count)
        for i in 0..<count {
            var least = Double.infinity
            for j in 0..<count where j != i {
                row[j] = max(0, products[i * count + i] + products[j * count + j] - 2 * products[i * count + j])
                least = min(least, row[j])
            }
            // The precision at which the entropy is the perplexity's logarithm.
            var (low, high, beta) = (0.0, Double.infinity, 1.0)
            for _ in 0..<64 {
                var (sum, weighted) = (0.0, 0.0)
                for j in 0..<count where j != i {
                    let value = exp(-beta * (row[j] - least))
                    p[i * count + j] = value
                    sum += value
                    weighted += value * (row[j] - least)
                }
                let entropy = log(sum) + beta * weighted / sum
                for j in 0..<count where j != i { p[i * count + j] /= sum }
                if abs(entropy - wanted) < 1e-6 { break }
                if entropy > wanted {
                    low = beta
                    beta = high.isFinite ? (low + high) / 2 : beta * 2
                } else {
                    high = beta
                    beta = (low + high) / 2
                }
            }
        }
        for i in 0..<count {
            for j in 0..<i {
                let both = (p[i * count + j] + p[j * count + i]) / Double(2 * count)
                p[i * count + j] = both
                p[j * count + i] = both
            }
        }
        return p
    }

    /// How many points have a nearest neighbour of their own class.
    package static func nearestShare(_ points: [(Double, Double)], _ classes: [Int]) -> Double {
        var same = 0
        for i in points.indices {
            var (best, distance) = (-1, Double.infinity)
            for j in points.indices where j != i {
                let (dx, dy) = (points[i].0 - points[j].0, points[i].1 - points[j].1)
                let own = dx * dx + dy * dy
                if own < distance { (best, distance) = (j, own) }
            }
            if best >= 0, classes[best] == classes[i] { same += 1 }
        }
        return Double(same) / Double(max(points.count, 1))
    }
}
