import Autograd
import Collectives
import DataParallel

/// How a state gets from rank to rank.
extension TrainingState {
    /// Rank 0's state on every rank, of the slots what each has; collective.
    func spread(_ ranks: Ranks) throws {
        for snapshot in snapshots {
            for buffer in [snapshot.values] + (snapshot.averages.map { [$0] } ?? []) { try ranks.broadcast(buffer) }
            for (slot, memory) in zip(slots, snapshot.slots) {
                try ranks.broadcast(memory)
                forgetOthers(memory, phase: slot.phase)
            }
        }
    }

    /// Gives rank 0 the other ranks' parts of the slots, so that it can write a checkpoint; collective where ranks
    /// share an update, and without effect where they don't.
    ///
    /// - Parameter withBest: whether the best state is asked for as well.
    func gather(_ ranks: Ranks, withBest: Bool) throws {
        guard isShared else { return }
        for snapshot in withBest ? snapshots : Array(snapshots.prefix(1)) {
            for (slot, memory) in zip(slots, snapshot.slots) {
                guard let owned = owned[slot.phase] else { continue }
                try ranks.waiting { communicator in
                    func bytes(_ range: Range<Int>) -> UnsafeMutableRawBufferPointer {
                        UnsafeMutableRawBufferPointer(
                            start: memory.pointer + range.lowerBound, count: range.count * MemoryLayout<Float>.stride)
                    }
                    let isFirst = communicator.rank == 0
                    let others = (1..<communicator.worldSize).flatMap { rank in
                        owned.ranges[rank].map { (rank, $0) }
                    }
                    try communicator.exchange(
                        sends: isFirst
                            ? []
                            : owned.ranges[communicator.rank].map {
                                OutgoingMessage(to: 0, UnsafeRawBufferPointer(bytes($0)))
                            },
                        receives: isFirst ? others.map { IncomingMessage(from: $0, into: bytes($1)) } : [])
                }
            }
        }
        isGathered = true
    }

    /// Gives the memory of other ranks' parts of the slots back; called before an update.
    func forgetOthers() {
        guard isGathered else { return }
        for snapshot in snapshots {
            for (slot, memory) in zip(slots, snapshot.slots) { forgetOthers(memory, phase: slot.phase) }
        }
        isGathered = false
    }

    private func forgetOthers(_ memory: FlatBuffer, phase: Int) {
        for range in owned[phase]?.others(than: rank, in: 0..<memory.count) ?? [] { memory.forget(range) }
    }
}
