import Testing
import Training

/// Buckets of 1,000 bytes in each exchange on a link of 1,000 bytes a second.
struct ExchangeTimelineTests {
    private func timeline(
        _ count: Int, latency: Double = 0, message: Double = 0, messageBytes: Double = 1000, messages: Int = 1,
        addition: Double = 0, bytes: Double = 1000
    ) -> ExchangeTimeline {
        let bucket = ExchangeTimeline.Bucket(
            sumBytes: bytes, resultBytes: bytes, messageBytes: messageBytes, sumMessages: messages,
            resultMessages: messages, additionSeconds: addition)
        return ExchangeTimeline(
            buckets: Array(repeating: bucket, count: count),
            link: LinkSpeed(latencySeconds: latency, bytesPerSecond: 1000, messageSeconds: message))
    }

    @Test func `a bucket alone takes both exchanges, the addition and two ways`() {
        #expect(
            timeline(1, latency: 0.25, addition: 0.5).arrivals(ready: [10]) == [10 + 1 + 0.25 + 0.5 + 1 + 0.25])
    }

    @Test func `a link that is never idle takes the bytes over its rate`() {
        let arrivals = timeline(4).arrivals(ready: [0, 0, 0, 0])
        #expect(arrivals.max() == 8)
    }

    @Test func `the last of the ready buckets goes first`() {
        let arrivals = timeline(6).arrivals(ready: [0, 0, 0, 0, 0, 0])
        #expect(arrivals[5] < arrivals[0] && arrivals.max() == arrivals[0])
    }

    @Test func `at most four buckets have partial sums under way until they are acknowledged`() {
        // Four leave at once; the fifth after a way there and back of the first.
        let arrivals = timeline(5, latency: 100).arrivals(ready: [0, 0, 0, 0, 0])
        #expect(arrivals[4] == 1 + 100 + 1 + 100)
        #expect(arrivals[0] == 1 + 100 + 100 + (1 + 100 + 1 + 100))
    }

    @Test func `a long message waits for an answer after its first part`() {
        let long = ExchangeTimeline.eagerBytes * 2
        let arrival = timeline(1, latency: 3, messageBytes: long, bytes: 1000).arrivals(ready: [0])[0]
        // Each exchange: half, a way there and one back, the other half, a way there.
        #expect(abs(arrival - (2 * (0.5 + 3 + 3 + 0.5 + 3))) < 1e-9)
    }

    @Test func `while the last message waits for its answer the rest of the others goes`() {
        // Four messages of twice the eager size: 0.5 s of first parts, 0.375 of rests while the answer takes 6,
        // then 0.125.
        let long = ExchangeTimeline.eagerBytes * 2
        let arrival = timeline(1, latency: 3, messageBytes: long, messages: 4).arrivals(ready: [0])[0]
        #expect(abs(arrival - (2 * (0.5 + 3 + 3 + 0.125 + 3))) < 1e-9)
    }

    @Test func `a bucket without results arrives when the sums have come and been added`() {
        let whole = ExchangeTimeline.Bucket(
            sumBytes: 1000, resultBytes: 0, messageBytes: 1000, sumMessages: 1, resultMessages: 0,
            additionSeconds: 0.5)
        let link = LinkSpeed(latencySeconds: 0.25, bytesPerSecond: 1000, messageSeconds: 0)
        #expect(ExchangeTimeline(buckets: [whole], link: link).arrivals(ready: [10]) == [10 + 1 + 0.25 + 0.5])
    }

    @Test func `messages cost a rank's time`() {
        #expect(abs(timeline(1, message: 0.5).arrivals(ready: [0])[0] - (2 + 2 * 0.5)) < 1e-9)
    }
}
