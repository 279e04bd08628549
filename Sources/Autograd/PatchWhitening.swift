import Kernels
import TensorCore

/// A first layer whose filters are the principal components of the data's patches, each over its standard deviation, so
/// that what they give is uncorrelated and of variance 1 (Page, "How to train your ResNet 8: bag of tricks", 2019;
/// Jordan, "94% on CIFAR-10 in 3.29 seconds on a single GPU", 2024, section 3.2).
package struct PatchWhitening: Hashable, Sendable {
    /// How many samples the patches are taken of, at most.
    package let samples: Int
    /// Added to a component's variance, so that what hardly varies is not blown up.
    package let epsilon: Double

    package init(samples: Int = 5000, epsilon: Double = 5e-4) {
        self.samples = samples
        self.epsilon = epsilon
    }

    /// Filters [O, kh, kw, C] for O even and at most 2·kh·kw·C: components by falling variance, then the same with the
    /// opposite sign, as a rectifier after them wants.
    ///
    /// - Parameter products: the mean of p pᵀ over patches p of kh·kw·C values, [n, n].
    /// - Returns: nil where the library finds no eigenvectors.
    package func filters(_ count: Int, products: [Double]) -> [Float]? {
        let n = Int(Double(products.count).squareRoot().rounded())
        precondition(count % 2 == 0 && count <= 2 * n, "PatchWhitening: \(count) filters of patches of \(n) values")
        guard let eigen = SymmetricEigen(products, count: n) else { return nil }
        let half = (0..<count / 2).flatMap { place -> [Float] in
            let row = n - 1 - place
            let scale = 1 / (max(eigen.values[row], 0) + epsilon).squareRoot()
            return eigen.vectors[row * n..<(row + 1) * n].map { Float($0 * scale) }
        }
        return half + half.map { -$0 }
    }
}

/// The sum of p pᵀ over all patches p of images.
package struct PatchProducts {
    private let (height, width): (Int, Int)
    private let shape: Shape
    private var sums: [Double]
    private var patches: [Double]
    private var count = 0

    /// - Parameters:
    ///   - patch: height and width.
    ///   - shape: of an image, [H, W, C], not smaller than the patch.
    package init(patch: (height: Int, width: Int), of shape: Shape) {
        (height, width) = patch
        self.shape = shape
        let n = height * width * shape[2]
        sums = Array(repeating: 0, count: n * n)
        patches = Array(repeating: 0, count: (shape[0] - height + 1) * (shape[1] - width + 1) * n)
    }

    /// Adds the patches of one image [H, W, C].
    package mutating func add(_ image: UnsafePointer<Float>) {
        let (run, rowLength) = (width * shape[2], shape[1] * shape[2])
        var place = 0
        for y in 0...shape[0] - height {
            for x in 0...shape[1] - width {
                for row in 0..<height {
                    let from = image + (y + row) * rowLength + x * shape[2]
                    for i in 0..<run { patches[place + i] = Double(from[i]) }
                    place += run
                }
            }
        }
        let n = height * run
        let rows = patches.count / n
        let own = multiply(m: n, n: n, k: rows, patches, transposeA: true, patches)
        for i in own.indices { sums[i] += own[i] }
        count += rows
    }

    /// The mean of p pᵀ, [n, n].
    package var mean: [Double] { sums.map { $0 / Double(max(count, 1)) } }
}
