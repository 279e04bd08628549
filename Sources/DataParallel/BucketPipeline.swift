import Autograd
import Collectives
import Glibc
import System

/// Moves the buckets of a step between hosts on the communication thread, several at once, so that the link is never
/// idle while a bucket is ready. The last of the ready buckets goes first: its weights are the first that the next step
/// uses.
///
/// A bucket starts when all ranks of the host have their partial sums of it. Ranks need not agree on the order: all
/// receives are posted before the first send, each bucket on channels of its own. So a send never waits for what the
/// other rank has yet to compute, however few are under way.
///
/// `@unchecked Sendable`: used by the communication thread alone.
final class BucketPipeline: @unchecked Sendable {
    private let plan: ExchangePlan
    /// The sum over all hosts: this one's ranks' partial sums, and what the others send.
    private let sums: PartialSums
    private let hostSums: HostSums
    private let format: WireFormat
    private let memory = MessageMemory()
    private let host: HostMemory?
    private let result: UnsafeMutablePointer<Float>
    /// Parts of the result on their way to other hosts, which a bucket doesn't wait for.
    private let leaving: LeavingMessages
    private var incoming = FlatBuffer(count: 0)
    private var outgoing = FlatBuffer(count: 0)

    /// Buckets whose partial sums may be leaving at once: enough to fill a link, few enough that a bucket which is
    /// needed sooner soon has its turn.
    private static let depth = 4

    /// A bucket's way: its partial sums come from other hosts and go to them, are added, then the results do the same.
    private struct Passage {
        let bucket: Range<Int>
        /// Of each of this rank's lanes the floats that it adds, and the partial sums of them.
        let additions: [(part: Range<Int>, pieces: [UnsafePointer<Float>])]
        /// Where the host's sums are made.
        let outgoing: UnsafeMutablePointer<Float>
        var sumsOut: WireTransfer?
        var sumsIn: WireTransfer?
        var resultsIn: WireTransfer?
        var isAdded = false
        var isTold = false
        /// When it set out, for the timeline.
        var mark = Timeline.Mark.nothing
        /// Whether the host's other ranks have told so too.
        var hasArrived = false

        /// Whether this rank needs no partial sums any longer, and its parts of the result are there.
        var isDone: Bool { isAdded && sumsOut == nil && resultsIn == nil }
    }

    /// A step: its number, from 1, where this host's partial sums are, and which buckets wait for what.
    private struct Step {
        let round: UInt32
        let pieces: [UnsafePointer<Float>]
        var passages: [Passage]
        /// In which step of training it began, for the timeline.
        let mark = Timeline.mark()
        /// Ready on this rank.
        var waiting: [Int] = []
        /// Ready on the whole host and on their way.
        var underWay: [Int] = []

        var mayStart: Bool {
            !waiting.isEmpty && underWay.count { passages[$0].sumsOut != nil } < BucketPipeline.depth
        }
    }

    /// - Parameters:
    ///   - host: what the ranks of this one's host share, nil for one rank a host.
    ///   - result: where the sums over all ranks go.
    ///   - leaving: what leaves `result` when all buckets have arrived.
    init(
        _ assignment: GrainAssignment, _ plan: ExchangePlan, format: WireFormat, host: HostMemory?,
        result: UnsafeMutablePointer<Float>, leaving: LeavingMessages
    ) {
        let own = plan.hosts[plan.host].flatMap(assignment.roots(ofRank:))
        self.plan = plan
        sums = PartialSums(
            of: plan.hosts.indices.flatMap { $0 == plan.host ? own : plan.rootsOfHost[$0] }, in: assignment.tree)
        hostSums = HostSums(of: own, to: plan.rootsOfHost[plan.host], in: assignment.tree)
        self.format = format
        self.host = host
        self.result = result
        self.leaving = leaving
    }

    /// Adds all buckets up and tells `arrivals`, which says what is ready. Where that fails while nothing is under way,
    /// throws its failure.
    func run(
        _ buckets: [Range<Int>], of roots: [UnsafeMutablePointer<Float>], round: UInt32,
        _ communicator: any Communicator, _ arrivals: SumArrivals
    ) throws {
        // Not before the first bucket is ready: until then the previous step's result may be in use.
        guard let first = try arrivals.takeReady(waits: true) else { return }
        let pieces = host?.roots ?? roots.map { UnsafePointer($0) }
        var step = Step(round: round, pieces: pieces, passages: try expect(buckets, of: pieces, communicator))
        step.waiting.append(first)
        var left = buckets.count
        var turn = 0
        var idleTurns = 0
        while left > 0 {
            while let next = try arrivals.takeReady(waits: step.waiting.isEmpty && step.underWay.isEmpty) {
                step.waiting.append(next)
            }
            var hasMoved = try startLast(&step, communicator)
            // What comes before this rank is ready for it ends another rank's send; one a turn is enough.
            if try step.passages[turn].sumsIn.hasEnded() { hasMoved = true }
            turn = (turn + 1) % buckets.count
            for bucket in step.underWay where try advance(bucket, &step, communicator) {
                hasMoved = true
                if step.passages[bucket].hasArrived {
                    Timeline.note(.exchange, number: bucket, since: step.passages[bucket].mark)
                    arrivals.hasArrived(bucket)
                    left -= 1
                }
            }
            if hasMoved {
                idleTurns = 0
                step.underWay.removeAll { step.passages[$0].hasArrived }
            } else {
                idleTurns += 1
                if step.underWay.isEmpty { try arrivals.requireNoFailure() }
                if idleTurns % 64 == 0 { try host?.attendWhileWaiting() }
                sched_yield()
            }
        }
    }

    /// Posts the receives of all buckets: the other hosts' partial sums of this rank's parts, and the results of
    /// theirs.
    private func expect(
        _ buckets: [Range<Int>], of own: [UnsafePointer<Float>], _ communicator: any Communicator
    ) throws -> [Passage] {
        let incomingSums = plan.others.reduce(0) { $0 + plan.rootsOfHost[$1].count }
        var (largest, inFloats, outFloats) = (0, 0, 0)
        for bucket in buckets {
            for lane in plan.lanes {
                let parts = plan.hosts.indices.map { plan.part(of: bucket, addedBy: $0, lane: lane).count }
                largest = max(largest, parts.max() ?? 0)
                inFloats += incomingSums * parts[plan.host]
                outFloats += hostSums.additionCount * (parts.reduce(0, +) - parts[plan.host])
            }
        }
        memory.reserve(floats: largest)
        if incoming.count < inFloats { incoming = FlatBuffer(count: inFloats) }
        if outgoing.count < outFloats { outgoing = FlatBuffer(count: outFloats) }
        var (inPlace, outPlace) = (incoming.pointer, outgoing.pointer)
        return try buckets.enumerated().map { index, bucket in
            var sumsIn = WireTransfer(format, memory)
            var resultsIn = WireTransfer(format, memory)
            let outgoing = outPlace
            let additions = plan.lanes.map { lane in
                let mine = plan.part(of: bucket, addedBy: plan.host, lane: lane)
                var pieces: [UnsafePointer<Float>] = []
                for (other, roots) in plan.rootsOfHost.enumerated() {
                    if other == plan.host {
                        pieces += own.map { $0 + mine.lowerBound }
                        continue
                    }
                    let (carrier, theirs) = (
                        plan.carrier(lane, on: other), plan.part(of: bucket, addedBy: other, lane: lane)
                    )
                    for _ in roots {
                        sumsIn.receive(mine, into: inPlace, from: carrier)
                        pieces.append(UnsafePointer(inPlace))
                        inPlace += mine.count
                    }
                    if !plan.keepsSums(of: bucket) {
                        resultsIn.receive(theirs, into: result + theirs.lowerBound, from: carrier)
                    }
                    outPlace += hostSums.additionCount * theirs.count
                }
                return (mine, pieces)
            }
            try sumsIn.start(communicator, channel: 2 * index)
            try resultsIn.start(communicator, channel: 2 * index + 1)
            return Passage(
                bucket: bucket, additions: additions, outgoing: outgoing, sumsIn: sumsIn, resultsIn: resultsIn)
        }
    }

    /// Starts the last bucket that the whole host is ready for, and tells whether there was one.
    private func startLast(_ step: inout Step, _ communicator: any Communicator) throws -> Bool {
        guard step.mayStart,
            let bucket = step.waiting.filter({ host?.isReady($0, round: step.round) ?? true }).max()
        else { return false }
        step.waiting.removeAll { $0 == bucket }
        step.underWay.append(bucket)
        step.passages[bucket].mark = step.mark.now
        step.passages[bucket].sumsOut = try sendSums(bucket, step, communicator)
        return true
    }

    /// Sends this host's partial sums of the parts that other hosts add in this rank's lanes.
    private func sendSums(_ bucket: Int, _ step: Step, _ communicator: any Communicator) throws -> WireTransfer {
        let passage = step.passages[bucket]
        var transfer = WireTransfer(format, memory)
        var place = passage.outgoing
        for lane in plan.lanes {
            for other in plan.others {
                let part = plan.part(of: passage.bucket, addedBy: other, lane: lane)
                for sum in hostSums.make(part, of: step.pieces, at: &place) {
                    transfer.send(part, at: sum, to: plan.carrier(lane, on: other))
                }
            }
        }
        try transfer.start(communicator, channel: 2 * bucket)
        return transfer
    }

    /// Takes a bucket further where messages and the host's ranks permit, and tells whether they did.
    private func advance(_ bucket: Int, _ step: inout Step, _ communicator: any Communicator) throws -> Bool {
        var hasMoved = try step.passages[bucket].sumsOut.hasEnded()
        if try step.passages[bucket].sumsIn.hasEnded() { hasMoved = true }
        // The last step's results are in the place of this one's.
        if !step.passages[bucket].isAdded, step.passages[bucket].sumsIn == nil, try leaving.haveLeft(bucket: bucket) {
            let results = try Timeline.span(.add, number: bucket) {
                try add(step.passages[bucket], communicator, channel: 2 * bucket + 1)
            }
            leaving.add(results, bucket: bucket)
            step.passages[bucket].isAdded = true
            hasMoved = true
        }
        if step.passages[bucket].isAdded, try step.passages[bucket].resultsIn.hasEnded() { hasMoved = true }
        if step.passages[bucket].isDone, !step.passages[bucket].isTold {
            host?.tellDone(bucket, round: step.round)
            step.passages[bucket].isTold = true
        }
        let passage = step.passages[bucket]
        if passage.isTold, host?.isDone(bucket, round: step.round) ?? true {
            step.passages[bucket].hasArrived = true
            hasMoved = true
        }
        return hasMoved
    }

    /// Adds this rank's parts of a bucket, and sends the sums to all other hosts; they need none where ranks share the
    /// update.
    private func add(_ passage: Passage, _ communicator: any Communicator, channel: Int) throws -> WireTransfer {
        var transfer = WireTransfer(format, memory)
        for (lane, (part, pieces)) in zip(plan.lanes, passage.additions) {
            sums.add(pieces, into: result + part.lowerBound, floats: part.count)
            format.round(result + part.lowerBound, part)  // what the others get
            for other in plan.others where !plan.keepsSums(of: passage.bucket) {
                transfer.send(part, at: result + part.lowerBound, to: plan.carrier(lane, on: other))
            }
        }
        try transfer.start(communicator, channel: channel)
        return transfer
    }
}
