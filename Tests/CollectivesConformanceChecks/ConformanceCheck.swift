import Collectives

/// One promise of `Communicator`, checked by all ranks of a world together.
package struct ConformanceCheck: Sendable {
    /// The promise as a sentence.
    package let name: String
    /// Throws `ConformanceFailure` when this rank saw the promise broken.
    package let run: @Sendable (any Communicator) throws -> Void

    /// All checks in the order in which a world runs them; the last one finalizes the communicator.
    package static let all: [ConformanceCheck] = groupChecks + exchangeChecks + windowChecks + [finalizeCheck]

    /// Runs all checks on this rank.
    package static func runAll(on communicator: any Communicator) throws {
        for check in all {
            do { try check.run(communicator) } catch {
                throw ConformanceFailure(
                    description: "'\(check.name)' on rank \(communicator.rank) of \(communicator.worldSize): \(error)")
            }
        }
    }

    /// Message sizes: none, one, primes, powers of two and their neighbours, more than a transport's eager limit.
    static let byteCounts = [0, 1, 2, 7, 64, 97, 4095, 4096, 65_537, 1_048_583]

    private static let finalizeCheck = ConformanceCheck(
        name: "after finalize every operation throws, and finalize does nothing"
    ) {
        try $0.finalize()
        try $0.finalize()
        let communicator = $0
        let byte = UnsafeMutableRawBufferPointer.allocate(byteCount: 1, alignment: 1)
        defer { byte.deallocate() }
        let result = UnsafeMutableRawBufferPointer.allocate(byteCount: communicator.worldSize, alignment: 1)
        defer { result.deallocate() }
        try expectFinalized("barrier") { try communicator.barrier() }
        try expectFinalized("broadcast") { try communicator.broadcast(byte, root: 0) }
        try expectFinalized("allGather") { try communicator.allGather(.init(byte), into: result) }
        try expectFinalized("exchange") { try communicator.exchange(sends: [], receives: []) }
        try expectFinalized("sharedWindow") { _ = try communicator.sharedWindow(byteCountPerRank: 1) }
    }

    private static func expectFinalized(_ operation: String, _ body: () throws -> Void) throws {
        do { try body() } catch CollectivesError.finalized(operation: operation) { return }
        throw ConformanceFailure(description: "\(operation) ran after finalize")
    }
}

/// A promise was broken.
package struct ConformanceFailure: Error, CustomStringConvertible {
    package let description: String
}

/// Throws unless `condition` holds.
func expect(_ condition: Bool, _ message: @autoclosure () -> String) throws {
    if !condition { throw ConformanceFailure(description: message()) }
}

/// Bytes that differ with every argument, so that a byte from the wrong place, rank or round is noticed.
func patternBytes(count: Int, _ source: Int, _ destination: Int, _ index: Int, _ round: Int) -> [UInt8] {
    var state = UInt64(truncatingIfNeeded: ((source &* 131 &+ destination) &* 131 &+ index) &* 1_000_003 &+ round)
    return (0..<count).map { _ in UInt8(truncatingIfNeeded: nextRandom(&state)) }
}

/// The next number of SplitMix64 (Steele, Lea and Flood 2014), the same on every rank for the same state.
func nextRandom(_ state: inout UInt64) -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
}
