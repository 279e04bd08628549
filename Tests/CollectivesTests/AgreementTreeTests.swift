import Collectives
import Foundation
import System
import Testing

/// Follows an ``AgreementTree`` among as many places as one likes, in one thread, and counts.
private struct TreeSimulation {
    private(set) var sent: [Int]
    private(set) var received: [Int]
    private(set) var bytes: [Int]
    private(set) var rounds = 0
    /// What each place holds in the end.
    private(set) var words: [[UInt8]]

    /// - Parameter words: of each place.
    init(_ words: [[UInt8]], merge: @escaping AgreementMember.Merge) {
        let tree = AgreementTree(count: words.count)
        let plans = words.indices.map { tree.actions(ofPlace: $0) }
        var members = words.map { AgreementMember($0, merge: merge) }
        (sent, received, bytes) = (words.map { _ in 0 }, words.map { _ in 0 }, words.map { _ in 0 })
        for round in plans[0].indices {
            rounds += 1
            // What is sent in a round was held before it.
            let before = members.map(\.words)
            for place in words.indices {
                let action = plans[place][round]
                switch action.step {
                case .send(let other):
                    sent[place] += 1
                    bytes[place] += before[place].count
                    #expect(plans[other][round].step == .receive(from: place))
                case .receive(let other):
                    received[place] += 1
                    bytes[place] += before[other].count
                    #expect(plans[other][round].step == .send(to: place))
                    members[place].receive(before[other], isUpwards: action.isUpwards)
                case .nothing: break
                }
            }
        }
        self.words = members.map(\.words)
    }
}

@Suite struct AgreementTreeTests {
    private static let counts = [1, 2, 3, 5, 8, 13, 64, 100, 997, 1024, 4096]

    @Test(arguments: counts)
    func `everybody gets everybody's words in order, with two messages a rank and the logarithm of them on each`(
        count: Int
    ) {
        let tree = AgreementTree(count: count)
        let simulation = TreeSimulation((0..<count).map { withUnsafeBytes(of: Int32($0), Array.init) }) { $0 + $1 }
        let all = (0..<count).flatMap { withUnsafeBytes(of: Int32($0), Array.init) }
        #expect(simulation.words.allSatisfy { $0 == all })
        let logarithm = (0...).first { 1 << $0 >= count } ?? 0
        #expect(tree.rounds == logarithm && simulation.rounds == 2 * logarithm)
        #expect(simulation.sent.reduce(0, +) == 2 * (count - 1))
        #expect(zip(simulation.sent, simulation.received).allSatisfy { $0 + $1 <= 2 * logarithm })
    }

    @Test(arguments: [1024, 4096])
    func `agreement of ranks of one mind costs rank 0 the logarithm of their number in bytes, too`(count: Int) {
        let hash = withUnsafeBytes(of: UInt64(0x1234_5678_9ABC_DEF0), Array.init)
        let simulation = TreeSimulation(Array(repeating: hash, count: count)) { $0 == $1 ? $0 : [] }
        #expect(simulation.words.allSatisfy { $0 == hash })
        #expect(simulation.bytes[0] == 2 * 8 * AgreementTree(count: count).rounds)
        #expect(simulation.bytes.allSatisfy { $0 <= simulation.bytes[0] })
    }

    @Test(arguments: [1024, 4096])
    func `what hundreds of ranks say alike is told once, with a bounded message`(count: Int) throws {
        let tallies = (0..<count).map { RankTally($0 % 100 == 7 ? "late" : "wrong data", rank: $0) }
        var longest = 0
        let simulation = TreeSimulation(try tallies[3...].map(encoded)) { lower, upper in
            var sum = decoded(lower)
            sum.add(decoded(upper))
            let bytes = (try? encoded(sum)) ?? []
            longest = max(longest, bytes.count)
            return bytes
        }
        let agreed = decoded(simulation.words[count / 2])
        #expect(simulation.words.allSatisfy { decoded($0) == agreed })
        let late = (0..<count).filter { $0 % 100 == 7 }.count
        #expect(agreed.entries.map(\.words) == ["wrong data", "late"])
        #expect(agreed.entries[0].ranks.text == "rank 3, 4, 5 and \(count - 3 - late - 3) more")
        #expect(agreed.entries[1].ranks.text == "rank 7, 107, 207 and \(late - 3) more")
        #expect(agreed.ranks.count == count - 3 && longest < 300)
    }

    @Test func `of too many different words the first rank's and the most frequent are kept, and all counted`() {
        var tally = RankTally("rank 0's", rank: 0)
        for rank in 1..<1000 { tally.add(RankTally(rank % 2 == 0 ? "frequent" : "word \(rank)", rank: rank)) }
        #expect(tally.entries.count == RankTally<String>.most && tally.ranks.count == 1000)
        #expect(tally.entries[0].words == "rank 0's")
        #expect(tally.entries.first { $0.words == "frequent" }?.ranks.count == 499)
    }

    @Test(
        arguments: [
            ([3], "rank 3"), ([3, 4], "rank 3 and 4"), ([3, 4, 7], "rank 3, 4 and 7"),
            ([3, 4, 5, 9], "rank 3, 4, 5 and 9"), (Array(3..<1000), "rank 3, 4, 5 and 994 more"),
        ] as [([Int], String)])
    func `a list of ranks is as short for a thousand as for ten`(ranks: [Int], text: String) {
        #expect(RankList(ranks).text == text)
        var merged = RankList([])
        for rank in ranks.reversed() { merged.add(RankList([rank])) }
        #expect(merged == RankList(ranks))
        #expect(merged.withoutFirst.count == ranks.count - 1)
        #expect(merged.withoutFirst.first.first == ranks.dropFirst().first)
    }
}

private func encoded(_ tally: RankTally<String>) throws -> [UInt8] { Array(try JSONEncoder().encode(tally)) }

private func decoded(_ bytes: [UInt8]) -> RankTally<String> {
    (try? JSONDecoder().decode(RankTally<String>.self, from: Data(bytes))) ?? RankTally("broken", rank: -1)
}
