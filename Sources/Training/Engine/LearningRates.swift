import NeuralNetwork
import Optimization

/// The learning rates of all phases, each a function of its phase's own steps.
struct LearningRates: Sendable {
    private(set) var phases: [LearningRate]
    private let names: [String]
    private let order: PhaseOrder

    init(_ phases: [LearningRate], names: [String], order: PhaseOrder) {
        self.phases = phases
        self.names = names
        self.order = order
    }

    /// The rate of the update that follows `step` finished ones of the run.
    func rate(at step: Int) -> Double {
        let phase = order.phase(ofStep: step)
        return phases[phase].rate(at: order.steps(ofPhase: phase, before: step))
    }

    /// The phase whose validation decides about rates, rollbacks and the best weights: of those that train now the one
    /// with a plateau rule, else the last.
    func deciding(before step: Int) -> Int {
        let candidates = order.phasesInTurn(before: step)
        return candidates.first { phases[$0].plateau != nil } ?? candidates.last ?? 0
    }

    /// Takes in a validation of the phase that decides.
    mutating func observe(_ metric: Double, step: Int) -> PlateauRule.Decision? {
        phases[deciding(before: step)].observe(metric, step: step)
    }

    /// The plateau rules' states for checkpoints and the other ranks.
    var state: [String: String] {
        var result: [String: String] = [:]
        for (name, phase) in zip(names, phases) {
            for (key, value) in phase.state { result[prefix(name) + key] = value }
        }
        return result
    }

    mutating func restore(_ state: [String: String]) throws {
        for (index, name) in names.enumerated() { try phases[index].restore(part(of: state, name)) }
    }

    /// The learning rates that the configuration has otherwise than a checkpoint's state, as they are told.
    func changes(since state: [String: String], step: Int) -> [DecisionRecord] {
        zip(names, phases).compactMap { name, phase in
            guard let change = phase.change(since: part(of: state, name)) else { return nil }
            let whose = names.count == 1 ? "" : " of \(name)"
            return DecisionRecord(
                step: step, kind: .rateChanged,
                reason: "learning rate\(whose) changed by hand from step \(step) on: \(decimal(change.from)) → "
                    + decimal(change.to),
                numbers: ["from": change.from, "to": change.to])
        }
    }

    /// A phase's keys in a state of all.
    private func part(of state: [String: String], _ name: String) -> [String: String] {
        let own = state.filter { $0.key.hasPrefix(prefix(name)) }
        return Dictionary(uniqueKeysWithValues: own.map { (String($0.key.dropFirst(prefix(name).count)), $0.value) })
    }

    private func prefix(_ name: String) -> String { names.count == 1 ? "" : name + "/" }
}
