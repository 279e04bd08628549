import Kernels

/// The Euclidean norm of the trained parameters' gradients, with the same bits for every number of threads and ranks.
///
/// The sum of squares of each of the ``ParameterPieces`` is computed by one thread in a fixed order, and these sums are
/// added in order. An infinity or NaN anywhere makes the norm infinite or NaN; finite gradients never overflow, because
/// squares are taken in Double.
package struct GradientNorm: Sendable {
    package let pieces: ParameterPieces

    package init(_ pieces: ParameterPieces) { self.pieces = pieces }

    /// How many sums there are.
    package var count: Int { pieces.ranges.count }

    /// Writes the sums of squares of some pieces to their places in `sums`, which has ``count`` elements.
    package func sumSquares(
        of gradients: UnsafePointer<Float>, into sums: UnsafeMutablePointer<Double>, pieces indices: Range<Int>
    ) {
        for index in indices {
            let range = pieces.ranges[index]
            sums[index] = sumOfSquares(gradients + range.lowerBound, count: range.count)
        }
    }

    /// The norm of `gradientScale` · gradients from all ``count`` sums.
    package func norm(sums: UnsafePointer<Double>, gradientScale: Double) -> Double {
        var total = 0.0
        for index in 0..<count { total += sums[index] }
        return total.squareRoot() * abs(gradientScale)
    }
}
