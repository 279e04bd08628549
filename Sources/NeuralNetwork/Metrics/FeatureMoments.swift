import Kernels
import TensorCore

/// The moments of features over samples, as sums: their number n, Σ x and the triangle of Σ x xᵀ, row by row.
struct FeatureMoments {
    let mean: [Double]
    /// [d, d], with n − 1 in the denominator.
    let covariance: [Double]

    /// How many sums d features have.
    static func count(of features: Int) -> Int { 1 + features + features * (features + 1) / 2 }

    /// The sums of samples [n, d].
    static func sums(_ values: Tensor) -> [Double] {
        let features = values.shape.sample.count
        let x = values.values.map { Double($0) }
        let rows = values.shape[0]
        let products = multiply(m: features, n: features, k: rows, x, transposeA: true, x)
        var sums = [Double](repeating: 0, count: count(of: features))
        sums[0] = Double(rows)
        for row in 0..<rows { for i in 0..<features { sums[1 + i] += x[row * features + i] } }
        var place = 1 + features
        for i in 0..<features {
            for j in i..<features {
                sums[place] = products[i * features + j]
                place += 1
            }
        }
        return sums
    }

    /// Nil for fewer than two samples.
    init?(_ sums: ArraySlice<Double>, features: Int) {
        let n = sums[sums.startIndex]
        guard n > 1 else { return nil }
        let mean = (0..<features).map { sums[sums.startIndex + 1 + $0] / n }
        var covariance = [Double](repeating: 0, count: features * features)
        var place = sums.startIndex + 1 + features
        for i in 0..<features {
            for j in i..<features {
                let value = (sums[place] - n * mean[i] * mean[j]) / (n - 1)
                covariance[i * features + j] = value
                covariance[j * features + i] = value
                place += 1
            }
        }
        self.mean = mean
        self.covariance = covariance
    }

    /// The squared Fréchet distance of the normal distributions with these moments (Dowson and Landau 1982):
    /// ‖μ − ν‖² + tr(A + B − 2 (AB)^½), where the eigenvalues of AB are those of A^½ B A^½. NaN where a number is not
    /// finite.
    func frechetDistance(to other: FeatureMoments) -> Double {
        let d = mean.count
        guard let own = SymmetricEigen(covariance, count: d) else { return .nan }
        // A^½ = Vᵀ √λ V; what rounding makes negative counts as 0.
        var scaled = own.vectors
        for i in 0..<d {
            let factor = max(own.values[i], 0).squareRoot()
            for j in 0..<d { scaled[i * d + j] *= factor }
        }
        let root = multiply(m: d, n: d, k: d, own.vectors, transposeA: true, scaled)
        let product = multiply(m: d, n: d, k: d, multiply(m: d, n: d, k: d, root, other.covariance), root)
        guard let common = SymmetricEigen(product, count: d) else { return .nan }
        var distance = -2 * common.values.reduce(0) { $0 + max($1, 0).squareRoot() }
        for i in 0..<d {
            let difference = mean[i] - other.mean[i]
            distance += difference * difference + covariance[i * d + i] + other.covariance[i * d + i]
        }
        return max(distance, 0)
    }
}
