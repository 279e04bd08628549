import Collectives
import Foundation
import JobHealth
import Synchronization
import TestSupport
import Testing
import Training

extension ActivityTests {
    /// What ranks that are threads agree on.
    @Suite struct RankAgreementTests {
        /// What `body` gave or threw on each rank.
        private func results<T: Sendable>(
            _ worldSize: Int, _ body: @escaping @Sendable (Ranks) throws -> T
        ) -> [Result<T, any Error>?] {
            let results = Mutex([Result<T, any Error>?](repeating: nil, count: worldSize))
            let done = DispatchSemaphore(value: 0)
            for communicator in ThreadCommunicator.makeGroup(worldSize: worldSize) {
                let thread = Thread {
                    let result = Result {
                        let ranks = try Ranks { communicator }
                        let result = Result { try body(ranks) }
                        try ranks.finalize()
                        return try result.get()
                    }
                    results.withLock { $0[communicator.rank] = result }
                    done.signal()
                }
                thread.stackSize = 8 << 20
                thread.start()
            }
            for _ in 0..<worldSize { done.wait() }
            return results.withLock { $0 }
        }

        private func failure<T>(_ result: Result<T, any Error>?) -> AgreedFailure? {
            if case .failure(let error) = result { error as? AgreedFailure } else { nil }
        }

        @Test(arguments: [2, 3, 13])
        func `what one rank throws all ranks throw, as its own`(worldSize: Int) {
            let failing = worldSize - 1
            let all = results(worldSize) { ranks in
                try ranks.together {
                    if ranks.rank == failing { throw ErrorReport(text: "no data", code: .data) }
                }
            }
            for result in all {
                #expect(failure(result)?.rank == failing)
                #expect(failure(result)?.report == ErrorReport(text: "no data", code: .data))
            }
        }

        @Test func `the lowest rank that fails is told of, with those that fail as it does`() {
            let all = results(13) { ranks in
                try ranks.together {
                    if ranks.rank == 5 { throw ErrorReport(text: "no memory", code: .internal) }
                    if ranks.rank > 1 { throw ErrorReport(text: "no data", code: .data) }
                }
            }
            for result in all {
                #expect(failure(result)?.rank == 2)
                #expect(failure(result)?.report.text == "no data (the same on rank 3, 4, 6 and 6 more)")
                #expect(failure(result)?.report.code == ExitCode.data.rawValue)
            }
        }

        @Test func `what all ranks throw alike is told as if one did`() {
            let all = results(5) { ranks in
                try ranks.together { throw ErrorReport(text: "no data", code: .data) }
            }
            #expect(all.allSatisfy { failure($0)?.rank == 0 && failure($0)?.report.text == "no data" })
        }

        @Test func `without an error every rank goes on with its own value, and sums and hosts are everybody's`() throws
        {
            let all = results(7) { ranks in
                let own = try ranks.together { ranks.rank }
                let sums = try ranks.sum([Int64(own), 1])
                return "\(own) \(sums) \(ranks.hosts.count) \(ranks.hostTable[6] == ranks.hosts[0])"
            }
            for (rank, result) in all.enumerated() { #expect(try result?.get() == "\(rank) [21, 7] 1 true") }
        }

        @Test func `ranks that run another command are told of once, with their number`() {
            let all = results(9) { try $0.requireSameLaunch(command: $0.rank < 3 ? "train" : "doctor") }
            for result in all {
                #expect(failure(result)?.rank == 3)
                let text = failure(result)?.report.text ?? ""
                #expect(text.hasPrefix("rank 3 (and 5 others: rank 4, 5, 6 and 2 more) runs 'doctor', rank 0 on "))
            }
        }
    }
}
