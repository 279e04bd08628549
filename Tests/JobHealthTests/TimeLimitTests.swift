import Foundation
import JobHealth
import System
import Testing

/// When a job has to end.
struct TimeLimitEndTests {
    private let now = Date().timeIntervalSince1970

    @Test func `the earlier of the option and the end of the Slurm job holds`() throws {
        let later = ["SLURM_JOB_END_TIME": String(Int(now) + 1000)]
        let both = try #require(TimeLimit.end(limitSeconds: 100, later))
        #expect(abs(both - Clock.seconds - 100) < 5)
        let slurm = try #require(TimeLimit.end(limitSeconds: nil, later))
        #expect(abs(slurm - Clock.seconds - 1000) < 5)
    }

    @Test func `an end that has passed is another job's and is told, not followed`() {
        var notes: [String] = []
        let past = ["SLURM_JOB_END_TIME": String(Int(now) - 1000)]
        #expect(TimeLimit.end(limitSeconds: nil, past) { notes.append($0) } == nil)
        #expect(notes.count == 1 && notes[0].contains("SLURM_JOB_END_TIME is 100"))
        #expect(TimeLimit.end(limitSeconds: 100, past) != nil)
    }
}
