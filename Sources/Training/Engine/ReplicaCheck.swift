import Autograd
import DataParallel
import FaultInjection
import Foundation

/// Compares the ranks' replicas bit by bit, by hash: weights, running statistics, averages and the optimiser's slots.
///
/// Of an average of weights the present state counts alone: a difference that has faded since has done no harm, and
/// what is validated is compared before anything follows from it.
///
/// All ranks make the same updates from the same sums, so they differ only when memory, a processor or a program fails.
final class ReplicaCheck {
    private let everySteps: Int
    private let replica: Replica
    private let ranks: Ranks
    private let hasher: ReplicaHasher
    private let fault: BitFlip?
    /// Whether the ranges that an update changes are those of the tensors.
    private let hashesInUpdates: Bool

    /// Nil where there is nothing to compare: with one rank, or when the configuration says 0 steps.
    init?(everySteps: Int, _ state: TrainingState, _ replica: Replica, _ ranks: Ranks) {
        guard everySteps > 0, ranks.worldSize > 1 else { return nil }
        self.everySteps = everySteps
        // A piece of a tensor may end inside a row whose norm the update limits.
        hashesInUpdates = state.hasOneCoordinate && !state.phases.contains { $0.optimizer.limitsRows }
        self.replica = replica
        self.ranks = ranks
        hasher = ReplicaHasher(state.replicaTensors) { $0.kind == TrainingState.statisticKind }
        fault = BitFlip(rank: ranks.rank)
    }

    /// Whether the state after `step` finished steps is compared in any case.
    func isDue(step: Int) -> Bool { step % everySteps == 0 }

    /// What hashes the state after `step` steps while an update makes it; nil where it will not be compared.
    func hasher(forUpdateTo step: Int) -> ReplicaHasher? { hashesInUpdates && isDue(step: step) ? hasher : nil }

    /// Called after the update of every step.
    func updated(step: Int) throws {
        if let fault, fault.step == step {
            try replica.settle()
            hasher.tensors.first { $0.name == fault.tensor && $0.kind == fault.kind }?.flip(bit: fault.bit)
        }
        hasher.follow()
    }

    /// Compares the present state, of which an update may have hashed a part; collective, after the update has been
    /// settled.
    ///
    /// - Throws: on all ranks `TrainingError.replicasDiffer`, told by the first rank that differs.
    func compare(step: Int) throws {
        let hashes = try hasher.hashes(replica.pool)
        let own = ReplicaHasher.folded(hashes)
        if try ranks.haveTheSame(own) { return }
        let tallies = try ranks.tally(hashes)
        let differences = ReplicaDifference.find(hasher.tensors, tallies, worldSize: ranks.worldSize)
        let culprit = differences.first?.ranks.first.first ?? 0
        try ranks.together {
            if ranks.rank == culprit {
                throw TrainingError.replicasDiffer(step: step, differences: differences, hosts: ranks.hostTable)
            }
        }
    }
}

extension TrainingState {
    /// The kind of running statistics among ``replicaTensors``.
    static let statisticKind = "statistic"

    /// Everything that must be the same on all ranks; of slots that ranks share nobody has a second copy.
    var replicaTensors: [ReplicaTensor] {
        let own = network.layout.parameters.map { parameter in
            let start = network.layout.offsets[parameter.index]
            return ReplicaTensor(
                name: parameter.name, kind: parameter.isTrainable ? "weight" : TrainingState.statisticKind,
                memory: values, range: start..<start + parameter.shape.count)
        }
        let averages = averages.map { memory in
            averaged.map { parameter, offset in
                ReplicaTensor(
                    name: parameter.name, kind: "average", memory: memory,
                    range: offset..<offset + parameter.shape.count)
            }
        }
        return own + (averages ?? [])
            + slots.filter { owned[$0.phase] == nil }.flatMap { slot in
                trained(slot).map { parameter, offset in
                    ReplicaTensor(
                        name: parameter.name, kind: slot.name, memory: slot.memory,
                        range: offset..<offset + parameter.shape.count)
                }
            }
    }

    /// Whether the memory of all tensors has the same coordinates, as it has where the only phase trains all weights.
    var hasOneCoordinate: Bool { phases.count == 1 && phases[0].trained.count == network.layout.trainableCount }
}
