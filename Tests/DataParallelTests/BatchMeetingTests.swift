import Autograd
import Collectives
import DataParallel
import Foundation
import Synchronization
import Testing

@Suite("BatchMeeting", .timeLimit(.minutes(1)))
struct BatchMeetingTests {
    struct BadSample: Error, Equatable {
        var grain: Int
    }

    /// How many numbers grains bring to each meeting of a step.
    private static let counts = [5, 33, 1, 8]

    /// What a grain brings to a meeting.
    private static func numbers(step: Int, grain: Int, place: Int) -> [Double] {
        var random = SplitMix64(step, grain, place)
        return (0..<counts[place]).map { _ in Double(Int64(bitPattern: random.next())) * 0x1p-40 }
    }

    /// The sum of what the grains in `range` bring, split at the largest power of two; nil where none has samples.
    private static func sum(_ range: Range<Int>, step: Int, place: Int, _ absent: (Int) -> Bool) -> [Double]? {
        if range.count == 1 {
            return absent(range.lowerBound) ? nil : numbers(step: step, grain: range.lowerBound, place: place)
        }
        var half = 1
        while half * 2 < range.count { half *= 2 }
        let middle = range.lowerBound + half
        let left = sum(range.lowerBound..<middle, step: step, place: place, absent)
        let right = sum(middle..<range.upperBound, step: step, place: place, absent)
        guard let left, let right else { return left ?? right }
        return zip(left, right).map { $0 + $1 }
    }

    /// Runs `compute` for every grain of a rank, in steps.
    private static func attend(
        _ job: Job, _ rank: Job.Rank, steps: Int, absent: @escaping @Sendable (_ step: Int, _ grain: Int) -> Bool,
        _ compute: @escaping @Sendable (_ step: Int, _ grain: Int, any GrainMeeting) throws -> Void
    ) throws {
        let assignment = job.assignment
        let meeting = BatchMeeting(
            assignment: assignment, rank: rank.number, permits: job.workers,
            communication: job.ranks > 1 ? rank.communication : nil)
        let own = assignment.grains(ofRank: rank.number)
        let pool = WorkerPool(count: own.count, busyWaits: false)
        defer { pool.stop() }
        for step in 0..<steps {
            meeting.begin { !absent(step, $0) }
            try pool.run { worker in
                let grain = own.lowerBound + worker
                try meeting.attend(grain) { try compute(step, grain, $0) }
            }
        }
    }

    private static func meet(
        _ meeting: any GrainMeeting, step: Int, grain: Int, place: Int,
        _ take: (UnsafePointer<Double>) -> Void = { _ in }
    ) {
        meeting.meet(
            at: place, count: counts[place],
            merge: { sum, other, count in
                for index in 0..<count { sum[index] += other[index] }
            },
            bring: { $0.update(from: numbers(step: step, grain: grain, place: place), count: counts[place]) },
            take: take)
    }

    @Test("every grain gets the bits of the recursive sum, and no more are computed at once than there are permits")
    func bitsOfTheTree() {
        for grains in 1...9 {
            for ranks in 1...min(grains, 4) {
                for permits in 1...3 {
                    for hosts in [nil, ranks > 2 ? Array([0, 1, 0, 1][..<ranks]) : nil] {
                        check(
                            Job(
                                grains: grains, ranks: ranks, workers: permits, floats: 16, kind: .exchange,
                                hostOfRank: hosts))
                    }
                }
            }
        }
    }

    private func check(_ job: Job) {
        // In the second step the later grains have no samples, in the third only the first has some.
        let absent: @Sendable (Int, Int) -> Bool = { step, grain in
            step == 1 && grain > job.grains / 2 || step == 2 && grain > 0
        }
        let wrong = Atomic(0)
        let running = Mutex([Int](repeating: 0, count: job.ranks))
        let errors = job.run { rank in
            @Sendable func change(_ by: Int) {
                let now = running.withLock { running in
                    running[rank.number] += by
                    return running[rank.number]
                }
                if now > job.workers { wrong.add(1000, ordering: .relaxed) }
            }
            try Self.attend(job, rank, steps: 4, absent: absent) { step, grain, meeting in
                change(1)
                defer { change(-1) }
                var random = SplitMix64(step, grain, job.ranks)
                guard !absent(step, grain) else { return }
                for place in Self.counts.indices {
                    delay(&random, oneIn: 2)
                    let expected = Self.sum(0..<job.grains, step: step, place: place) { absent(step, $0) }
                    change(-1)
                    var isRight = false
                    Self.meet(meeting, step: step, grain: grain, place: place) { numbers in
                        isRight = Array(UnsafeBufferPointer(start: numbers, count: Self.counts[place])) == expected
                    }
                    change(1)
                    if !isRight { wrong.add(1, ordering: .relaxed) }
                }
            }
        }
        #expect(errors.allSatisfy { $0 == nil }, "\(job): \(errors)")
        #expect(wrong.load(ordering: .relaxed) == 0, "\(job)")
    }

    @Test("a grain's error releases all that wait", arguments: [1, 3], [1, 2])
    func errorsRelease(ranks: Int, permits: Int) {
        let job = Job(grains: 7, ranks: ranks, workers: permits, floats: 16, kind: .exchange)
        for failing in 0..<job.grains {
            let errors = job.run { rank in
                try Self.attend(job, rank, steps: 2, absent: { _, _ in false }) { step, grain, meeting in
                    for place in Self.counts.indices {
                        if step == 1, place == 2, grain == failing { throw BadSample(grain: grain) }
                        Self.meet(meeting, step: step, grain: grain, place: place)
                    }
                }
            }
            let culprit = (0..<ranks).first {
                GrainAssignment(grainCount: job.grains, worldSize: ranks).grains(ofRank: $0).contains(failing)
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

    @Test("grains that do not come to the same meetings are found", arguments: 0..<3)
    func grainsApart(kind: Int) {
        let job = Job(grains: 4, ranks: 1, workers: 2, floats: 16, kind: .local)
        let errors = job.run { rank in
            try Self.attend(job, rank, steps: 1, absent: { _, _ in false }) { step, grain, meeting in
                switch (kind, grain) {
                case (0, 2): Self.meet(meeting, step: step, grain: grain, place: 1)  // another one
                case (1, 2): break  // none, though it has samples
                case (2, 2):  // one too many
                    Self.meet(meeting, step: step, grain: grain, place: 0)
                    Self.meet(meeting, step: step, grain: grain, place: 1)
                default: Self.meet(meeting, step: step, grain: grain, place: 0)
                }
            }
        }
        guard case .grainsApart? = errors[0] as? DataParallelError else {
            Issue.record("\(String(describing: errors[0]))")
            return
        }
    }

    @Test("ranks that meet for different things are found")
    func ranksApart() {
        let job = Job(grains: 4, ranks: 2, workers: 1, floats: 16, kind: .exchange)
        let errors = job.run { rank in
            try Self.attend(job, rank, steps: 1, absent: { _, _ in false }) { _, _, meeting in
                meeting.meet(
                    at: rank.number, count: 1, merge: { sum, other, _ in sum[0] += other[0] }, bring: { $0[0] = 1 },
                    take: { _ in })
            }
        }
        #expect(
            errors.contains { $0 as? DataParallelError == .ranksApart(rank: 0, other: 1) }
                || errors.contains { $0 as? DataParallelError == .ranksApart(rank: 1, other: 0) }, "\(errors)")
    }
}
