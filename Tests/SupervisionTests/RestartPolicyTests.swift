import Supervision
import Testing

/// What becomes of a job after an attempt.
struct RestartPolicyTests {
    private let policy = RestartPolicy(
        restarts: 2, ranks: 2...4, permanentCodes: [64, 65], stoppedCode: 75, hostFailureCode: 70)

    @Test(
        arguments: [
            (.exited(0), false, 1, .done), (.exited(75), false, 1, .stopped), (.exited(64), false, 1, .permanent),
            (.exited(65), false, 1, .permanent), (.exited(70), true, 1, .permanent),
            (.exited(70), false, 1, .restart), (.exited(137), false, 2, .restart), (.signaled(9), false, 2, .restart),
            (.signaled(9), false, 3, .exhausted), (.exited(205), false, 3, .exhausted),
        ] as [(ProcessEnd, Bool, Int, RestartPolicy.Verdict)])
    func `only failures that a restart can help lead to one, and only as many as allowed`(
        end: ProcessEnd, isPermanent: Bool, attempt: Int, verdict: RestartPolicy.Verdict
    ) {
        #expect(policy.verdict(end, isPermanent: isPermanent, attempt: attempt, hasTrained: false) == verdict)
    }

    @Test(arguments: [64, 65] as [Int32])
    func `what was right when the job trained may be right again`(code: Int32) {
        #expect(policy.verdict(.exited(code), isPermanent: false, attempt: 1, hasTrained: true) == .restart)
        #expect(policy.verdict(.exited(code), isPermanent: false, attempt: 3, hasTrained: true) == .exhausted)
        #expect(
            policy.verdict(.exited(code), isPermanent: true, attempt: 1, hasTrained: true)
                == .permanent)
    }

    @Test func `there are as many ranks as slots, within the limits`() throws {
        #expect(try policy.ranks(slots: nil, lost: []) == 4)
        #expect(try policy.ranks(slots: 9, lost: []) == 4)
        #expect(try policy.ranks(slots: 3, lost: []) == 3)
        #expect(try policy.ranks(slots: 2, lost: []) == 2)
        #expect(throws: SupervisionError.tooFewSlots(slots: 1, needed: 2, lost: ["b"])) {
            try policy.ranks(slots: 1, lost: ["b"])
        }
    }

    @Test func `the pause is short after progress and doubles without`() {
        #expect((0...7).map(RestartPolicy.pauseSeconds) == [0.1, 1, 2, 4, 8, 16, 30, 30])
    }
}
