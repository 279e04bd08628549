/// The large weights of a phase whose gradient every grain leaves as two factors.
///
/// The gradient of a linear layer is dyᵀ x: O · I values, made of the rows of dy [rows, O] and x [rows, I]. Where the
/// factors are much smaller, a worker keeps them in place of the product, and the products of all grains are computed
/// and added block by block once all of a rank's factors are there. So neither the gradient's memory nor its way
/// through the memory grows with the number of workers and grains.
///
/// Which weights these are depends on shapes and the grain alone, so the bits of a sum do, too.
package struct FactoredWeights: Sendable {
    /// One of them.
    package struct Weight: Sendable {
        /// Its parameter's.
        package let index: Int
        /// Where its gradient is in the grain's vector, [outputs, inputs].
        package let range: Range<Int>
        package let outputs: Int
        package let inputs: Int
    }

    /// Ascending in the vector.
    package let weights: [Weight]
    /// The place in `weights` of each parameter.
    private let places: [Int?]

    /// A gradient of fewer values stays in the nearer caches anyway.
    package static let leastCount = 1 << 20
    /// By how much the product is larger than its factors, at least.
    private static let leastRatio = 4

    /// No weight.
    package static let none = FactoredWeights()

    private init() { (weights, places) = ([], []) }

    /// Those among a phase's weights for which it pays.
    ///
    /// - Parameters:
    ///   - samplesPerGrain: at most.
    ///   - leastCount: values of the smallest gradient for which it pays.
    package init(
        of layout: GradientLayout, samplesPerGrain: Int, leastCount: Int = FactoredWeights.leastCount
    ) {
        var weights: [Weight] = []
        var places = [Int?](repeating: nil, count: layout.arena.parameters.count)
        for index in layout.order {
            let parameter = layout.arena.parameters[index]
            guard let offset = layout.offset(of: index), let rows = parameter.factorRows, parameter.shape.rank == 2
            else { continue }
            let (outputs, inputs) = (parameter.shape[0], parameter.shape[1])
            let factors = samplesPerGrain * rows * (outputs + inputs)
            guard outputs * inputs >= leastCount,
                factors * FactoredWeights.leastRatio <= outputs * inputs
            else { continue }
            places[index] = weights.count
            weights.append(
                Weight(index: index, range: offset..<offset + outputs * inputs, outputs: outputs, inputs: inputs))
        }
        self.weights = weights
        self.places = places
    }

    /// Its place among ``weights``; nil for a parameter that is none of them.
    package func place(of index: Int) -> Int? { places.indices.contains(index) ? places[index] : nil }

    /// Calls `body` with the parts of a range of the vector that belong to none of them, ascending.
    package func forEachOther(in range: Range<Int>, _ body: (Range<Int>) -> Void) {
        var lower = range.lowerBound
        for weight in weights where weight.range.overlaps(range) {
            if weight.range.lowerBound > lower { body(lower..<weight.range.lowerBound) }
            lower = weight.range.upperBound
        }
        if lower < range.upperBound { body(lower..<range.upperBound) }
    }
}

/// What a grain leaves of the gradients of the factored weights: dy and x of every use, one below the other.
///
/// Its memory stays from step to step. One worker fills it; when the grain is done, any reads it.
package final class GradientFactors {
    /// The factors of one weight.
    package struct Factors {
        package fileprivate(set) var rows = 0
        /// [rows, outputs]
        package fileprivate(set) var dy: [Float] = []
        /// [rows, inputs]
        package fileprivate(set) var x: [Float] = []
    }

    package let weights: FactoredWeights
    /// In the order of ``FactoredWeights/weights``.
    package private(set) var factors: [Factors]

    package init(_ weights: FactoredWeights) {
        self.weights = weights
        factors = weights.weights.map { _ in Factors() }
    }

    /// Back to a grain without rows, whose gradients are zero.
    package func reset() {
        for place in factors.indices {
            factors[place].rows = 0
            factors[place].dy.removeAll(keepingCapacity: true)
            factors[place].x.removeAll(keepingCapacity: true)
        }
    }

    /// Adds dyᵀ x to a weight's gradient.
    ///
    /// - Parameters:
    ///   - place: the weight's among ``FactoredWeights/weights``.
    ///   - dy: [rows, outputs].
    ///   - x: [rows, inputs].
    func append(_ place: Int, rows: Int, dy: UnsafePointer<Float>, x: UnsafePointer<Float>) {
        let weight = weights.weights[place]
        factors[place].rows += rows
        factors[place].dy.append(contentsOf: UnsafeBufferPointer(start: dy, count: rows * weight.outputs))
        factors[place].x.append(contentsOf: UnsafeBufferPointer(start: x, count: rows * weight.inputs))
    }
}
