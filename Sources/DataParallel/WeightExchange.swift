import Collectives
import Glibc
import System

/// Brings the new weights of each bucket, which their owners have written in place of the gradients' sums, to all other
/// hosts, on the communication thread. As in ``BucketPipeline`` the last buckets go first: the next step uses their
/// weights first.
///
/// `@unchecked Sendable`: used by the communication thread alone.
final class WeightExchange: @unchecked Sendable {
    private let plan: ExchangePlan
    private let host: HostMemory?
    private let result: UnsafeMutablePointer<Float>
    private let leaving: LeavingMessages
    private let memory = MessageMemory()
    private let format = WireFormat(shortened: 0)

    /// Buckets that leave at once, as many as ``BucketPipeline`` has.
    private static let depth = 4

    private struct Passage {
        let index: Int
        let bucket: Range<Int>
        var weightsIn: WireTransfer?
        var weightsOut: WireTransfer?
        var hasLeft = false
        var isTold = false
        var hasArrived = false
        /// When it began to travel.
        var mark = Timeline.Mark.nothing
    }

    /// - Parameter leaving: what leaves `result` when all weights have arrived.
    init(_ plan: ExchangePlan, host: HostMemory?, result: UnsafeMutablePointer<Float>, leaving: LeavingMessages) {
        self.plan = plan
        self.host = host
        self.result = result
        self.leaving = leaving
    }

    /// Sends and receives the weights of all buckets that ranks share, and tells `arrivals` of each.
    ///
    /// - Parameter buckets: all of the step's, of which those of gradients come first.
    func run(_ buckets: [Range<Int>], round: UInt32, _ communicator: any Communicator, _ arrivals: SumArrivals) throws {
        var passages = try buckets.enumerated().filter { plan.keepsSums(of: $0.element) }.reversed().map {
            try expect($0.element, index: $0.offset, communicator)
        }
        defer {
            for passage in passages {
                if let weights = passage.weightsOut { leaving.add(weights, bucket: passage.index) }
            }
        }
        var idleTurns = 0
        while passages.contains(where: { !$0.hasArrived }) {
            var hasMoved = false
            var underWay = 0
            for place in passages.indices {
                if try passages[place].weightsOut.hasEnded() { hasMoved = true }
                if passages[place].weightsOut != nil { underWay += 1 }
                if passages[place].hasArrived { continue }
                if !passages[place].hasLeft, underWay < WeightExchange.depth {
                    passages[place].weightsOut = try send(passages[place], communicator)
                    passages[place].hasLeft = true
                    passages[place].mark = Timeline.mark()
                    underWay += 1
                    hasMoved = true
                }
                if try advance(&passages[place], round: round) { hasMoved = true }
                if passages[place].hasArrived {
                    Timeline.note(.exchange, number: passages[place].index, since: passages[place].mark)
                    arrivals.hasArrived(passages[place].index)
                }
            }
            idleTurns = hasMoved ? 0 : idleTurns + 1
            if hasMoved { continue }
            if idleTurns % 64 == 0 {
                try arrivals.requireNoFailure()
                try host?.attendWhileWaiting()
            }
            sched_yield()
        }
    }

    /// Posts the receives of a bucket: what the other hosts own in this rank's lanes.
    private func expect(_ bucket: Range<Int>, index: Int, _ communicator: any Communicator) throws -> Passage {
        var weightsIn = WireTransfer(format, memory)
        for lane in plan.lanes {
            for other in plan.others {
                let theirs = plan.part(of: bucket, addedBy: other, lane: lane)
                weightsIn.receive(theirs, into: result + theirs.lowerBound, from: plan.carrier(lane, on: other))
            }
        }
        try weightsIn.start(communicator, channel: 2 * index + 1)
        return Passage(index: index, bucket: bucket, weightsIn: weightsIn)
    }

    private func send(_ passage: Passage, _ communicator: any Communicator) throws -> WireTransfer {
        var transfer = WireTransfer(format, memory)
        for lane in plan.lanes {
            let mine = plan.part(of: passage.bucket, addedBy: plan.host, lane: lane)
            for other in plan.others {
                transfer.send(mine, at: result + mine.lowerBound, to: plan.carrier(lane, on: other))
            }
        }
        try transfer.start(communicator, channel: 2 * passage.index + 1)
        return transfer
    }

    /// Whether something of a bucket has come.
    private func advance(_ passage: inout Passage, round: UInt32) throws -> Bool {
        var hasMoved = try passage.weightsIn.hasEnded()
        if passage.weightsIn == nil, !passage.isTold {
            host?.tellShared(passage.index, round: round)
            passage.isTold = true
        }
        if passage.isTold, passage.hasLeft, host?.isShared(passage.index, round: round) ?? true {
            passage.hasArrived = true
            hasMoved = true
        }
        return hasMoved
    }
}
