import Collectives
import Foundation
import Synchronization
import Testing

/// Clocks that are wrong by known amounts, over ranks that are threads.
@Suite(.timeLimit(.minutes(1))) struct ClockOffsetTests {
    /// A clock that is `ahead` nanoseconds ahead at the origin and runs faster by a fraction.
    private struct Skewed: Sendable {
        var ahead: Int
        var rate: Double
        let origin = ContinuousClock.now

        init(ahead: Int, rate: Double = 0) {
            self.ahead = ahead
            self.rate = rate
        }

        /// What it shows when the right time since the origin is `right` nanoseconds.
        func shown(at right: Int) -> Int { right + ahead + Int(rate * Double(right)) }

        var now: Int { shown(at: Int((ContinuousClock.now - origin) / .nanoseconds(1))) }
    }

    /// Each rank's offset, with clocks by host.
    private func offsets(hostOfRank: [Int], ahead: [Int]) -> [ClockOffset] {
        let found = Mutex([ClockOffset?](repeating: nil, count: hostOfRank.count))
        let origin = Skewed(ahead: 0)
        let errors = runRanks(ThreadCommunicator.makeGroup(hostOfRank: hostOfRank)) { communicator in
            let offset = try communicator.clockOffset { origin.now + ahead[hostOfRank[communicator.rank]] }
            found.withLock { $0[communicator.rank] = offset }
            try communicator.finalize()
        }
        #expect(errors.allSatisfy { $0 == nil }, "\(errors)")
        return found.withLock { $0.compactMap(\.self) }
    }

    @Test func offsetsAreFoundWithinTheirBound() throws {
        let (hosts, ahead) = ([0, 1, 0, 2, 1], [0, 3_000_000_000_000, -7_000_000])
        let found = offsets(hostOfRank: hosts, ahead: ahead)
        try #require(found.count == 5)
        for (rank, offset) in found.enumerated() {
            #expect(abs(offset.offset + ahead[hosts[rank]]) <= offset.error, "rank \(rank): \(offset)")
            #expect(offset.error < 50_000_000)
        }
        // Ranks of a host have one clock; that of rank 0's host is right.
        #expect(found[0].offset == 0 && found[2].offset == 0 && found[2].error == 0)
        #expect(found[1].offset == found[4].offset && found[1].error == found[4].error && found[1].error > 0)
    }

    @Test func oneHostAsksNobody() {
        let found = offsets(hostOfRank: [0, 0, 0], ahead: [42])
        #expect(found.count == 3 && found.allSatisfy { $0.offset == 0 && $0.error == 0 })
    }

    /// A rank's answers are late by known amounts on the way there alone: the shortest round trip counts.
    @Test func theShortestRoundTripCounts() throws {
        let found = Mutex<ClockOffset?>(nil)
        let readings = Mutex((asked: 0, told: 0))
        let errors = runRanks(ThreadCommunicator.makeGroup(hostOfRank: [0, 1])) { communicator in
            if communicator.rank == 0 {
                // Rank 0's clock shows the middle of a trip of 10 ns in the third round, and the end of slow ones else.
                _ = try communicator.clockOffset(rounds: 5) {
                    readings.withLock { state in
                        defer { state.told += 1 }
                        return state.told == 2 ? 2_005 : state.told * 1000 + 900
                    }
                }
            } else {
                let offset = try communicator.clockOffset(rounds: 5) {
                    readings.withLock { state in
                        defer { state.asked += 1 }
                        // The first reading is before the rounds.
                        let (round, isAnswer) = max(state.asked - 1, 0).quotientAndRemainder(dividingBy: 2)
                        return 1_000_000 + round * 1000 + (isAnswer == 0 ? 0 : round == 2 ? 10 : 900)
                    }
                }
                found.withLock { $0 = offset }
            }
            try communicator.finalize()
        }
        #expect(errors.allSatisfy { $0 == nil }, "\(errors)")
        let offset = try #require(found.withLock { $0 })
        #expect(offset == ClockOffset(time: 1_002_005, offset: -1_000_000, error: 5))
    }

    @Test func driftIsCorrectedLinearly() {
        let clock = Skewed(ahead: 5_000_000, rate: 40e-6)  // a bad crystal: 40 µs a second
        func measured(_ right: Int) -> ClockOffset {
            ClockOffset(time: clock.shown(at: right), offset: right - clock.shown(at: right), error: right / 1_000_000)
        }
        let (first, last) = (1_000_000_000, 61_000_000_000)
        let correction = ClockCorrection(measured(first), measured(last))
        for right in stride(from: first, through: last, by: 1_234_567_890) {
            #expect(abs(correction.corrected(clock.shown(at: right)) - right) <= 2)
        }
        #expect(correction.error == 61_000)
        let constant = ClockCorrection(measured(first), measured(first))
        #expect(constant.corrected(clock.shown(at: first) + 50) == first + 50)
    }

    @Test func theRootAloneGathers() {
        let gathered = Mutex([[[UInt8]]](repeating: [], count: 3))
        let errors = runRanks(ThreadCommunicator.makeGroup(worldSize: 3)) { communicator in
            let own = [UInt8](repeating: UInt8(communicator.rank), count: 4 * communicator.rank)
            let all = try communicator.gather(own, root: 1)
            gathered.withLock { $0[communicator.rank] = all }
            try communicator.finalize()
        }
        #expect(errors.allSatisfy { $0 == nil }, "\(errors)")
        let expected: [[UInt8]] = [[], [1, 1, 1, 1], [2, 2, 2, 2, 2, 2, 2, 2]]
        #expect(gathered.withLock { $0 } == [[], expected, []])
    }
}
