import Kernels

/// The Euclidean norm of the trained parameters' gradients, with the same bits for every number of threads.
///
/// The flat buffer is cut into chunks of 65,536 elements; each chunk's sum of squares is computed by one thread in a
/// fixed order, and the chunk sums are added in order. An infinity or NaN anywhere makes the norm infinite or NaN;
/// finite gradients never overflow, because squares are taken in Double.
package struct GradientNorm: Sendable {
    /// The elements of a chunk.
    package static let chunk = 65_536

    private let groups: ParameterGroups

    package init(_ groups: ParameterGroups) { self.groups = groups }

    /// How many chunk sums there are.
    package var chunkCount: Int { (groups.count + GradientNorm.chunk - 1) / GradientNorm.chunk }

    /// Writes the sums of squares of the chunks that belong to `part` of `parts` into `sums`, which has `chunkCount`
    /// elements.
    package func sumSquares(
        of gradients: UnsafePointer<Float>, into sums: UnsafeMutablePointer<Double>, part: Int = 0, of parts: Int = 1
    ) {
        precondition(parts > 0 && part >= 0 && part < parts, "GradientNorm: part \(part) of \(parts)")
        for index in chunkCount * part / parts..<chunkCount * (part + 1) / parts {
            let start = index * GradientNorm.chunk
            var sum = 0.0
            for segment in groups.segments(in: start..<start + GradientNorm.chunk) {
                sum += sumOfSquares(gradients + segment.range.lowerBound, count: segment.range.count)
            }
            sums[index] = sum
        }
    }

    /// The norm of `gradientScale` · gradients from all `chunkCount` sums.
    package func norm(sums: UnsafePointer<Double>, gradientScale: Double) -> Double {
        var total = 0.0
        for index in 0..<chunkCount { total += sums[index] }
        return total.squareRoot() * abs(gradientScale)
    }
}
