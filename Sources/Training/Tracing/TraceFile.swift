import System

/// The timelines of all ranks in the Trace Event Format, which Perfetto and chrome://tracing read.
///
/// A rank is a process, a thread is a track of it. What a thread has under way several times at once, as buckets
/// between hosts, is on further tracks below the thread's, so that the events of each track lie one in the other or
/// follow each other. Times are microseconds since the first event, by rank 0's clock.
///
/// Source: Trace Event Format, Google, 2016 (complete events `X`, instant events `i`, metadata events `M`).
package struct TraceFile {
    private let ranks: [RankTimeline]
    private let steps: ClosedRange<Int>

    package init(_ ranks: [RankTimeline], steps: ClosedRange<Int>) {
        self.ranks = ranks
        self.steps = steps
    }

    /// The whole file.
    package var bytes: [UInt8] {
        var writer = TraceWriter(origin: ranks.flatMap(\.tracks).flatMap(\.events).map(\.start).min() ?? 0)
        writer.text("{\"displayTimeUnit\":\"ms\",\"otherData\":{\"program\":\"trainer\",\"firstStep\":")
        writer.number(steps.lowerBound)
        writer.text(",\"lastStep\":")
        writer.number(steps.upperBound)
        writer.text(",\"clock\":\"that of rank 0\",\"ranks\":[")
        for (index, rank) in ranks.enumerated() {
            writer.text(index == 0 ? "" : ",")
            writer.text("{\"rank\":\(rank.rank),\"host\":\(JSONText.quoted(rank.host)),\"clockErrorMicroseconds\":")
            writer.microseconds(rank.clockError)
            writer.text(",\"lostEvents\":\(rank.lost)}")
        }
        writer.text("]},\n\"traceEvents\":[\n")
        for rank in ranks { write(rank, &writer) }
        writer.text("\n]}\n")
        return writer.bytes
    }

    private func write(_ rank: RankTimeline, _ writer: inout TraceWriter) {
        writer.metadata(
            "process_name", process: rank.rank, thread: 0,
            "\"name\":\(JSONText.quoted("rank \(rank.rank) on \(rank.host)"))")
        writer.metadata("process_sort_index", process: rank.rank, thread: 0, "\"sort_index\":\(rank.rank)")
        let ordered = rank.tracks.enumerated().sorted {
            (Self.place(of: $0.element.name), $0.offset) < (Self.place(of: $1.element.name), $1.offset)
        }
        var thread = 0
        for (_, track) in ordered where !track.events.isEmpty {
            for (name, events) in Self.lanes(track) {
                writer.metadata(
                    "thread_name", process: rank.rank, thread: thread, "\"name\":\(JSONText.quoted(name))")
                writer.metadata(
                    "thread_sort_index", process: rank.rank, thread: thread, "\"sort_index\":\(thread)")
                for event in events { writer.event(event, process: rank.rank, thread: thread) }
                thread += 1
            }
        }
    }

    /// Where a thread's track stands among its rank's.
    private static func place(of name: String) -> Int {
        let order = [TimelineTrack.mainName, "worker", "communication", "loader", "checkpoints"]
        return order.firstIndex { name.hasPrefix($0) } ?? order.count
    }

    /// The tracks that a thread's events take: its own, and as many as overlap. Events are in the order of time, outer
    /// ones first.
    private static func lanes(_ track: TimelineTrack) -> [(name: String, events: [TimelineEvent])] {
        let events = track.events.sorted { ($0.start, -$0.duration) < ($1.start, -$1.duration) }
        var lanes: [(events: [TimelineEvent], end: Int)] = []
        for event in events where event.kind == .exchange {
            let free = lanes.firstIndex { $0.end <= event.start } ?? lanes.count
            if free == lanes.count { lanes.append(([], 0)) }
            lanes[free].events.append(event)
            lanes[free].end = event.end
        }
        let own = events.filter { $0.kind != .exchange }
        return (own.isEmpty ? [] : [(track.name, own)])
            + lanes.enumerated().map { ("\(track.name), under way \($0.offset + 1)", $0.element.events) }
    }
}

/// Puts the events' text together.
private struct TraceWriter {
    /// The nanoseconds that are written as 0.
    let origin: Int
    private(set) var bytes: [UInt8] = []
    private var isFirst = true

    init(origin: Int) { self.origin = origin }

    mutating func text(_ text: String) { bytes.append(contentsOf: text.utf8) }

    mutating func number(_ number: Int) { text(String(number)) }

    /// With three digits after the point.
    mutating func microseconds(_ nanoseconds: Int) {
        let (whole, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1000)
        number(whole)
        bytes.append(UInt8(ascii: "."))
        for divisor in [100, 10, 1] { bytes.append(UInt8(ascii: "0") + UInt8(rest / divisor % 10)) }
    }

    /// - Parameter arguments: JSON without its braces.
    mutating func metadata(_ name: String, process: Int, thread: Int, _ arguments: String) {
        begin()
        text("{\"name\":\"\(name)\",\"ph\":\"M\",\"ts\":0,\"pid\":\(process),\"tid\":\(thread),")
        text("\"args\":{\(arguments)}}")
    }

    mutating func event(_ event: TimelineEvent, process: Int, thread: Int) {
        begin()
        text("{\"name\":\"")
        text(event.kind.title)
        if event.kind.isNamedByNumber, event.number >= 0 {
            text(" ")
            number(Int(event.number))
        }
        text("\",\"cat\":\"")
        text("\(event.kind)")
        text(event.isInstant ? "\",\"ph\":\"i\",\"s\":\"t\",\"ts\":" : "\",\"ph\":\"X\",\"ts\":")
        microseconds(event.start - origin)
        if !event.isInstant {
            text(",\"dur\":")
            microseconds(event.duration)
        }
        text(",\"pid\":")
        number(process)
        text(",\"tid\":")
        number(thread)
        text(",\"args\":{\"step\":")  // of a batch that is loaded ahead, the one that is trained meanwhile
        number(Int(event.step))
        if event.number >= 0, let name = event.kind.numberName {
            text(",\"\(name)\":")
            number(Int(event.number))
        }
        text("}}")
    }

    private mutating func begin() {
        if !isFirst { text(",\n") }
        isFirst = false
    }
}

extension TimelineEvent.Kind {
    /// For people, without the number.
    fileprivate var title: String {
        switch self {
        case .step: "step"
        case .grain: "grain"
        case .factors: "factored gradients"
        case .evaluation: "evaluating grain"
        case .data: "waiting for data"
        case .load: "loading grain"
        case .ready: "ready: bucket"
        case .exchange: "exchanging bucket"
        case .add: "adding"
        case .update: "updating"
        case .sums: "waiting for sums"
        case .ranks: "waiting for ranks"
        case .workers: "waiting for workers"
        case .messages: "messages"
        case .saving: "saving"
        case .validation: "validation"
        }
    }

    /// What the number counts; nil where there is none.
    fileprivate var numberName: String? {
        switch self {
        case .grain, .evaluation, .data, .load: "grain"
        case .ready, .exchange, .add: "bucket"
        default: nil
        }
    }

    fileprivate var isNamedByNumber: Bool {
        switch self {
        case .grain, .evaluation, .load, .ready, .exchange: true
        default: false
        }
    }
}
