/// Plans that follow one another, each over its own part of a ``JoinedDataset`` and from its own step 0.
package struct PhasedPlan: GrainPlan {
    /// The plan of the steps from `firstStep` on.
    package struct Part: Sendable {
        let plan: any GrainPlan
        let firstStep: Int
        /// Where the part's samples begin.
        let firstSample: Int

        package init(_ plan: any GrainPlan, firstStep: Int, firstSample: Int) {
            self.plan = plan
            self.firstStep = firstStep
            self.firstSample = firstSample
        }
    }

    private let parts: [Part]
    package let grainsPerStep: Int
    package let stepsPerEpoch: Int
    package let largestGrain: Int

    /// - Parameters:
    ///   - parts: ascending, the first from step 0; all of the same grains per step.
    ///   - stepsPerEpoch: what an epoch of the whole run is.
    package init(_ parts: [Part], stepsPerEpoch: Int) {
        precondition(
            parts.first?.firstStep == 0 && Set(parts.map(\.plan.grainsPerStep)).count == 1,
            "PhasedPlan: parts of other grains, or none from step 0")
        self.parts = parts
        self.stepsPerEpoch = stepsPerEpoch
        grainsPerStep = parts[0].plan.grainsPerStep
        largestGrain = parts.map(\.plan.largestGrain).max() ?? 1
    }

    package func samples(step: Int, grain: Int) -> GrainSamples {
        let part = parts.last { $0.firstStep <= step } ?? parts[0]
        return part.plan.samples(step: step - part.firstStep, grain: grain).moved(by: part.firstSample)
    }
}
