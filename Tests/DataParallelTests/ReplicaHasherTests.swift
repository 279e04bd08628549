import Autograd
import Collectives
import DataParallel
import System
import Testing

@Suite("ReplicaHasher")
struct ReplicaHasherTests {
    /// Two tensors of several pieces and a statistic.
    private let counts = [200_003, 70_000, 5]

    private func replica() -> (memory: FlatBuffer, hasher: ReplicaHasher) {
        let memory = FlatBuffer(count: 300_000)
        for index in 0..<memory.count { memory.pointer[index] = Float(index % 977) - 300.5 }
        var tensors: [ReplicaTensor] = []
        var start = 16
        for (index, count) in counts.enumerated() {
            tensors.append(
                ReplicaTensor(
                    name: "t\(index)", kind: index == 2 ? "statistic" : "weight", memory: memory,
                    range: start..<start + count))
            start += count
        }
        return (memory, ReplicaHasher(tensors) { $0.kind == "statistic" })
    }

    @Test("the hashes are the same for any number of workers")
    func workers() throws {
        let (_, hasher) = replica()
        let alone = try hasher.hashes(WorkerPool(count: 1))
        #expect(Set(alone).count == 3)
        for count in 2...4 { #expect(try hasher.hashes(WorkerPool(count: count)) == alone) }
    }

    @Test(
        "a flipped bit changes its tensor's hash and the fold, wherever it is",
        arguments: [(0, 0), (0, 200_002), (0, 65_536), (1, 69_999), (2, 4)])
    func flips(tensor: Int, value: Int) throws {
        let (_, hasher) = replica()
        let pool = WorkerPool(count: 2)
        let sound = try hasher.hashes(pool)
        for bit in [0, 1, 22, 31] {
            hasher.tensors[tensor].flip(bit: 32 * value + bit)
            let hashes = try hasher.hashes(pool)
            #expect(hashes.indices.filter { hashes[$0] != sound[$0] } == [tensor])
            #expect(ReplicaHasher.folded(hashes) != ReplicaHasher.folded(sound))
            hasher.tensors[tensor].flip(bit: 32 * value + bit)
        }
        #expect(try hasher.hashes(pool) == sound)
    }

    @Test("what lies between tensors does not count")
    func padding() throws {
        let (memory, hasher) = replica()
        let pool = WorkerPool(count: 1)
        let sound = try hasher.hashes(pool)
        memory.pointer[15] = 1
        memory.pointer[16 + counts.reduce(0, +)] = 1
        #expect(try hasher.hashes(pool) == sound)
    }

    /// Ranges as workers' shares and as single tensors are.
    private static let shares: [[Range<Int>]] = [
        [0..<300_000], [0..<4096, 4096..<143_360, 143_360..<143_360, 143_360..<300_000],
        [16..<200_019, 200_019..<270_019, 270_019..<270_024],
    ]

    @Test("hashes taken during a change are those of the changed memory", arguments: shares)
    func changing(shares: [Range<Int>]) throws {
        let (memory, hasher) = replica()
        let pool = WorkerPool(count: 2)
        let before = try hasher.hashes(pool)
        for share in shares { hasher.changing(share) { range in for index in range { memory.pointer[index] *= 1.5 } } }
        let hashes = try hasher.hashes(pool)
        #expect(zip(before, hashes).allSatisfy { $0 != $1 })
        #expect(try hasher.hashes(pool) == hashes, "read from memory")
        #expect(shares.joined().allSatisfy { memory.pointer[$0] == 1.5 * (Float($0 % 977) - 300.5) }, "changed once")
    }

    @Test("what a change left out is hashed afterwards, and only the next hashes are spared")
    func partialChange() throws {
        let (memory, hasher) = replica()
        let pool = WorkerPool(count: 2)
        let sound = try hasher.hashes(pool)
        hasher.changing(8192..<65_536) { _ in }
        // Nothing may change now; if it does, what was hashed before stays unseen until the next time.
        memory.pointer[9000] += 1
        memory.pointer[100_000] += 1
        memory.pointer[200_100] += 1
        let first = try hasher.hashes(pool)
        memory.pointer[100_000] -= 1
        memory.pointer[200_100] -= 1
        let second = try hasher.hashes(pool)
        #expect(first[0] != sound[0] && first[1] != sound[1] && first[2] == sound[2])
        #expect(second[0] != sound[0] && second[0] != first[0] && second[1] == sound[1])
    }

    @Test("a statistic that was wrong for a step counts as different though it is right again; a weight does not")
    func history() throws {
        let pool = WorkerPool(count: 1)
        let sound = replica().hasher
        let healed = replica().hasher
        for step in 0..<3 {
            if step == 1 { for tensor in [0, 2] { healed.tensors[tensor].flip(bit: 3) } }
            sound.follow()
            healed.follow()
            if step == 1 { for tensor in [0, 2] { healed.tensors[tensor].flip(bit: 3) } }
        }
        let (expected, hashes) = (try sound.hashes(pool), try healed.hashes(pool))
        #expect(hashes.indices.filter { hashes[$0] != expected[$0] } == [2])
    }
}

@Suite("ReplicaDifference")
struct ReplicaDifferenceTests {
    private let tensors = [("a", "weight"), ("a", "momentum"), ("mean", "statistic")].map {
        ReplicaTensor(name: $0.0, kind: $0.1, memory: FlatBuffer(count: 1), range: 0..<1)
    }

    /// By rank, then in the tensors' order.
    private func found(_ tensors: [ReplicaTensor], _ hashes: [[UInt64]]) -> [ReplicaDifference] {
        let tallies = tensors.indices.map { tensor in
            hashes.indices.dropFirst().reduce(into: RankTally(hashes[0][tensor], rank: 0)) {
                $0.add(RankTally(hashes[$1][tensor], rank: $1))
            }
        }
        return ReplicaDifference.find(tensors, tallies, worldSize: hashes.count)
    }

    @Test("of a thousand ranks those that differ are counted, and a few named")
    func many() {
        let hashes: [[UInt64]] = (0..<1000).map { [$0 % 4 == 1 ? 9 : 1] }
        let difference = found(Array(tensors.prefix(1)), hashes).first
        #expect(difference?.hasMajority == true && difference?.ranks.text == "rank 1, 5, 9 and 247 more")
    }

    @Test("equal hashes are no difference", arguments: 1...4)
    func equal(ranks: Int) {
        #expect(found(tensors, Array(repeating: [1, 2, 3], count: ranks)).isEmpty)
    }

    @Test("the ranks outside the majority are named, tensor by tensor")
    func majority() {
        let hashes: [[UInt64]] = [[1, 2, 3], [1, 9, 3], [1, 2, 3], [1, 2, 4], [1, 8, 3]]
        #expect(
            found(tensors, hashes) == [
                .init(tensor: "a", kind: "momentum", ranks: RankList([1, 4]), hasMajority: true),
                .init(tensor: "mean", kind: "statistic", ranks: RankList([3]), hasMajority: true),
            ])
    }

    @Test(
        "without a majority all ranks are",
        arguments: [[[1], [2]], [[1], [2], [3]], [[1], [1], [2], [2]], [[1], [1], [2], [3]]] as [[[UInt64]]])
    func noMajority(hashes: [[UInt64]]) {
        #expect(
            found(Array(tensors.prefix(1)), hashes) == [
                .init(tensor: "a", kind: "weight", ranks: RankList(Array(hashes.indices)), hasMajority: false)
            ])
    }
}
