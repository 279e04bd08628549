import Autograd
import Collectives
import JobHealth
import System

/// Measures the link between the hosts of a job, through its communicator.
package struct LinkMeasurement {
    private let ranks: Ranks
    /// The first rank of each host, which measures; the others wait.
    private let leaders: [Int]

    package init(_ ranks: Ranks) {
        self.ranks = ranks
        leaders = ranks.order.hosts.map { $0[0] }
    }

    /// What a message takes where no link was measured: about what Open MPI 4.1 takes over TCP between two network
    /// namespaces (docs/scale.md).
    package static let usualMessageSeconds = 6e-6

    /// Collective; the same on all ranks.
    ///
    /// - Precondition: several hosts.
    package func link() throws -> LinkSpeed {
        Activity.enter(.benchmark)
        precondition(leaders.count > 1, "LinkMeasurement: one host")
        let latency = try latencySeconds()
        let message = try messageSeconds()
        return LinkSpeed(
            latencySeconds: latency, bytesPerSecond: try bytesPerSecond(latency: latency), messageSeconds: message)
    }

    /// Half of what a small message takes to another host and back; the lowest tenth, because a core that is busy
    /// elsewhere delays others.
    private func latencySeconds() throws -> Double {
        let (first, second) = (leaders[0], leaders[1])
        var times: [Double] = []
        let start = Clock.seconds
        for round in 0..<200 {
            let begin = Clock.seconds
            if ranks.rank == first {
                try exchange(bytes: 8, with: [second], sends: true, receives: false)
                try exchange(bytes: 8, with: [second], sends: false, receives: true)
            } else if ranks.rank == second {
                try exchange(bytes: 8, with: [first], sends: false, receives: true)
                try exchange(bytes: 8, with: [first], sends: true, receives: false)
            }
            if round > 2 { times.append((Clock.seconds - begin) / 2) }
            if round % 10 == 9, try ranks.broadcast({ Clock.seconds - start > 1 }) { break }
        }
        return try ranks.broadcast { times.sorted()[times.count / 10] }
    }

    /// What a rank does for a message out and one in: many between two hosts, which share the way.
    private func messageSeconds() throws -> Double {
        let partner = leaders.firstIndex(of: ranks.rank).flatMap { place in
            leaders.indices.contains(place ^ 1) ? leaders[place ^ 1] : nil
        }
        func seconds(_ count: Int) throws -> Double {
            var best = Double.infinity
            for _ in 0..<5 {
                try ranks.barrier()
                let start = Clock.seconds
                if let partner { try exchange(bytes: 64, with: Array(repeating: partner, count: count)) }
                best = min(best, Clock.seconds - start)
            }
            return best
        }
        let (few, many) = (try seconds(1), try seconds(1001))
        return try ranks.broadcast { max(0, many - few) / 1000 }
    }

    /// Bytes that a host sends to all others while it receives theirs, in a second; of the largest of growing amounts,
    /// so that connections have opened their windows; the best of three, because cores that are busy elsewhere slow
    /// them down.
    private func bytesPerSecond(latency: Double) throws -> Double {
        let isLeader = leaders.contains(ranks.rank)
        // Begins behind oneself: no host is everyone's first.
        let own = leaders.firstIndex(of: ranks.rank) ?? 0
        let others = (1..<leaders.count).map { leaders[(own + $0) % leaders.count] }
        var bytes = 1 << 20
        var best = 0.0
        var rounds = 0
        while rounds < 3 {
            try ranks.barrier()
            let start = Clock.seconds
            if isLeader { try exchange(bytes: bytes / others.count, with: others) }
            try ranks.barrier()
            let seconds = try ranks.broadcast { Clock.seconds - start }
            // The exchange itself and the barrier take a way each.
            let passed = max(seconds - 2 * latency, 1e-9)
            if passed > 0.3 || bytes >= 1 << 28 {
                best = max(best, Double(bytes) / passed)
                rounds += 1
            } else {
                bytes *= 2
            }
        }
        return best
    }

    private func exchange(bytes: Int, with peers: [Int], sends: Bool = true, receives: Bool = true) throws {
        try ranks.waiting { communicator in
            let (out, into) = (FlatBuffer(count: bytes / 4 + 1), FlatBuffer(count: (bytes / 4 + 1) * peers.count))
            try communicator.exchange(
                sends: sends
                    ? peers.map { OutgoingMessage(to: $0, UnsafeRawBufferPointer(start: out.pointer, count: bytes)) }
                    : [],
                receives: receives
                    ? peers.enumerated().map { place, peer in
                        IncomingMessage(
                            from: peer,
                            into: UnsafeMutableRawBufferPointer(
                                start: into.pointer + place * (bytes / 4 + 1), count: bytes))
                    } : [])
        }
    }
}
