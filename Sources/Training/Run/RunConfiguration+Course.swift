import DataPipeline
import Kernels

/// Which samples the steps of a run have, and how many steps there are.
extension RunConfiguration {
    /// Which samples and which phase each step has, and the steps of an epoch of each phase's own data.
    ///
    /// - Throws: `TrainingError.moreLanesThanWindows`, `ConfigurationError` for a rule that needs whole batches.
    func course(
        _ main: any Dataset, own: [(any Dataset)?], key: RandomKey
    ) throws -> (plan: any GrainPlan, order: PhaseOrder, phaseSteps: [Int?]) {
        let plan = try plan(for: main, key: key)
        let plans = try own.enumerated().map { index, dataset in
            try dataset.map { try self.plan(for: $0, key: key.folding(name: phases[index].name)) }
        }
        for (phase, (own, dataset)) in zip(phases, zip(plans, own)) {
            try phase.requireWholeBatches(own ?? plan, dataset ?? main, batch: batch)
        }
        let phaseSteps = plans.map { $0?.stepsPerEpoch }
        let order = order(stepsPerEpoch: plan.stepsPerEpoch, ofPhases: phaseSteps)
        if plans.allSatisfy({ $0 == nil }) { return (plan, order, phaseSteps) }
        var next = main.count
        let parts = phases.indices.map { index in
            let firstStep = order.firstStep(ofPhase: index)
            guard let dataset = own[index], let ownPlan = plans[index] else {
                return PhasedPlan.Part(plan, firstStep: firstStep, firstSample: 0)
            }
            defer { next += dataset.count }
            return PhasedPlan.Part(ownPlan, firstStep: firstStep, firstSample: next)
        }
        return (PhasedPlan(parts, stepsPerEpoch: plan.stepsPerEpoch), order, phaseSteps)
    }

    /// Which phase each step belongs to.
    ///
    /// - Parameter own: of the phases that have data of their own.
    func order(stepsPerEpoch: Int, ofPhases own: [Int?] = []) -> PhaseOrder {
        if phases.count == 1 && phases[0].length == nil { return PhaseOrder(.alternating, lengths: [1]) }
        return PhaseOrder(
            phaseOrder,
            lengths: phases.enumerated().map { index, phase in
                switch phase.length {
                case .epochs(let epochs):
                    epochs * ((own.indices.contains(index) ? own[index] : nil) ?? stepsPerEpoch)
                case .steps(let steps): steps
                case nil: 1
                }
            })
    }

    /// Steps of the whole run.
    func totalSteps(_ order: PhaseOrder, stepsPerEpoch: Int) -> Int {
        min(plannedSteps(order, stepsPerEpoch: stepsPerEpoch), maxSteps ?? .max)
    }

    /// Steps of the whole run as epochs and phases have it; `maxSteps` may cut it short, as for a trial, and says it
    /// alone where nothing else does.
    func plannedSteps(_ order: PhaseOrder, stepsPerEpoch: Int) -> Int {
        let ofSequence = order.kind == .sequence ? order.lengths.reduce(0, +) : .max
        let planned = min(epochs.map { $0 * stepsPerEpoch } ?? .max, ofSequence)
        return planned < .max ? planned : maxSteps ?? .max
    }
}
