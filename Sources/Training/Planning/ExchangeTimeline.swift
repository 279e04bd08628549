/// When the sums of a step's buckets arrive, if every host does the same at the same time.
///
/// It follows `BucketPipeline`. A bucket that is ready is sent as partial sums to the hosts that add its parts; theirs
/// come; they are added; the results are sent, and come. Of all ready buckets the last one starts first, and at most
/// four have partial sums under way, each until its receivers' acknowledgements are back. So a bucket alone takes
///
///     2 · latency + (partial sums + results) / rate + addition,
///
/// and while the link is never idle all of them take the sum of their bytes over the rate. A bucket without results, of
/// `WholeExchangeReduction`, takes one latency. What a host sends leaves in the order in which it was posted, and each
/// begins with another receiver. A message longer than ``eagerBytes`` sends so much, then waits for the receiver's
/// answer, a way there and one back, before the rest.
package struct ExchangeTimeline {
    /// What a bucket costs a host.
    package struct Bucket: Equatable {
        /// Bytes of all partial sums that the host sends, and of all results; it receives as many.
        package var sumBytes: Double
        package var resultBytes: Double
        /// Bytes of the longest message.
        package var messageBytes: Double
        /// Messages that a rank sends in each of the two exchanges; it receives as many.
        package var sumMessages: Int
        package var resultMessages: Int
        /// Seconds in which a rank adds its part.
        package var additionSeconds: Double

        package init(
            sumBytes: Double, resultBytes: Double, messageBytes: Double, sumMessages: Int, resultMessages: Int,
            additionSeconds: Double
        ) {
            (self.sumBytes, self.resultBytes, self.messageBytes) = (sumBytes, resultBytes, messageBytes)
            self.additionSeconds = additionSeconds
            (self.sumMessages, self.resultMessages) = (sumMessages, resultMessages)
        }
    }

    /// Bytes of a message that leave without asking the receiver (`MPIRuntimeSettings`).
    package static let eagerBytes = Double(264 << 10)
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
    private enum Event { case restOfSums, sumsCome, sumsAcknowledged, restOfResults, resultsCome }

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
        /// answered: the rest of all others.
        private mutating func send(_ bytes: Double, of messages: Int, _ bucket: Int, rest: Event, whole: Event) {
            let share = eagerShare(bucket)
            transmit(bytes * share)
            let there = linkFree + timeline.link.latencySeconds
            guard share < 1 else {
                return events.append((there, whole, bucket))
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
            events.append((linkFree + timeline.link.latencySeconds, whole, bucket))
        }

        private mutating func transmit(_ bytes: Double) {
            linkFree = max(linkFree, now) + bytes / timeline.link.bytesPerSecond
        }

        /// What every host tells the others about the partial sums that have come, behind what was posted before.
        private mutating func acknowledgeSums(_ bucket: Int) {
            events.append((max(now, linkFree) + timeline.link.latencySeconds, .sumsAcknowledged, bucket))
        }

        private mutating func handle(_ item: (time: Double, event: Event, bucket: Int)) {
            let costs = timeline.buckets[item.bucket]
            now = max(now, item.time)
            switch item.event {
            case .restOfSums: sendRest(costs.sumBytes, of: costs.sumMessages, item.bucket, whole: .sumsCome)
            case .restOfResults:
                sendRest(costs.resultBytes, of: costs.resultMessages, item.bucket, whole: .resultsCome)
            case .sumsAcknowledged: sumsUnderWay -= 1
            case .resultsCome:
                now += Double(costs.resultMessages) * timeline.link.messageSeconds / 2
                arrived[item.bucket] = now
            case .sumsCome:
                acknowledgeSums(item.bucket)
                now += Double(costs.sumMessages + costs.resultMessages) * timeline.link.messageSeconds / 2
                now += costs.additionSeconds
                if costs.resultMessages == 0 {
                    arrived[item.bucket] = now
                    return
                }
                send(
                    costs.resultBytes, of: costs.resultMessages, item.bucket, rest: .restOfResults,
                    whole: .resultsCome)
            }
        }
    }
}
