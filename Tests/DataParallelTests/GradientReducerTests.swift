import DataParallel
import Foundation
import Synchronization
import Testing

@Suite("GradientReducer", .timeLimit(.minutes(1)))
struct GradientReducerTests {
    /// Writes a grain's vector in pieces, reporting progress late, early within what is final, and repeatedly.
    private static func fill(
        _ vector: UnsafeMutablePointer<Float>, with values: [Float], _ random: inout SplitMix64, _ report: (Int) -> Void
    ) {
        vector.update(repeating: .nan, count: values.count)  // what is added too early shows
        var written = 0
        while written < values.count {
            let upper = min(values.count, written + 1 + Int(random.next() % UInt64(values.count)))
            for index in written..<upper { vector[index] = values[index] }
            written = upper
            delay(&random)
            switch random.next() % 4 {
            case 0: break
            case 1: report(Int(random.next() % UInt64(written + 1)))
            case 2: report(written)
            default:
                report(written)
                report(written / 2)
            }
        }
    }

    struct WrongBits: Error {
        var step: Int
    }

    /// Several steps of a job; every rank's result of every step must have the expected bits.
    private static func check(_ job: Job, vectors: GrainVectors, expected: [[UInt32]]) {
        let errors = job.run { rank in
            var random = SplitMix64(job.grains, job.ranks, job.workers, rank.number)
            for step in expected.indices {
                delay(&random, oneIn: 2)
                let sum = try rank.step { grain, vector, report in
                    var random = SplitMix64(step, grain, job.workers, job.ranks)
                    delay(&random, oneIn: 2)
                    fill(vector, with: vectors.vector(step: step, grain: grain), &random, report)
                }
                delay(&random, oneIn: 2)  // others may be in the next step already
                if bits(UnsafeBufferPointer(start: sum, count: job.floats)) != expected[step] {
                    throw WrongBits(step: step)
                }
            }
        }
        #expect(errors.allSatisfy { $0 == nil }, "\(job): \(errors)")
    }

    @Test("the sum has the bits of the recursive sum, for any ranks, workers, buckets and delays", arguments: 1...17)
    func bitsOfTheTree(grains: Int) {
        let vectors = GrainVectors(grainCount: grains, floats: 16 * 13)
        let expected = (0..<3).map { bits(vectors.sum(step: $0)) }
        for ranks in 1...min(grains, 7) {
            for workers in 1...3 {
                for kind in ReductionKind.allCases where kind != .local || ranks == 1 {
                    let bucketBytes = [64, 256, 1 << 20][(ranks + workers + grains) % 3]
                    let job = Job(
                        grains: grains, ranks: ranks, workers: workers, floats: vectors.floats,
                        bucketBytes: bucketBytes, kind: kind)
                    Self.check(job, vectors: vectors, expected: expected)
                }
            }
        }
    }

    @Test(
        "slices larger than a chunk, over many steps, have the bits of the recursive sum",
        arguments: [
            Job(grains: 8, ranks: 2, workers: 2, floats: 16 * 1000, bucketBytes: 1 << 14, kind: .exchange),
            Job(grains: 8, ranks: 2, workers: 1, floats: 16 * 1000, bucketBytes: 1 << 14, kind: .sharedMemory),
            Job(grains: 11, ranks: 3, workers: 1, floats: 16 * 1000, bucketBytes: 1 << 14, kind: .sharedMemory),
            Job(grains: 7, ranks: 3, workers: 2, floats: 16 * 1000, bucketBytes: 1 << 14, kind: .exchange),
            Job(
                grains: 12, ranks: 4, workers: 2, floats: 16 * 1000, bucketBytes: 1 << 14, kind: .exchange,
                hostOfRank: [0, 1, 0, 1]),
            Job(
                grains: 7, ranks: 3, workers: 1, floats: 16 * 1000, bucketBytes: 1 << 14, kind: .exchange,
                hostOfRank: [0, 1, 0]),
            // Parts longer than a message that is sent at once, in pieces.
            Job(grains: 8, ranks: 2, workers: 1, floats: 16 * 10_000, bucketBytes: 1 << 20, kind: .exchange),
            Job(grains: 16, ranks: 1, workers: 4, floats: 16 * 1000, kind: .local),
            // more and less than the system takes at once
            Job(grains: 12, ranks: 4, workers: 2, floats: 16 * 1000, kind: .whole, hostOfRank: [0, 1, 0, 1]),
            Job(grains: 7, ranks: 3, workers: 1, floats: 16 * 1000, kind: .whole, hostOfRank: [0, 1, 0]),
            Job(grains: 7, ranks: 3, workers: 1, floats: 16 * 10, kind: .whole, hostOfRank: [0, 1, 2]),
            // Too long to leave at once: two rounds in turn.
            Job(grains: 8, ranks: 2, workers: 1, floats: 16 * 3000, kind: .whole),
        ])
    func largeSlices(job: Job) {
        let vectors = GrainVectors(grainCount: job.grains, floats: job.floats)
        Self.check(job, vectors: vectors, expected: (0..<8).map { bits(vectors.sum(step: $0)) })
    }

    @Test("so has it over hosts with several ranks each, in whatever order they are numbered", arguments: 1...4)
    func bitsOverHosts(hosts: Int) {
        for ranksAHost in 1...3 {
            let ranks = hosts * ranksAHost
            let orders = [
                (0..<ranks).map { $0 / ranksAHost }, (0..<ranks).map { $0 % hosts },
                (0..<ranks).map { $0 == 0 ? hosts - 1 : ($0 * $0 + 1) % hosts },
            ]
            for (index, order) in orders.enumerated() {
                for grains in [ranks, ranks + 5, 4 * ranks] {
                    let vectors = GrainVectors(grainCount: grains, floats: 16 * 29)
                    for kind in [ReductionKind.exchange, .whole] {
                        let job = Job(
                            grains: grains, ranks: ranks, workers: 1 + index % 2, floats: vectors.floats,
                            bucketBytes: [64, 512, 1 << 20][(ranks + index) % 3], kind: kind, hostOfRank: order)
                        Self.check(job, vectors: vectors, expected: (0..<3).map { bits(vectors.sum(step: $0)) })
                    }
                }
            }
        }
    }

    @Test("a byte leaves a host once, however many ranks are on it", arguments: [2, 3, 4], [1, 2, 3, 4])
    func bytesBetweenHosts(hosts: Int, ranksAHost: Int) {
        let counter = ByteCounter()
        let floats = 16 * 12 * 40
        let job = Job(
            grains: 12 * hosts, ranks: hosts * ranksAHost, workers: 1, floats: floats, bucketBytes: 1 << 14,
            kind: .exchange, hostOfRank: (0..<hosts * ranksAHost).map { $0 % hosts }, counter: counter)
        let errors = job.run { rank in _ = try rank.step { _, vector, _ in vector.update(repeating: 1, count: floats) }
        }
        #expect(errors.allSatisfy { $0 == nil }, "\(errors)")
        let roots = (0..<hosts).reduce(0) { $0 + job.assignment.roots(ofRanks: job.assignment.order.hosts[$1]).count }
        // each host sends its sums of what the others add, and the whole sum of what it adds
        #expect(counter.total == (roots + hosts) * (hosts - 1) * floats * 4 / hosts)
    }

    @Test("buffers are allocated in the first step alone, and few", arguments: 1...4)
    func buffersAreReused(workers: Int) {
        for (grains, ranks, kind) in [
            (17, 1, ReductionKind.local), (32, 1, .local), (23, 2, .exchange), (23, 2, .sharedMemory),
            (23, 4, .exchange),
        ] {
            let job = Job(
                grains: grains, ranks: ranks, workers: workers, floats: 16, kind: kind,
                hostOfRank: ranks == 4 ? [0, 1, 1, 0] : nil)
            let errors = job.run { rank in
                var allocated: [Int] = []
                for step in 0..<12 {
                    // One worker is late, so that the others run ahead.
                    _ = try rank.step { grain, vector, _ in
                        if grain == step % 4 { usleep(2000) }
                        vector.update(repeating: 1, count: 16)
                    }
                    allocated.append(rank.reducer.allocatedBuffers)
                }
                let roots = rank.reducer.assignment.roots(ofRank: rank.number).count
                #expect(Set(allocated).count == 1, "\(job): \(allocated)")
                #expect(allocated[0] <= workers + Int(log2(Double(grains))) + 1 + roots, "\(job)")
            }
            #expect(errors.allSatisfy { $0 == nil }, "\(errors)")
        }
    }

    @Test("one worker needs log₂ S + 1 buffers")
    func buffersOfOneWorker() {
        for (grains, buffers) in [(1, 1), (2, 2), (3, 2), (4, 3), (8, 4), (15, 4), (16, 5), (17, 5)] {
            let errors = Job(grains: grains, ranks: 1, workers: 1, floats: 16, kind: .local).run { rank in
                _ = try rank.step { _, vector, _ in vector.update(repeating: 1, count: 16) }
                #expect(rank.reducer.allocatedBuffers == buffers, "\(grains) grains")
            }
            #expect(errors.allSatisfy { $0 == nil }, "\(errors)")
        }
    }
}
