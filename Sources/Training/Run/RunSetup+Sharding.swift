import DataParallel
import NeuralNetwork
import Optimization

extension RunSetup {
    /// How ranks share each phase's update; nil where every rank makes all of it. Collective: ranks whose hosts differ
    /// agree, and one that gains is enough.
    ///
    /// - Parameter waits: whether an update without shares begins when all gradients have come.
    static func shares(
        _ sharding: OptimizerSharding, _ phases: [TrainingPhase], wire: GradientWire, waits: Bool, _ ranks: Ranks
    ) throws -> [UpdateShares?] {
        // Ranks of one host exchange messages, too, where they can't share memory.
        guard ranks.worldSize > 1, sharding != .never, wire == .float32 else { return phases.map { _ in nil } }
        let gains = try ranks.sum(
            phases.map { phase in
                let (slots, count) = (phase.optimizer.slots.count, phase.trained.count)
                return sharding == .always || pays(slots: slots, count: count, waits: waits, ranks) ? 1 : 0
            })
        return zip(phases, gains).map { phase, gain in
            let count = phase.trained.count
            return gain > 0 && count > 0 ? UpdateShares(cuts: phase.optimizer.cuts(upTo: count)) : nil
        }
    }

    /// Floats of a model from which on ranks of one host gain by sharing its update: it no longer stays in the caches.
    private static let leastShared = 1 << 20

    /// Whether sharing an update saves time, or memory that the host has too little of.
    ///
    /// On one host it saves time with large models. Between hosts weights can't travel before all of the step's
    /// gradients have come; so it costs time, unless the update waits for them anyway.
    private static func pays(slots: Int, count: Int, waits: Bool, _ ranks: Ranks) -> Bool {
        guard slots > 0, count >= leastShared else { return false }
        let bytes = 4 * slots * count * ranks.hostSize
        return ranks.shareOneHost || waits || bytes > MemoryNeed.hostBytes / 4
    }

    /// What the first line says of updates that ranks share.
    var sharingNotes: [String] {
        guard state.isShared else { return [] }
        let slots = phases.indices.filter { state.owned[$0] != nil }.map { phases[$0] }
        let bytes = slots.reduce(0) { $0 + 4 * $1.optimizer.slots.count * $1.trained.count }
        let megabytes = (Double(bytes) / 1e6).rounded()
        return [
            "each rank has a part of the optimizer's state (\(Int(megabytes)) MB in all) and updates those weights for "
                + "all"
        ]
    }
}
