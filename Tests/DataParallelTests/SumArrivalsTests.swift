import DataParallel
import Foundation
import Testing

@Suite("SumArrivals", .timeLimit(.minutes(1)))
struct SumArrivalsTests {
    struct WrongBits: Error {
        var step: Int
        var range: Range<Int>
    }

    /// Every rank reads the sums of each step in pieces, in an order of its own, while the next step has begun.
    @Test(
        "the next step may begin while sums arrive, and every range has the expected bits",
        arguments: [
            Job(grains: 2, ranks: 2, workers: 1, floats: 16 * 40, bucketBytes: 64, kind: .exchange),
            Job(grains: 9, ranks: 3, workers: 2, floats: 16 * 40, bucketBytes: 256, kind: .exchange),
            Job(grains: 7, ranks: 5, workers: 1, floats: 16 * 100, bucketBytes: 128, kind: .exchange),
            Job(
                grains: 8, ranks: 4, workers: 1, floats: 16 * 40, bucketBytes: 64, kind: .exchange,
                hostOfRank: [0, 1, 0, 1]),
            Job(
                grains: 9, ranks: 5, workers: 2, floats: 16 * 100, bucketBytes: 128, kind: .exchange,
                hostOfRank: [0, 1, 1, 0, 1]),
        ])
    func stepsOverlap(job: Job) {
        let vectors = GrainVectors(grainCount: job.grains, floats: job.floats)
        let expected = (0..<6).map { bits(vectors.sum(step: $0)) }
        let errors = job.run { rank in
            var random = SplitMix64(job.grains, rank.number)
            var previous: SumArrivals?
            for step in expected.indices {
                rank.reducer.begin()
                if let previous { try check(previous, expected, step - 1, &random) }
                try rank.pool.run { [reducer = rank.reducer] _ in
                    try reducer.computeGrains { grain, vector, report in
                        var random = SplitMix64(step, grain)
                        let values = vectors.vector(step: step, grain: grain)
                        for index in values.indices {
                            vector[index] = values[index]
                            if random.next() % 32 == 0 { report(index + 1) }
                        }
                        delay(&random, oneIn: 2)
                    }
                }
                previous = try rank.reducer.arrivals()
            }
            if let previous { try check(previous, expected, expected.count - 1, &random) }
        }
        #expect(errors.allSatisfy { $0 == nil }, "\(errors)")
    }

    private func check(_ arrivals: SumArrivals, _ expected: [[UInt32]], _ step: Int, _ random: inout SplitMix64) throws
    {
        let count = expected[step].count
        for start in stride(from: 0, to: count, by: 48).shuffled(using: &random) {
            let range = start..<min(start + 48, count)
            let sum = try arrivals.wait(for: range)
            if bits(UnsafeBufferPointer(start: sum + start, count: range.count)) != Array(expected[step][range]) {
                throw WrongBits(step: step, range: range)
            }
            delay(&random, oneIn: 4)
        }
    }

    @Test("who waits for a step that is given up learns why")
    func cancelledStep() {
        let job = Job(grains: 2, ranks: 2, workers: 1, floats: 64, bucketBytes: 64, kind: .exchange)
        let errors = job.run { rank in
            rank.reducer.begin()
            let arrivals = try #require(try rank.reducer.arrivals())
            rank.reducer.cancel()
            #expect(throws: DataParallelError.stepCancelled(rank: rank.number)) { _ = try arrivals.wait(for: 0..<16) }
            #expect(throws: DataParallelError.stepCancelled(rank: rank.number)) { _ = try rank.reducer.arrivals() }
        }
        #expect(errors.allSatisfy { $0 == nil }, "\(errors)")
    }
}
