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
        for (index, name) in names.enumerated() {
            let own = state.filter { $0.key.hasPrefix(prefix(name)) }
            try phases[index].restore(
                Dictionary(uniqueKeysWithValues: own.map { (String($0.key.dropFirst(prefix(name).count)), $0.value) }))
        }
    }

    private func prefix(_ name: String) -> String { names.count == 1 ? "" : name + "/" }
}
