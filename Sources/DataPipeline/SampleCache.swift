import Synchronization

/// Keeps samples as bytes once they have been made; safe for any number of threads, without locks.
///
/// A maker is a pure function, so two threads that make the same sample at the same time do it separately, and only one
/// of them stores it.
// Unchecked: the bytes of a sample are written by the thread that moved its state from empty to storing, and read by
// others only after its state is stored (release and acquire).
final class SampleCache: @unchecked Sendable {
    private enum State { static let (empty, storing, stored): (UInt8, UInt8, UInt8) = (0, 1, 2) }

    private let sampleBytes: Int
    private let bytes: UnsafeMutableBufferPointer<UInt8>
    private let states: UnsafeMutablePointer<Atomic<UInt8>>
    private let sampleCount: Int

    /// Room for `sampleCount` samples; the system provides the memory page by page when it is first touched.
    init(sampleCount: Int, sampleBytes: Int) {
        self.sampleCount = sampleCount
        self.sampleBytes = sampleBytes
        bytes = .allocate(capacity: max(sampleCount * sampleBytes, 1))
        states = .allocate(capacity: max(sampleCount, 1))
        for index in 0..<sampleCount { (states + index).initialize(to: Atomic(State.empty)) }
    }

    deinit {
        states.deinitialize(count: sampleCount)
        states.deallocate()
        bytes.deallocate()
    }

    /// Calls `body` with the bytes of sample `index`, which `make` writes when they are asked for first.
    func withSample(
        _ index: Int, _ body: (UnsafeRawBufferPointer) -> Void, make: (UnsafeMutableBufferPointer<UInt8>) -> Void
    ) {
        precondition(index >= 0 && index < sampleCount, "SampleCache: no sample \(index) of \(sampleCount)")
        let kept = UnsafeMutableBufferPointer(rebasing: bytes[(index * sampleBytes)..<((index + 1) * sampleBytes)])
        if states[index].load(ordering: .acquiring) == State.stored { return body(UnsafeRawBufferPointer(kept)) }
        let claim = states[index].compareExchange(expected: State.empty, desired: State.storing, ordering: .acquiring)
        if claim.exchanged {
            make(kept)
            states[index].store(State.stored, ordering: .releasing)
            return body(UnsafeRawBufferPointer(kept))
        }
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: sampleBytes) { own in
            own.initialize(repeating: 0)
            make(own)
            body(UnsafeRawBufferPointer(own))
        }
    }
}
