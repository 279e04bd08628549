import CMPI
import Synchronization

/// Memory that the ranks of one host share: one segment a rank, readable and writable by all of them, zero at first.
///
/// Segments start on a page of their own, so each rank's first write places its pages near it. Writes become visible to
/// the other ranks at `synchronize`. The memory lives until the communicator that made it is finalized.
package final class SharedWindow: Sendable {
    /// The bytes of each segment.
    package let byteCountPerRank: Int

    /// What differs between threads and processes.
    struct Coherence: Sendable {
        /// Makes memory accesses of before and after ordered, where a barrier alone does not.
        var fence: @Sendable () throws -> Void = {}
        /// Called about every millisecond while a rank waits for the others; throws when they cannot come any more.
        var whileWaiting: @Sendable () throws -> Void
    }

    private let layout: SharedWindowLayout
    /// This rank's position among those of its host.
    package let hostRank: Int
    /// How many ranks share the memory.
    package let hostSize: Int
    private let coherence: Coherence
    private let spins: UInt32
    // Pointers into memory that `owner`, or else the communicator, keeps alive; only read after initialisation.
    nonisolated(unsafe) private let base: UnsafeMutableRawPointer
    nonisolated(unsafe) private let owner: AnyObject?
    private let isClosed = Atomic(false)

    /// A window on `memory` of `layout.totalBytes` zero bytes, which `owner` keeps alive.
    init(
        memory: UnsafeMutableRawPointer, layout: SharedWindowLayout, hostRank: Int, busyWaits: Bool,
        coherence: Coherence, owner: AnyObject?
    ) {
        byteCountPerRank = layout.byteCountPerRank
        base = memory.alignedUp(toMultipleOf: SharedWindowLayout.pageBytes)
        self.layout = layout
        self.hostRank = hostRank
        hostSize = layout.hostSize
        self.coherence = coherence
        self.owner = owner
        spins = busyWaits ? 200 : 0  // 200 pauses are 5 to 15 µs
    }

    /// The first byte of a rank's segment, 64-byte aligned.
    package func segment(ofHostRank peer: Int) -> UnsafeMutableRawPointer {
        precondition(!isClosed.load(ordering: .relaxed), "SharedWindow.segment after the communicator's finalize")
        precondition(peer >= 0 && peer < hostSize, "SharedWindow.segment: host rank \(peer) outside 0..<\(hostSize)")
        return base + layout.segmentOffset(ofHostRank: peer)
    }

    /// A fence and a barrier of the host's ranks: what any of them wrote before, all of them read after.
    ///
    /// Waits by spinning for some microseconds, then yielding, then asleep, so that more ranks than cores progress.
    /// Measured: 0.1 µs between two ranks on two cores.
    package func synchronize() throws {
        if isClosed.load(ordering: .relaxed) { throw CollectivesError.finalized(operation: "SharedWindow.synchronize") }
        try coherence.fence()
        if hostSize > 1 {
            let barrier = OpaquePointer(base)
            let ticket = cmpi_host_barrier_arrive(barrier, UInt32(hostSize))
            while cmpi_host_barrier_wait(barrier, ticket, spins, 1_000_000) == 0 { try coherence.whileWaiting() }
        }
        try coherence.fence()
    }

    /// What a rank does about every millisecond while it waits for others of its host in another way than
    /// ``synchronize()``; throws when they cannot come any more. By the thread that uses the communicator.
    package func attendWhileWaiting() throws { try coherence.whileWaiting() }

    /// Writes zeros to this rank's segment, so that its pages exist and lie near this rank.
    func clearOwnSegment() {
        segment(ofHostRank: hostRank).initializeMemory(as: UInt8.self, repeating: 0, count: byteCountPerRank)
    }

    /// Refuses all further use, because the memory goes.
    func close() { isClosed.store(true, ordering: .relaxed) }
}

/// Where a window's barrier and segments lie: a page for the barrier, then whole pages for each rank.
package struct SharedWindowLayout: Equatable, Sendable {
    /// The granularity of memory placement; 64-byte alignment follows.
    package static let pageBytes = 4096

    /// The usable bytes of each segment.
    package let byteCountPerRank: Int
    /// How many segments there are.
    package let hostSize: Int
    private let segmentBytes: Int

    /// The layout for `hostSize` segments.
    package init(byteCountPerRank: Int, hostSize: Int) {
        precondition(byteCountPerRank >= 0, "sharedWindow: negative byte count \(byteCountPerRank)")
        precondition(cmpi_host_barrier_bytes() <= Self.pageBytes, "sharedWindow: the barrier outgrew its page")
        self.byteCountPerRank = byteCountPerRank
        self.hostSize = hostSize
        segmentBytes = (byteCountPerRank + Self.pageBytes - 1) / Self.pageBytes * Self.pageBytes
    }

    /// The bytes to allocate at any address: the pages and the slack to align the first.
    package var totalBytes: Int { 2 * Self.pageBytes + hostSize * segmentBytes }

    /// Bytes from the aligned start of the memory to a segment.
    package func segmentOffset(ofHostRank peer: Int) -> Int { Self.pageBytes + peer * segmentBytes }
}
