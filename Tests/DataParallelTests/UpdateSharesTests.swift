import DataParallel
import Foundation
import Testing

@Suite("UpdateShares", .timeLimit(.minutes(1)))
struct UpdateSharesTests {
    /// Cuts of `floats` gradients at drawn distances.
    private static func cuts(upTo floats: Int, _ random: inout SplitMix64) -> [Int] {
        var cuts = [0]
        while let last = cuts.last, last < floats {
            cuts.append(min(floats, last + 1 + Int(random.next() % 40)))
        }
        return cuts
    }

    @Test("buckets end at cuts, and gradients share none with what follows")
    func buckets() {
        var random = SplitMix64(1)
        for _ in 0..<50 {
            let gradients = 16 * Int(random.next() % 40)
            let shares = UpdateShares(cuts: Self.cuts(upTo: gradients, &random))
            let ranges = BucketPlan(count: gradients + 48, bucketBytes: 512, shares: shares).ranges
            #expect(ranges.flatMap { Array($0) } == Array(0..<gradients + 48))
            #expect(ranges.filter { shares.hold($0) }.allSatisfy { shares.cuts.contains($0.upperBound) })
        }
    }

    @Test(
        "every gradient has one owner, at cuts, for any ranks on any hosts",
        arguments: [[0], [0, 0, 0], [0, 1], [0, 1, 0], [0, 1, 2, 0, 1, 0], [1, 0, 0, 0, 2]])
    func owners(hostOfRank: [Int]) throws {
        var random = SplitMix64(2, hostOfRank.count)
        let shares = UpdateShares(cuts: Self.cuts(upTo: 16 * 100, &random))
        let assignment = GrainAssignment(grainCount: 16, order: HostOrder(hostOfRank: hostOfRank))
        let buckets = BucketPlan(count: 16 * 103, bucketBytes: 1024, shares: shares).ranges
        for rank in hostOfRank.indices {
            let plan = ExchangePlan(assignment, hosts: assignment.order.hosts, rank: rank, shares: shares)
            let owned = try #require(plan.owned(of: buckets))
            #expect(owned.ranges.joined().flatMap { Array($0) }.sorted() == Array(shares.gradients))
            #expect(owned.ranges.joined().allSatisfy { shares.cuts.contains($0.lowerBound) })
            let others = owned.others(than: rank, in: 100..<900)
            #expect(
                (others + owned.ranges[rank]).flatMap { Array($0) }.filter((100..<900).contains).sorted()
                    == Array(100..<900))
            let mine = plan.lanes.flatMap { lane in
                buckets.filter { shares.hold($0) }.flatMap { Array(plan.part(of: $0, addedBy: plan.host, lane: lane)) }
            }
            #expect(owned.ranges[rank].flatMap { Array($0) } == mine.sorted())
        }
    }

    struct WrongFloat: Error {
        var step: Int
        var index: Int
    }

    @Test(
        "each owner gets the sums of its gradients, and everybody the weights that all owners made of theirs",
        arguments: [
            (ReductionKind.sharedMemory, nil), (.exchange, nil), (.exchange, [0, 1, 0, 1]), (.exchange, [0, 1, 1]),
            (.exchange, [2, 0, 1, 0, 0]),
        ] as [(ReductionKind, [Int]?)])
    func weights(kind: ReductionKind, hostOfRank: [Int]?) {
        let gradients = 16 * 900
        var random = SplitMix64(3, hostOfRank?.count ?? 0)
        let job = Job(
            grains: 11, ranks: hostOfRank?.count ?? 3, workers: 2, floats: 16 * 905, bucketBytes: 1 << 12, kind: kind,
            cuts: Self.cuts(upTo: gradients, &random), hostOfRank: hostOfRank)
        let vectors = GrainVectors(grainCount: job.grains, floats: job.floats)
        let expected = (0..<6).map { vectors.sum(step: $0) }
        let errors = job.run { rank in
            var random = SplitMix64(job.ranks, rank.number)
            for (step, sums) in expected.enumerated() {
                delay(&random, oneIn: 2)
                let sum = try rank.step { grain, vector, report in
                    vector.update(from: vectors.vector(step: step, grain: grain), count: job.floats)
                    report(job.floats / 2)
                }
                let own = rank.reducer.owned?.ranges[rank.number] ?? []
                let seen = own.joined() + Array(gradients..<job.floats)
                for index in seen where sum[index].bitPattern != sums[index].bitPattern {
                    throw WrongFloat(step: step, index: index)
                }
                for index in own.joined() { UnsafeMutablePointer(mutating: sum)[index] = Float(index + step) }
                delay(&random, oneIn: 2)
                let weights = try rank.reducer.shareWeights()?.wait(for: 0..<gradients) ?? sum
                delay(&random, oneIn: 2)  // others may be in the next step already
                for index in 0..<gradients where weights[index] != Float(index + step) {
                    throw WrongFloat(step: step, index: index)
                }
            }
        }
        #expect(errors.allSatisfy { $0 == nil }, "\(errors)")
    }
}
