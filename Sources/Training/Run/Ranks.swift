import Autograd
import Collectives
import DataParallel
import Foundation
import JobHealth
import System

/// The ranks of a job as the training loop sees them: this one's number, and agreement with the others.
///
/// Every call but ``abort(_:)`` is collective.
package final class Ranks: Sendable {
    package let rank: Int
    package let worldSize: Int
    /// Where each rank runs.
    package let hostTable: HostTable
    /// Which ranks share memory.
    package let order: HostOrder
    /// The first rank of this one's host, which reads shared things first.
    package let isHostLeader: Bool
    /// Ranks on this host.
    package let hostSize: Int
    package let communication: CommunicationThread
    private let communicator: any Communicator

    /// - Parameter makeCommunicator: runs on the communication thread.
    package init(_ makeCommunicator: @escaping @Sendable () throws -> any Communicator) throws {
        communication = try Activity.waitingForRanks { try CommunicationThread(makeCommunicator) }
        rank = communication.rank
        worldSize = communication.worldSize
        communicator = try communication.perform { $0 }
        isHostLeader = communicator.hostRank == 0
        hostSize = communicator.hostRanks.count
        communicator.answerRollCalls { Activity.isWaitingForRanks }
        let communication = communication
        (hostTable, order) = try Activity.waitingForRanks {
            try communication.perform { communicator in
                let order = HostOrder(hostOfRank: try communicator.hostOfEveryRank())
                // First ranks speak for their hosts; a zero ends a name.
                let own = communicator.hostRank == 0 ? Array(communicator.hostName.utf8) + [0] : []
                let all = try communicator.agree(own) { $0 + $1 }
                let names = all.split(separator: 0, omittingEmptySubsequences: false).dropLast()
                return (HostTable(names.map { String(decoding: $0, as: UTF8.self) }, order), order)
            }
        }
    }

    /// How this rank's messages begin: `rank 1 of 4 on node2`.
    package var name: String { communicator.name }

    /// The same for reports.
    package var rankName: RankName { RankName(rank: rank, worldSize: worldSize, host: communicator.hostName) }

    /// Which of so many grains each rank computes.
    package func assignment(grainCount: Int) -> GrainAssignment {
        GrainAssignment(grainCount: grainCount, order: order)
    }

    /// Whether all ranks are on one host.
    package var shareOneHost: Bool { hostSize == worldSize }

    /// Their names, each once.
    package var hosts: [String] { hostTable.different }

    /// Runs `body` on every rank; if it throws on any, it throws on all, on the lowest failing rank its own error.
    ///
    /// Errors before the first step are told once, by the rank that has them, instead of by a chorus.
    package func together<T>(_ body: () throws -> T) throws -> T {
        let result = Result { try body() }
        if worldSize == 1 { return try result.get() }
        var report: ErrorReport?
        if case .failure(let error) = result { report = ErrorReport(error) }
        guard let failures = try tally(report), let first = failures.entries.first else { return try result.get() }
        throw AgreedFailure(first, worldSize: worldSize)
    }

    /// Every rank's bytes in rank order.
    package func gather(_ bytes: [UInt8]) throws -> [[UInt8]] {
        try waiting { try $0.allGatherVariable(bytes) }
    }

    /// Rank 0's value on every rank; the others' `value` is not evaluated.
    package func broadcast<T: Codable & Sendable>(_ value: () throws -> T) throws -> T {
        let bytes = rank == 0 ? Array(try JSONEncoder.exact.encode(value())) : []
        if worldSize == 1 { return try JSONDecoder.exact.decode(T.self, from: Data(bytes)) }
        let received = try waiting { try $0.broadcast(bytes: bytes, root: 0) }
        return try JSONDecoder.exact.decode(T.self, from: Data(received))
    }

    /// Rank 0's floats on every rank.
    package func broadcast(_ floats: UnsafeMutableBufferPointer<Float>) throws {
        if worldSize == 1 { return }
        nonisolated(unsafe) let bytes = UnsafeMutableRawBufferPointer(floats)
        try waiting { try $0.broadcast(bytes, root: 0) }
    }

    /// Rank 0's memory on every rank.
    package func broadcast(_ buffer: FlatBuffer) throws {
        try broadcast(UnsafeMutableBufferPointer(start: buffer.pointer, count: buffer.count))
    }

    /// The sums over ranks, added in rank order.
    package func sum(_ values: [Int64]) throws -> [Int64] { try waiting { try $0.allReduceSum(values) } }

    package func barrier() throws { try waiting { try $0.barrier() } }

    package func finalize() throws { try Activity.waitingForRanks { try communication.stop() } }

    /// Ends the whole job at once because of an error on this rank alone.
    package func abort(_ report: ErrorReport) -> Never {
        CrashReport.allowExit()
        do {
            try communicator.abort(
                exitCode: report.code, reason: report.text, message: FailureReport(report, name: rankName).message())
        } catch {
            exit(report.code)
        }
    }

    // MARK: - Ranks that do not come

    /// Asks the others whether they are there; from any thread.
    package func callRoll() { communicator.callRoll() }

    /// Whether all ranks have answered and one of them has work of its own, so that to wait for it is right; from any
    /// thread.
    package var othersAreAtWork: Bool {
        guard let answers = communicator.ranksThatAnswered else { return false }
        return answers.count == worldSize - 1 && answers.values.contains(false)
    }

    /// Ranks that this one waits for in vain, with their hosts and, on this host, what is the matter with them; a few
    /// by name. From any thread.
    package func suspects() -> [String] {
        let states = SiblingProcesses.ranksThatCannotRun()
        let answers = communicator.ranksThatAnswered
        let stopped = states.filter { $0.value == SiblingProcesses.stopped }.keys.filter((0..<worldSize).contains)
        let silent = answers.map { answers in (0..<worldSize).filter { $0 != rank && answers[$0] == nil } } ?? []
        let all = Set(stopped + silent).sorted()
        let named = all.prefix(RankList.kept).map { rank in
            "rank \(rank) on \(hostTable[rank])\(states[rank].map { ", which is \($0)" } ?? ", which does not answer")"
        }
        return named + (all.count > named.count ? ["\(all.count - named.count) more"] : [])
    }

    /// Runs a job on the communication thread that returns when other ranks have done their part.
    func waiting<T>(_ body: @escaping @Sendable (any Communicator) throws -> T) throws -> T {
        try Activity.waitingForRanks { try communication.perform(body) }
    }
}

/// A failure that all ranks know of; the rank that has it tells it.
package struct AgreedFailure: Error, CustomStringConvertible {
    package let rank: Int
    package let report: ErrorReport

    package init(rank: Int, report: ErrorReport) {
        self.rank = rank
        self.report = report
    }

    /// Of the lowest failing rank, with those that have failed as it did, unless all have.
    init(_ failure: RankTally<ErrorReport>.Entry, worldSize: Int) {
        var report = failure.words
        let others = failure.ranks.withoutFirst
        if others.count > 0, failure.ranks.count < worldSize { report.text += " (the same on \(others.text))" }
        self.init(rank: failure.ranks.first[0], report: report)
    }

    package var description: String { report.text }
}
