/// A plan of the same neighbouring samples in every step, each of which is an epoch: what augmentation makes of them.
package struct RunOfSamples: GrainPlan, Equatable {
    private let first: Int
    private let count: Int

    /// - Parameters:
    ///   - first: the place in the data set.
    package init(first: Int, count: Int) {
        self.first = first
        self.count = count
    }

    package var grainsPerStep: Int { 1 }
    package var stepsPerEpoch: Int { 1 }
    package var largestGrain: Int { count }

    package func samples(step: Int, grain: Int) -> GrainSamples {
        GrainSamples(epoch: step, positions: first..<first + count, order: nil)
    }
}
