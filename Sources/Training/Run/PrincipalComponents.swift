import DataPipeline
import JobHealth
import Kernels
import TensorCore

/// The directions in which samples vary most, and what K of them keep of a sample: of all linear autoencoders with a
/// code of K numbers none has a smaller squared error (Pearson 1901; Baldi and Hornik 1989).
package struct PrincipalComponents: Sendable {
    /// [n]
    package let mean: [Double]
    /// [K, n], orthonormal; that of the largest variance last.
    package let directions: [Double]
    package let count: Int

    /// Those of what a model gets of the samples that were summed.
    ///
    /// - Parameters:
    ///   - count: K, at most n.
    ///   - preprocessing: of the field, whose last axis is the channel; nil where models get raw values.
    /// - Returns: nil where the library finds no eigenvectors.
    package init?(_ sums: PixelProducts, count: Int, preprocessing: FieldPreprocessing?) {
        let n = sums.sums.count
        precondition(count > 0 && count <= n, "PrincipalComponents: \(count) of \(n)")
        let samples = Double(max(sums.samples, 1))
        func scale(_ index: Int) -> Double {
            preprocessing.map { Double($0.scale[index % $0.scale.count]) } ?? 1
        }
        func shift(_ index: Int) -> Double {
            preprocessing.map { Double($0.shift[index % $0.shift.count]) } ?? 0
        }
        mean = (0..<n).map { scale($0) * (Double(sums.sums[$0]) / samples) + shift($0) }
        var covariance = [Double](repeating: 0, count: n * n)
        for row in 0..<n {
            let rowMean = Double(sums.sums[row]) / samples
            for column in 0..<n {
                let product = Double(sums.products[row * n + column]) / samples
                let own = product - rowMean * (Double(sums.sums[column]) / samples)
                covariance[row * n + column] = scale(row) * scale(column) * own
            }
        }
        guard let eigen = SymmetricEigen(covariance, count: n) else { return nil }
        directions = Array(eigen.vectors[(n - count) * n..<n * n])
        self.count = count
    }

    /// mean + Σₖ ⟨x − mean, dₖ⟩ dₖ of each sample, [N, …], in double precision.
    package func reconstruction(of x: Tensor, pool: StoragePool) -> Tensor {
        let n = mean.count
        let rows = x.count / n
        let centred = (0..<rows * n).map { Double(x.pointer[$0]) - mean[$0 % n] }
        let code = multiply(m: rows, n: count, k: n, centred, directions, transposeB: true)
        let made = multiply(m: rows, n: n, k: count, code, directions)
        let result = Tensor(x.shape, pool: pool)
        for index in 0..<rows * n { result.pointer[index] = Float(made[index] + mean[index % n]) }
        return result
    }
}

extension RunData {
    /// The most values of a sample whose components are computed: n² products, and n³ steps for their eigenvectors.
    static let mostComponentValues = 4096

    /// What a baseline without a network makes of samples, from the training samples. Collective.
    ///
    /// - Throws: `ConfigurationError` where it can't be computed.
    func components(of baseline: BaselineConfiguration, _ ranks: Ranks) throws -> PrincipalComponents {
        let field = training.inputField
        let count = baseline.components
        try ranks.together {
            guard field.isOfBytes, field.shape.count <= RunData.mostComponentValues else {
                throw baseline.place.refused(
                    because: "principal components are those of at most \(RunData.mostComponentValues) pixels of a "
                        + "byte, and '\(field.name)' is \(field.shape)"
                        + (field.isOfBytes ? "" : " of other numbers") + "; remove the key.")
            }
            guard count <= field.shape.count else {
                throw baseline.place.refused(
                    because: "'\(field.name)' has only \(field.shape.count) values; give at most as many components.")
            }
        }
        let index = try ranks.together { try training.fieldIndex(field.name) }
        let size = training.count
        let share = ranks.rank * size / ranks.worldSize..<(ranks.rank + 1) * size / ranks.worldSize
        let own = try ranks.together {
            try PixelProducts(scanning: training, field: index, indices: share) { Activity.beat() }
        }
        let total = try ranks.sum([Int64(own.samples)] + own.sums + own.products)
        let n = field.shape.count
        let sums = PixelProducts(
            samples: Int(total[0]), sums: Array(total[1...n]), products: Array(total[(n + 1)...]))
        return try ranks.together {
            let own = preprocessing.first { $0.field == field.name }
            guard let components = PrincipalComponents(sums, count: count, preprocessing: own) else {
                throw baseline.place.refused(because: "LAPACK finds no eigenvectors of the samples; remove the key.")
            }
            return components
        }
    }
}
