/// When the sums of a step's buckets arrive, if every host does the same at the same time.
///
/// It follows `BucketPipeline`. A bucket that is ready is sent as partial sums to the hosts that add its parts; theirs
/// come; they are added; the results are sent, and come. Of all ready buckets the last one starts first, and at most
/// four have partial sums under way, each until its receivers' acknowledgements are back. A bucket counts as arrived
/// when the others' results are there and its own are acknowledged. So a bucket alone takes three ways,
///
///     3 · latency + (partial sums + stagger + results) / rate + addition,
///
/// and while the link is never idle all of them take the sum of their bytes over the rate. What a host sends leaves in
/// the order in which it was posted. A message longer than ``eagerBytes`` sends so much, then waits for the receiver's
/// answer, a way there and one back, before the rest.
package struct ExchangeTimeline {
    /// What a bucket costs a host.
    package struct Bucket: Equatable {
        /// Bytes of all partial sums that the host sends, and of all results; it receives as many.
        package var sumBytes: Double
        package var resultBytes: Double
        /// Bytes of partial sums that the last host waits for after the first has its own: all hosts send to the others
        /// in the same order, at first all to one, at last all to another, ``turnBytes`` at a time.
        package var staggerBytes: Double
        /// Bytes of the longest message.
        package var messageBytes: Double
        /// Messages that a rank sends in each of the two exchanges; it receives as many.
        package var sumMessages: Int
        package var resultMessages: Int
        /// Seconds in which a rank adds its part.
        package var additionSeconds: Double

        package init(
            sumBytes: Double, resultBytes: Double, staggerBytes: Double, messageBytes: Double, sumMessages: Int,
            resultMessages: Int, additionSeconds: Double
        ) {
            (self.sumBytes, self.resultBytes, self.staggerBytes) = (sumBytes, resultBytes, staggerBytes)
            (self.messageBytes, self.additionSeconds) = (messageBytes, additionSeconds)
            (self.sumMessages, self.resultMessages) = (sumMessages, resultMessages)
        }
    }

    /// Bytes of a message that leave without asking the receiver (`MPIRuntimeSettings`).
    package static let eagerBytes = Double(264 << 10)
    /// Bytes that a connection hands over before others have their turn: TCP's largest frame.
    static let turnBytes = Double(64 << 10)
    /// Buckets whose partial sums are under way at once (`BucketPipeline.depth`).
    static let depth = 4

    let buckets: [Bucket]
    let link: LinkSpeed

    package init(buckets: [Bucket], link: LinkSpeed) {
        self.buckets = buckets
        self.link = link
    }

    /// - Parameter ready: when each bucket is ready on all ranks of the host.
    /// - Returns: when the sum of each has come.
    package func arrivals(ready: [Double]) -> [Double] {
        precondition(
            ready.count == buckets.count, "ExchangeTimeline: \(ready.count) times for \(buckets.count) buckets")
        var run = Run(self, ready)
        return run.finish()
    }

    /// One message or its rest on the way.
    private enum Event { case restOfSums, sumsCome, sumsAcknowledged, restOfResults, resultsCome, resultsAcknowledged }

    private struct Run {
        let timeline: ExchangeTimeline
        var unstarted: [(bucket: Int, ready: Double)]
        var events: [(time: Double, event: Event, bucket: Int)] = []
        var arrived: [Double]
        /// When the link has sent all that was posted, and when the rank has done all that came.
        var (linkFree, now) = (-Double.infinity, -Double.infinity)
        var sumsUnderWay = 0

        init(_ timeline: ExchangeTimeline, _ ready: [Double]) {
            self.timeline = timeline
            unstarted = ready.enumerated().map { ($0.offset, $0.element) }
            arrived = Array(repeating: .infinity, count: ready.count)
        }

        mutating func finish() -> [Double] {
            while !unstarted.isEmpty || !events.isEmpty {
                if sumsUnderWay < ExchangeTimeline.depth,
                    let next = unstarted.lastIndex(where: { $0.ready <= now })
                {
                    start(unstarted.remove(at: next).bucket)
                    continue
                }
                let event = events.indices.min { events[$0].time < events[$1].time }
                let start = sumsUnderWay < ExchangeTimeline.depth ? unstarted.map(\.ready).min() : nil
                if let event, events[event].time <= start ?? .infinity {
                    handle(events.remove(at: event))
                } else if let start {
                    now = max(now, start)
                }
            }
            return arrived
        }

        private mutating func start(_ bucket: Int) {
            let costs = timeline.buckets[bucket]
            sumsUnderWay += 1
            now += Double(costs.sumMessages) * timeline.link.messageSeconds / 2
            send(costs.sumBytes, of: costs.sumMessages, bucket, rest: .restOfSums, whole: .sumsCome)
        }

        /// Posts an exchange's messages, or their first parts, and what follows them before the last one is
        /// answered: the
        /// rest of all others.
        private mutating func send(_ bytes: Double, of messages: Int, _ bucket: Int, rest: Event, whole: Event) {
            let share = eagerShare(bucket)
            transmit(bytes * share)
            let there = linkFree + timeline.link.latencySeconds
            guard share < 1 else {
                return events.append((there + (whole == .sumsCome ? stagger(bucket) : 0), whole, bucket))
            }
            events.append((there + timeline.link.latencySeconds, rest, bucket))
            transmit(bytes * (1 - share) * Double(messages - 1) / Double(messages))
        }

        /// The share of a message that leaves at once.
        private func eagerShare(_ bucket: Int) -> Double {
            min(1, ExchangeTimeline.eagerBytes / max(timeline.buckets[bucket].messageBytes, 1))
        }

        /// The rest of the last message.
        private mutating func sendRest(_ bytes: Double, of messages: Int, _ bucket: Int, whole: Event) {
            transmit(bytes * (1 - eagerShare(bucket)) / Double(messages))
            let wait = whole == .sumsCome ? stagger(bucket) : 0
            events.append((linkFree + timeline.link.latencySeconds + wait, whole, bucket))
        }

        private func stagger(_ bucket: Int) -> Double {
            timeline.buckets[bucket].staggerBytes / timeline.link.bytesPerSecond
        }

        private mutating func transmit(_ bytes: Double) {
            linkFree = max(linkFree, now) + bytes / timeline.link.bytesPerSecond
        }

        /// What every host tells the others about the messages that have come, behind what was posted before.
        private mutating func acknowledge(_ event: Event, _ bucket: Int) {
            events.append((max(now, linkFree) + timeline.link.latencySeconds, event, bucket))
        }

        private mutating func handle(_ item: (time: Double, event: Event, bucket: Int)) {
            let costs = timeline.buckets[item.bucket]
            now = max(now, item.time)
            switch item.event {
            case .restOfSums: sendRest(costs.sumBytes, of: costs.sumMessages, item.bucket, whole: .sumsCome)
            case .restOfResults:
                sendRest(costs.resultBytes, of: costs.resultMessages, item.bucket, whole: .resultsCome)
            case .sumsAcknowledged: sumsUnderWay -= 1
            case .resultsAcknowledged: arrived[item.bucket] = now
            case .resultsCome:
                now += Double(costs.resultMessages) * timeline.link.messageSeconds / 2
                acknowledge(.resultsAcknowledged, item.bucket)
            case .sumsCome:
                acknowledge(.sumsAcknowledged, item.bucket)
                now += Double(costs.sumMessages + costs.resultMessages) * timeline.link.messageSeconds / 2
                now += costs.additionSeconds
                send(
                    costs.resultBytes, of: costs.resultMessages, item.bucket, rest: .restOfResults,
                    whole: .resultsCome)
            }
        }
    }
}
