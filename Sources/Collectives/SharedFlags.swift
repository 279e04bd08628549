import CMPI

/// Flags at the front of a shared window's segments: each rank raises its own, and all ranks of the host see them.
///
/// A flag is raised for a round, a number that is new each time. What its rank had written before, others read once
/// they have seen it; and what its rank had read before, they may overwrite.
///
/// `@unchecked Sendable`: flags are atomic; the window keeps their memory.
package struct SharedFlags: @unchecked Sendable {
    private let words: [UnsafeMutablePointer<UInt32>]
    private let own: UnsafeMutablePointer<UInt32>
    private let count: Int

    /// Bytes that this many flags take of each segment, whole lines of 64.
    package static func byteCount(_ count: Int) -> Int { (count * 4 + 63) / 64 * 64 }

    /// Flags in a window of at least ``byteCount(_:)`` bytes a rank, none of them raised for a round above 0.
    package init(_ count: Int, in window: SharedWindow) {
        precondition(window.byteCountPerRank >= SharedFlags.byteCount(count), "SharedFlags: \(count) do not fit")
        self.count = count
        words = (0..<window.hostSize).map { window.segment(ofHostRank: $0).assumingMemoryBound(to: UInt32.self) }
        own = words[window.hostRank]
    }

    /// Raises a flag of this rank; from any thread.
    package func raise(_ flag: Int, round: UInt32) {
        precondition(flag >= 0 && flag < count, "SharedFlags: flag \(flag) of \(count)")
        cmpi_publish(own + flag, round)
    }

    /// Whether all ranks of the host have raised a flag for a round.
    package func isRaisedByAll(_ flag: Int, round: UInt32) -> Bool {
        precondition(flag >= 0 && flag < count, "SharedFlags: flag \(flag) of \(count)")
        return words.allSatisfy { cmpi_observe($0 + flag) == round }
    }
}
