// Started under mpirun by the tests: checks the MPI communicator, ends jobs on purpose, and measures.
import Collectives
import CollectivesConformanceChecks
import Foundation

/// What this program can do, by its first argument.
enum Mode: String, CaseIterable {
    case check, checkInParts, abort, abortInWindow, mismatch, truncate, leave, rollCall, rollCallInWindow,
        initializeTwice, benchmark, allReduce
}

func fail(_ message: String, exitCode: Int32) -> Never {
    FileHandle.standardError.write(Data("collectives-conformance: \(message)\n".utf8))
    exit(exitCode)
}

/// The last rank ends the job with exit code 65 while the others wait in `operation`.
func abortOnLastRank(_ communicator: any Communicator, whileOthers operation: () throws -> Void) throws {
    if communicator.rank == communicator.worldSize - 1 {
        usleep(200_000)
        try communicator.abort(exitCode: 65, reason: "ended on purpose")
    }
    try operation()
    fail("an operation returned without the last rank", exitCode: 70)
}

/// Rank 0 sends a message that rank 1 expects in another size.
func sendToRankOne(_ communicator: any Communicator, sentBytes: Int, expectedBytes: Int) throws {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(sentBytes, expectedBytes), alignment: 8)
    defer { memory.deallocate() }
    memory.initializeMemory(as: UInt8.self, repeating: 1)
    let send = OutgoingMessage(to: 1, .init(rebasing: memory[..<sentBytes]))
    let receive = IncomingMessage(from: 0, into: .init(rebasing: memory[..<expectedBytes]))
    try communicator.exchange(
        sends: communicator.rank == 0 ? [send] : [], receives: communicator.rank == 1 ? [receive] : [])
    try communicator.barrier()
}

/// While the others wait for the last rank in `operation`, they hear of each other that they wait; of the last one they
/// hear nothing while it stands still, then that it works.
func callRoll(_ communicator: any Communicator, whileOthers operation: () throws -> Void) throws {
    let last = communicator.worldSize - 1
    communicator.answerRollCalls { communicator.rank != last }
    if communicator.rank == last {
        sleep(2)
        let end = Date(timeIntervalSinceNow: 2)
        while Date() < end {
            communicator.attendRollCall()
            usleep(10_000)
        }
        return try operation()
    }
    var others: [Int: Bool] = [:]
    for peer in 0..<last where peer != communicator.rank { others[peer] = true }
    let listener = Thread { [others] in
        for (answers, what) in [(others, "misses"), (others.merging([last: false]) { $1 }, "hears that it works:")] {
            communicator.callRoll()
            usleep(1_500_000)
            if communicator.ranksThatAnswered != answers {
                fail(
                    "rank \(communicator.rank): \(communicator.ranksThatAnswered ?? [:]), not \(answers)", exitCode: 70)
            }
            print("rank \(communicator.rank) \(what) rank \(last)")
            usleep(700_000)
        }
    }
    listener.start()
    try operation()
}

guard CommandLine.arguments.count == 2, let mode = Mode(rawValue: CommandLine.arguments[1]) else {
    fail(
        "usage: mpirun -np N collectives-conformance \(Mode.allCases.map(\.rawValue).joined(separator: "|"))",
        exitCode: 64)
}
do {
    guard let launcher = try LauncherEnvironment.detect(in: ProcessInfo.processInfo.environment) else {
        fail("not started by a launcher; use mpirun", exitCode: 64)
    }
    let communicator = try MPICommunicator.initialize(
        under: launcher, maximumTransferBytes: mode == .checkInParts ? 1_009 : 1 << 30)
    do {
        switch mode {
        case .check, .checkInParts: try ConformanceCheck.runAll(on: communicator)
        case .abort: try abortOnLastRank(communicator) { try communicator.barrier() }
        case .abortInWindow:
            let window = try communicator.sharedWindow(byteCountPerRank: 64)
            try abortOnLastRank(communicator) { try window?.synchronize() }
        case .rollCall: try callRoll(communicator) { try communicator.barrier() }
        case .rollCallInWindow:
            let window = try communicator.sharedWindow(byteCountPerRank: 64)
            try callRoll(communicator) { try window?.synchronize() }
        case .leave:
            if communicator.rank == communicator.worldSize - 1 { exit(3) }
            try communicator.barrier()
        case .mismatch: try sendToRankOne(communicator, sentBytes: 5, expectedBytes: 8)
        case .truncate: try sendToRankOne(communicator, sentBytes: 8, expectedBytes: 5)
        case .initializeTwice: _ = try MPICommunicator.initialize(under: launcher)
        case .benchmark: try Benchmark(communicator).run()
        case .allReduce: try Benchmark(communicator).runAllReduce()
        }
        try communicator.finalize()
    } catch {
        try communicator.abort(exitCode: 70, reason: "\(error)")
    }
} catch {
    fail("\(error)", exitCode: 70)
}
