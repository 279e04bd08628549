import ConfigurationReading
import Kernels
import TensorCore

/// Adds to every pixel of a picture the same multiple of each principal component of the training set's colours: Σᵢ aᵢ
/// λᵢ pᵢ with aᵢ ~ N(0, deviation²) drawn for each picture (Krizhevsky, Sutskever and Hinton 2012, section 4.1).
///
/// pᵢ and λᵢ are eigenvectors and eigenvalues of the covariance of red, green and blue over all pixels, on the scale
/// where full brightness is 1. As in the paper a sum may leave the range of pixels.
package struct PrincipalColours: PixelTransform {
    /// Of the multiples.
    package let deviation: Double
    package var full: Float = 255
    /// λᵢ pᵢ, once the training set is known.
    private var components: [SIMD3<Float>] = []

    package init(deviation: Double) {
        precondition(deviation >= 0, "PrincipalColours: deviation \(deviation)")
        self.deviation = deviation
    }

    static let entry = AugmentationEntry(
        "colourPCA",
        "All pixels of a picture move along the principal components of the training set's colours, by random "
            + "multiples of the variances (Krizhevsky et al. 2012).", shorthand: "deviation",
        otherNames: ["FancyPCA", "Lighting", "lighting", "pcaColour"]
    ) {
        PrincipalColours(
            deviation: $0.value(
                "deviation", .number(above: 0), default: 0.1, "Standard deviation of the multiples."))
    }

    package func problem(of field: FieldDescription) -> String? {
        if field.channels != 3 {
            return "its pictures have \(field.channels) channels, and colours have three; take the augmentation away"
        }
        return field.isOfBytes
            ? nil : "its pixels are no bytes, whose covariance could be summed exactly; take the augmentation away"
    }

    /// The same, for a training set with this covariance.
    package func taking(_ covariance: ColourCovariance) -> PrincipalColours {
        var copy = self
        copy.components = covariance.scaledComponents
        return copy
    }

    package func apply(
        _ source: UnsafeBufferPointer<Float>, to destination: UnsafeMutableBufferPointer<Float>, shape: Shape,
        background: Float, key: RandomKey
    ) -> Bool {
        precondition(components.count == 3, "PrincipalColours: the training set's colours are not known")
        let (from, to) = checkedImage(source, destination, shape, "PrincipalColours")
        let (first, second) = key.normals(at: 0)
        let (third, _) = key.normals(at: 1)
        let sum = first * components[0] + second * components[1] + third * components[2]
        addToChannels(from, into: to, pixels: shape[0] * shape[1], sum * (Float(deviation) * full))
        return true
    }
}

extension Augmentation {
    /// The same, for a training set with this covariance of colours, if it asks for it.
    package func taking(_ covariance: ColourCovariance?) -> Augmentation {
        guard let covariance, let colours = transform as? PrincipalColours else { return self }
        return Augmentation(colours.taking(covariance))
    }
}

/// Exact sums over the pixels of pictures of three channels: of each channel, and of each product of two.
///
/// Sums of parts add up to the sums of the whole in any order, so ranks may scan a part each and add them.
package struct ColourSums: Equatable, Sendable {
    /// The number of pixels, Σ r, g, b, and Σ rr, rg, rb, gg, gb, bb of levels in 0…255.
    package var values: [Int64]

    /// How many there are.
    package static let count = 10

    package init(values: [Int64]) {
        precondition(values.count == ColourSums.count, "ColourSums: \(values.count) numbers")
        self.values = values
    }

    /// Reads the samples `indices` of `dataset`; what lies between two levels counts as the nearest.
    ///
    /// - Parameter field: the place of a field of 8-bit pixels [H, W, 3].
    package init(scanning dataset: any Dataset, field: Int, indices: Range<Int>) throws {
        let description = dataset.fields[field]
        precondition(
            description.unit == 255 && description.variableAxis == nil && description.channels == 3,
            "ColourSums: \(description.name) of \(dataset.name) does not hold 8-bit pixels of three channels")
        let pixels = description.shape.count / 3
        var sample = [Float](repeating: 0, count: description.shape.count)
        var sums = [Int64](repeating: 0, count: ColourSums.count)
        for index in indices {
            do {
                try sample.withUnsafeMutableBufferPointer { try dataset.read(index, field: field, into: $0) }
            } catch is DamagedSample {
                continue
            }
            sums[0] += Int64(pixels)
            sums.withUnsafeMutableBufferPointer { sums in
                if let base = sums.baseAddress { addColourProducts(sample, pixels: pixels, into: base + 1) }
            }
        }
        self.init(values: sums)
    }
}

/// The covariance of red, green and blue on the scale where full brightness is 1.
package struct ColourCovariance: Equatable, Sendable {
    /// [3, 3]
    package let values: [Double]

    /// - Parameter values: [3, 3], symmetric.
    package init(values: [Double]) {
        precondition(values.count == 9, "ColourCovariance: \(values.count) numbers")
        self.values = values
    }

    package init(_ sums: ColourSums) {
        let n = Double(max(sums.values[0], 1))
        let means = (1...3).map { Double(sums.values[$0]) / n }
        let places = [[4, 5, 6], [5, 7, 8], [6, 8, 9]]
        self.init(
            values: (0..<9).map { place in
                let (i, j) = (place / 3, place % 3)
                return (Double(sums.values[places[i][j]]) / n - means[i] * means[j]) / (255 * 255)
            })
    }

    /// λᵢ pᵢ, the least λ first; the largest element of each pᵢ is positive.
    var scaledComponents: [SIMD3<Float>] {
        guard let eigen = SymmetricEigen(values, count: 3) else {
            preconditionFailure("ColourCovariance: \(values) are not finite")
        }
        return (0..<3).map { row in
            let vector = SIMD3(eigen.vectors[3 * row], eigen.vectors[3 * row + 1], eigen.vectors[3 * row + 2])
            return SIMD3<Float>(eigen.values[row] * vector)
        }
    }
}
