import Collectives
import Foundation
import Testing

@Suite("ThreadCommunicator", .timeLimit(.minutes(1)))
struct ThreadCommunicatorTests {
    /// Operations that wait for rank 2, which never takes part.
    enum Waiting: CaseIterable {
        case barrier, broadcast, allGather, receive, send, window, synchronize, finalize
    }

    @Test("abort throws on its rank and ends every other rank's waiting operation", arguments: Waiting.allCases)
    func abortEndsWaitingOperations(operation: Waiting) {
        let errors = runRanks(ThreadCommunicator.makeGroup(worldSize: 3)) { communicator in
            let window = try communicator.sharedWindow(byteCountPerRank: 8)
            if communicator.rank == 2 {
                // most runs find the others waiting; the result is the same otherwise
                Thread.sleep(forTimeInterval: 0.02)
                try communicator.abort(exitCode: 65, reason: "bad record")
            }
            let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 24, alignment: 8)
            defer { memory.deallocate() }
            let part = UnsafeMutableRawBufferPointer(rebasing: memory[..<8])
            let contribution = UnsafeMutableRawBufferPointer.allocate(byteCount: 8, alignment: 8)
            defer { contribution.deallocate() }
            switch operation {
            case .barrier: try communicator.barrier()
            case .broadcast: try communicator.broadcast(part, root: 2)
            case .allGather: try communicator.allGather(.init(contribution), into: memory)
            case .receive: try communicator.exchange(sends: [], receives: [IncomingMessage(from: 2, into: part)])
            case .send: try communicator.exchange(sends: [OutgoingMessage(to: 2, .init(part))], receives: [])
            case .window: _ = try communicator.sharedWindow(byteCountPerRank: 8)
            case .synchronize: try window?.synchronize()
            case .finalize: try communicator.finalize()
            }
        }
        for peer in 0..<2 {
            #expect(errors[peer] as? CollectivesError == .peerFailed(rank: 2, reason: "bad record"))
        }
        #expect(errors[2] as? CollectivesError == .aborted(rank: 2, exitCode: 65, reason: "bad record"))
    }

    @Test("after an abort later operations throw, and the first cause stays")
    func laterOperationsThrow() {
        let group = ThreadCommunicator.makeGroup(worldSize: 2)
        #expect(throws: CollectivesError.aborted(rank: 1, exitCode: 65, reason: "first")) {
            try group[1].abort(exitCode: 65, reason: "first")
        }
        #expect(throws: CollectivesError.aborted(rank: 0, exitCode: 70, reason: "second")) {
            try group[0].abort(exitCode: 70, reason: "second")
        }
        #expect(throws: CollectivesError.peerFailed(rank: 1, reason: "first")) { try group[0].barrier() }
        #expect(throws: CollectivesError.peerFailed(rank: 1, reason: "first")) {
            try group[0].exchange(sends: [], receives: [])
        }
    }

    @Test("a rank that goes away without finalizing ends the group")
    func vanishedRankEndsGroup() {
        var group = ThreadCommunicator.makeGroup(worldSize: 2)
        group.removeLast()
        #expect(
            throws: CollectivesError.peerFailed(rank: 1, reason: "its thread ended without finalizing the communicator")
        ) {
            try group[0].barrier()
        }
    }

    @Test("different calls on two ranks throw on all ranks")
    func mismatchedCalls() {
        let errors = runRanks(ThreadCommunicator.makeGroup(worldSize: 2)) { communicator in
            let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 8, alignment: 8)
            defer { memory.deallocate() }
            let byteCount = communicator.rank == 0 ? 8 : 4
            try communicator.broadcast(.init(rebasing: memory[..<byteCount]), root: 0)
        }
        let calls = ["broadcast of 8 bytes from rank 0", "broadcast of 4 bytes from rank 0"]
        for rank in 0..<2 {
            #expect(
                errors[rank] as? CollectivesError
                    == .mismatchedCall(rank: rank, call: calls[rank], peer: 1 - rank, peerCall: calls[1 - rank]))
        }
    }

    @Test("a message of another size than expected throws on its receiver")
    func mismatchedMessage() {
        let errors = runRanks(ThreadCommunicator.makeGroup(worldSize: 2)) { communicator in
            let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 8, alignment: 8)
            defer { memory.deallocate() }
            if communicator.rank == 0 {
                let send = OutgoingMessage(to: 1, .init(rebasing: UnsafeRawBufferPointer(memory)[..<5]))
                try communicator.exchange(sends: [send], receives: [])
            } else {
                do {
                    try communicator.exchange(sends: [], receives: [IncomingMessage(from: 0, into: memory)])
                } catch {
                    try communicator.abort(exitCode: 70, reason: "\(error)")
                }
            }
        }
        let reason =
            "rank 1 called exchange with a message of 8 bytes from rank 0 while rank 0 called exchange with one of "
            + "5 bytes. Run the same program with the same configuration on all ranks."
        #expect(errors[1] as? CollectivesError == .aborted(rank: 1, exitCode: 70, reason: reason))
    }
}
