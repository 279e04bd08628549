/// How far a rank's clock is from rank 0's.
package struct ClockOffset: Equatable, Sendable {
    /// When it was measured, in nanoseconds of the rank's own clock.
    package var time: Int
    /// Nanoseconds that make the rank's clock rank 0's.
    package var offset: Int
    /// Nanoseconds by which `offset` is wrong at most: half of the shortest round trip.
    package var error: Int

    package init(time: Int, offset: Int, error: Int) {
        self.time = time
        self.offset = offset
        self.error = error
    }
}

/// A rank's clock as rank 0's, over a time at whose beginning and end it was compared with that.
///
/// In between, the offset changes linearly, as clocks do that run at two constant rates.
package struct ClockCorrection: Equatable, Sendable {
    private let first: ClockOffset
    private let last: ClockOffset

    package init(_ first: ClockOffset, _ last: ClockOffset) {
        self.first = first
        self.last = last
    }

    /// Nanoseconds by which a corrected time is wrong at most, as far as both clocks run at constant rates.
    package var error: Int { max(first.error, last.error) }

    /// Rank 0's nanoseconds at `time` of the rank's clock; never the other order than that of the times.
    package func corrected(_ time: Int) -> Int {
        let span = last.time - first.time
        let drift = span > 0 ? Double(last.offset - first.offset) * Double(time - first.time) / Double(span) : 0
        return time + first.offset + Int(drift.rounded())
    }
}

extension Communicator {
    /// How far this rank's clock is from rank 0's; collective.
    ///
    /// The first rank of every other host asks rank 0 for the time, `rounds` times. The answer is taken to be of the
    /// middle of the round trip, and the shortest round trip counts (Cristian 1989, Probabilistic clock
    /// synchronization, section 3); half of it bounds the error. Ranks of a host have one clock.
    ///
    /// - Parameter now: nanoseconds of this rank's clock.
    package func clockOffset(rounds: Int = 32, now: () -> Int) throws -> ClockOffset {
        let leaders = try hostOfEveryRank()
        for leader in Set(leaders).sorted() where leader != leaders[0] && rank == 0 {
            for _ in 0..<rounds { try answer(leader, now) }
        }
        var own = ClockOffset(time: now(), offset: 0, error: 0)
        if rank == leaders[rank], leaders[rank] != leaders[0] {
            own = try (0..<rounds).map { _ in try ask(now) }.min { $0.error < $1.error } ?? own
        }
        let all = try allGather([Int64(own.offset), Int64(own.error)]).map(Int.init)
        let leader = leaders[rank]
        return ClockOffset(
            time: rank == leader ? own.time : now(), offset: all[2 * leader], error: all[2 * leader + 1])
    }

    private func ask(_ now: () -> Int) throws -> ClockOffset {
        var answer: Int64 = 0
        let sent = now()
        try withUnsafeBytes(of: UInt8(0)) { try exchange(sends: [OutgoingMessage(to: 0, $0)], receives: []) }
        try withUnsafeMutableBytes(of: &answer) {
            try exchange(sends: [], receives: [IncomingMessage(from: 0, into: $0)])
        }
        let came = now()
        let middle = sent + (came - sent) / 2
        return ClockOffset(time: middle, offset: Int(answer) - middle, error: (came - sent + 1) / 2)
    }

    private func answer(_ peer: Int, _ now: () -> Int) throws {
        var question: UInt8 = 0
        try withUnsafeMutableBytes(of: &question) {
            try exchange(sends: [], receives: [IncomingMessage(from: peer, into: $0)])
        }
        try withUnsafeBytes(of: Int64(now())) { try exchange(sends: [OutgoingMessage(to: peer, $0)], receives: []) }
    }
}
