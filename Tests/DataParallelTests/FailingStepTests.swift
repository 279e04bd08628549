import Collectives
import DataParallel
import Foundation
import Synchronization
import Testing

@Suite("A step that fails", .timeLimit(.minutes(1)))
struct FailingStepTests {
    struct BadSample: Error, Equatable {
        var grain: Int
    }

    @Test(
        "a grain's error is its rank's, and the other ranks see that this one ended the job",
        arguments: [
            Job(grains: 8, ranks: 1, workers: 1, floats: 64, kind: .local),
            Job(grains: 8, ranks: 1, workers: 3, floats: 64, kind: .local),
            Job(grains: 9, ranks: 3, workers: 1, floats: 64, bucketBytes: 64, kind: .sharedMemory),
            Job(grains: 9, ranks: 3, workers: 2, floats: 64, bucketBytes: 64, kind: .sharedMemory),
            Job(grains: 9, ranks: 3, workers: 1, floats: 64, bucketBytes: 64, kind: .exchange),
            Job(grains: 9, ranks: 3, workers: 2, floats: 64, bucketBytes: 64, kind: .exchange),
            Job(
                grains: 9, ranks: 4, workers: 1, floats: 64, bucketBytes: 64, kind: .exchange,
                hostOfRank: [0, 1, 0, 1]),
        ])
    func errorsSurface(job: Job) {
        for failing in 0..<job.grains {
            let errors = job.run { rank in
                for step in 0..<3 {
                    _ = try rank.step { grain, vector, report in
                        var random = SplitMix64(failing, step, grain)
                        vector.update(repeating: 1, count: 64)
                        report(Int(random.next() % 64))  // some buckets may be on their way already
                        delay(&random)
                        if step == 1 && grain == failing { throw BadSample(grain: grain) }
                    }
                }
            }
            let culprit = (0..<job.ranks).first {
                job.assignment.grains(ofRank: $0).contains(failing)
            }
            for (rank, error) in errors.enumerated() {
                if rank == culprit {
                    #expect(error as? BadSample == BadSample(grain: failing))
                } else {
                    #expect(
                        error as? CollectivesError
                            == .peerFailed(rank: culprit ?? -1, reason: "\(BadSample(grain: failing))"))
                }
            }
        }
    }

    @Test("the other workers stop after their grains", arguments: [2, 4])
    func workersStop(workers: Int) {
        let computed = Atomic(0)
        let errors = Job(grains: 1000, ranks: 1, workers: workers, floats: 16, kind: .local).run { rank in
            _ = try rank.step { grain, vector, _ in
                vector.update(repeating: 0, count: 16)
                computed.add(1, ordering: .relaxed)
                if grain == 5 { throw BadSample(grain: grain) }
                usleep(300)
            }
        }
        #expect(errors.count == 1 && errors[0] as? BadSample == BadSample(grain: 5))
        #expect(computed.load(ordering: .relaxed) < 500)
    }

    @Test("a failed grain frees the communication thread before anyone aborts")
    func communicationThreadIsFreed() {
        let job = Job(grains: 4, ranks: 2, workers: 2, floats: 64, bucketBytes: 64, kind: .exchange)
        let errors = job.run { rank in
            guard rank.number == 1 else {
                _ = try rank.step { _, vector, _ in vector.update(repeating: 1, count: 64) }
                return
            }
            #expect(throws: BadSample(grain: 2)) {
                _ = try rank.step { grain, vector, _ in
                    if grain == 3 { usleep(1000) }
                    throw BadSample(grain: 2)
                }
            }
            #expect(try rank.communication.perform { $0.rank } == 1)
            #expect(throws: BadSample(grain: 2)) { try rank.reducer.finish() }
            rank.reducer.begin()
            #expect(throws: BadSample(grain: 2), "ranks are out of step") { try rank.reducer.finish() }
            throw BadSample(grain: 7)
        }
        #expect(errors[1] as? BadSample == BadSample(grain: 7))
        #expect(errors[0] as? CollectivesError == .peerFailed(rank: 1, reason: "\(BadSample(grain: 7))"))
    }

    @Test("a cancelled step throws", arguments: [ReductionKind.sharedMemory, .exchange])
    func cancelledStep(kind: ReductionKind) {
        let errors = Job(grains: 4, ranks: 2, workers: 2, floats: 64, kind: kind).run { rank in
            if rank.number == 0 {
                rank.reducer.begin()
                rank.reducer.cancel()
                _ = try rank.reducer.finish()
            }
            _ = try rank.step { _, vector, _ in vector.update(repeating: 1, count: 64) }
        }
        let cancelled = DataParallelError.stepCancelled(rank: 0)
        #expect(errors[0] as? DataParallelError == cancelled)
        #expect(errors[1] as? CollectivesError == .peerFailed(rank: 0, reason: "\(cancelled)"))
    }

    @Test("one rank goes on after a failed step")
    func oneRankGoesOn() {
        for workers in 1...3 {
            let errors = Job(grains: 6, ranks: 1, workers: workers, floats: 16, kind: .local).run { rank in
                for step in 0..<6 {
                    let work: @Sendable (Int, UnsafeMutablePointer<Float>, (Int) -> Void) throws -> Void = {
                        grain, vector, _ in
                        vector.update(repeating: Float(grain), count: 16)
                        if step % 2 == 0 && grain == step { throw BadSample(grain: grain) }
                    }
                    if step % 2 == 0 {
                        #expect(throws: BadSample(grain: step)) { try rank.step(work) }
                    } else {
                        let sum = try rank.step(work)
                        #expect(sum[15] == 15)
                    }
                }
            }
            #expect(errors.allSatisfy { $0 == nil }, "\(errors)")
        }
    }
}
