import Collectives
import CollectivesConformanceChecks
import Testing

@Suite("Communicator conformance in one process", .timeLimit(.minutes(1)))
struct CommunicatorConformanceTests {
    @Test("a single process keeps every promise")
    func singleProcess() throws {
        try ConformanceCheck.runAll(on: SingleProcessCommunicator())
    }

    @Test("threads keep every promise", arguments: [1, 2, 3, 4, 7])
    func threads(worldSize: Int) {
        let errors = runRanks(ThreadCommunicator.makeGroup(worldSize: worldSize)) {
            try ConformanceCheck.runAll(on: $0)
        }
        for error in errors { #expect(error == nil, "\(String(describing: error))") }
    }

    @Test("so they do where they share memory with some of the others", arguments: [[0, 1], [0, 1, 0, 2, 1]])
    func threadsOnSeveralHosts(hostOfRank: [Int]) {
        let errors = runRanks(ThreadCommunicator.makeGroup(hostOfRank: hostOfRank)) { communicator in
            #expect(communicator.hostRanks.allSatisfy { hostOfRank[$0] == hostOfRank[communicator.rank] })
            #expect(try communicator.hostOfEveryRank() == hostOfRank.map { hostOfRank.firstIndex(of: $0) })
            try ConformanceCheck.runAll(on: communicator)
        }
        for error in errors { #expect(error == nil, "\(String(describing: error))") }
    }
}
