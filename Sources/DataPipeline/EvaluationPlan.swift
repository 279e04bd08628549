/// The plan of evaluation: one step over all samples in the order of the data set, in grains of g samples, the last one
/// shorter.
package struct EvaluationPlan: GrainPlan, Equatable {
    /// N
    package let sampleCount: Int
    /// g
    package let grainSize: Int

    package init(sampleCount: Int, grainSize: Int) {
        precondition(
            sampleCount >= 0 && grainSize > 0, "EvaluationPlan: \(sampleCount) samples in grains of \(grainSize)")
        self.sampleCount = sampleCount
        self.grainSize = grainSize
    }

    /// ⌈N/g⌉
    package var grainsPerStep: Int { (sampleCount + grainSize - 1) / grainSize }
    package var stepsPerEpoch: Int { 1 }
    /// min(g, N)
    package var largestGrain: Int { min(grainSize, sampleCount) }

    package func samples(step: Int, grain: Int) -> GrainSamples {
        precondition(grain >= 0 && grain < grainsPerStep, "EvaluationPlan: no grain \(grain) of \(grainsPerStep)")
        let first = grain * grainSize
        return GrainSamples(epoch: 0, positions: first..<min(first + grainSize, sampleCount), order: nil)
    }
}
