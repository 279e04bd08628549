import Collectives
import Foundation

/// Agreement whose cost for each rank, rank 0 included, grows with the logarithm of their number; where all ranks agree
/// it is 2⌈log₂ P⌉ messages of 64 bytes.
extension Ranks {
    /// Who says what; nil on all ranks when none says anything. Collective.
    func tally<Words: Codable & Equatable & Sendable>(_ own: Words?) throws -> RankTally<Words>? {
        try merged(own.map { RankTally($0, rank: rank) }) { $0.add($1) }
    }

    /// Who says what of each of several things, of which all ranks have as many. Collective.
    func tally<Words: Codable & Equatable & Sendable>(_ own: [Words]) throws -> [RankTally<Words>] {
        try merged(own.map { RankTally($0, rank: rank) }) { lower, upper in
            for place in lower.indices where place < upper.count { lower[place].add(upper[place]) }
        } ?? []
    }

    /// Whether all ranks have the same number. Collective.
    func haveTheSame(_ number: UInt64) throws -> Bool {
        let own = withUnsafeBytes(of: number, Array.init)
        // what differs anywhere below is empty from there on
        return try waiting { try $0.agree(own) { $0 == $1 ? $0 : [] } } == own
    }

    /// What the ranks have, made into one by an associative merge of neighbours, the lower ranks' first; nil where none
    /// has anything. Collective.
    func merged<Value: Codable & Sendable>(
        _ own: Value?, _ merge: @escaping @Sendable (_ lower: inout Value, _ upper: Value) -> Void
    ) throws -> Value? {
        let bytes = own == nil ? [] : Array(try JSONEncoder.exact.encode(own))
        let all = try waiting { communicator in
            try communicator.agree(bytes) { lower, upper in
                if lower.isEmpty || upper.isEmpty { return lower + upper }
                // The same program has encoded it; could it not be read, the lower ranks' word would stand.
                guard var value = try? JSONDecoder.exact.decode(Value.self, from: Data(lower)),
                    let other = try? JSONDecoder.exact.decode(Value.self, from: Data(upper))
                else { return lower }
                merge(&value, other)
                return (try? JSONEncoder.exact.encode(value)).map(Array.init) ?? lower
            }
        }
        return all.isEmpty ? nil : try JSONDecoder.exact.decode(Value.self, from: Data(all))
    }

    /// The first rank's value of this rank's host, on all of them. Collective.
    func sharedOnHost<Value: Codable & Sendable>(_ own: Value) throws -> Value {
        let bytes = isHostLeader ? Array(try JSONEncoder().encode(own)) : []
        let all = try waiting { try $0.agreeOnHost(bytes) { lower, _ in lower } }
        return try JSONDecoder().decode(Value.self, from: Data(all))
    }
}
