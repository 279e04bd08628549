import CProcess
import Synchronization

/// Notes what the threads of this process do, and when, for a while.
///
/// Each thread writes ``TimelineEvent``s into memory of its own, which was there before: it takes no lock and no memory
/// from the system. While nothing is noted a call costs a load and a branch. A process is one rank of one job, so there
/// is one timeline of it, as there is one `Activity`.
///
/// Measured on an AMD EPYC (family 26): 53 ns a span, 3 ns while nothing is noted.
package enum Timeline {
    /// When something began, and in which step; ``nothing`` while nothing is noted.
    package struct Mark: Sendable {
        @usableFromInline let nanoseconds: Int
        fileprivate let step: Int32

        fileprivate init(nanoseconds: Int, step: Int32) {
            self.nanoseconds = nanoseconds
            self.step = step
        }

        package static let nothing = Mark(nanoseconds: 0, step: 0)

        /// The present time in the same step; nothing where this is nothing.
        package var now: Mark {
            nanoseconds == 0 ? .nothing : Mark(nanoseconds: Clock.nanoseconds, step: step)
        }
    }

    @usableFromInline static let isOn = Atomic(false)
    private static let step = Atomic<Int32>(0)
    /// The pages of the threads; never freed, because a thread may be writing.
    nonisolated(unsafe) private static var book = UnsafeMutableBufferPointer<Page>.allocate(capacity: 0)
    private static let claimed = Atomic(0)
    /// Events of threads that came when all pages had been claimed.
    private static let homeless = Atomic(0)
    /// Tells the pages of this timeline from those of an earlier one.
    private static let generation = Atomic(0)

    /// The memory of one thread.
    private struct Page: ~Copyable {
        let generation: Int
        let capacity: Int
        let events: UnsafeMutablePointer<TimelineEvent>
        /// Events that are whole; only the thread changes it.
        let count = Atomic(0)
        let lost = Atomic(0)
        /// Spans under way, one inside the other.
        let depth = Atomic(0)
        /// The outermost of them, whose time is 0 where there is none.
        let openStart = Atomic(0)
        let openKind = Atomic<UInt8>(0)
        let openNumber = Atomic(-1)
        let openStep = Atomic<Int32>(0)
        var name = ""

        init(generation: Int, capacity: Int) {
            self.generation = generation
            self.capacity = capacity
            let first = TimelineEvent(.step, step: 0, start: 0, duration: 0)
            events = .allocate(capacity: capacity)
            events.initialize(repeating: first, count: capacity)  // written, so that the memory exists
        }
    }

    // MARK: - Beginning and end

    /// Begins to note; called by one thread, and not while an earlier timeline is being noted.
    ///
    /// - Parameters:
    ///   - threads: how many have room.
    ///   - eventsPerThread: for which each has room; more are counted and lost.
    package static func begin(step: Int, threads: Int, eventsPerThread: Int) {
        let number = generation.load(ordering: .relaxed) + 1
        let pages = UnsafeMutableBufferPointer<Page>.allocate(capacity: threads)
        for index in 0..<threads {
            (pages.baseAddress! + index).initialize(to: Page(generation: number, capacity: eventsPerThread))
        }
        book = pages
        claimed.store(0, ordering: .relaxed)
        homeless.store(0, ordering: .relaxed)
        generation.store(number, ordering: .releasing)  // with the book that belongs to it
        enter(step: step)
        isOn.store(true, ordering: .releasing)
    }

    /// Ends it; gives what was noted by each thread that did anything, and what is still under way as if it ended now.
    package static func end() -> [TimelineTrack] {
        isOn.store(false, ordering: .sequentiallyConsistent)
        let now = Clock.nanoseconds
        var tracks = (0..<min(claimed.load(ordering: .acquiring), book.count)).compactMap { index in
            track(of: book.baseAddress! + index, until: now)
        }
        let homeless = homeless.load(ordering: .relaxed)
        if homeless > 0 { tracks.append(TimelineTrack(name: "further threads", events: [], lost: homeless)) }
        return tracks
    }

    private static func track(of page: UnsafeMutablePointer<Page>, until now: Int) -> TimelineTrack? {
        let open = page.pointee.openStart.load(ordering: .acquiring)
        let kind = TimelineEvent.Kind(rawValue: page.pointee.openKind.load(ordering: .relaxed))
        let number = page.pointee.openNumber.load(ordering: .relaxed)
        let step = page.pointee.openStep.load(ordering: .relaxed)
        let count = page.pointee.count.load(ordering: .acquiring)
        if open == 0, count == 0 { return nil }  // its name may not be there yet
        var events = Array(UnsafeBufferPointer(start: page.pointee.events, count: count))
        // It may have ended, and be among the events, since it was looked at.
        if open > 0, let kind, (events.last?.end ?? 0) <= now, !events.contains(where: { $0.start == open }) {
            events.append(
                TimelineEvent(kind, number: number, step: Int(step), start: open, duration: max(now - open, 0)))
        }
        return TimelineTrack(
            name: page.pointee.name, events: events, lost: page.pointee.lost.load(ordering: .relaxed))
    }

    /// What follows belongs to a step, as users count them: the first is 1.
    package static func enter(step: Int) { self.step.store(Int32(truncatingIfNeeded: step), ordering: .relaxed) }

    // MARK: - Noting

    /// Now, for ``note(_:number:since:)``.
    @inlinable @inline(__always)
    package static func mark() -> Mark {
        isOn.load(ordering: .relaxed) ? markNow() : .nothing
    }

    @usableFromInline @inline(never)
    static func markNow() -> Mark {
        Mark(nanoseconds: Clock.nanoseconds, step: step.load(ordering: .relaxed))
    }

    /// Notes what began at `mark` and ends now; such events of one thread may overlap.
    @inlinable @inline(__always)
    package static func note(_ kind: TimelineEvent.Kind, number: Int = -1, since mark: Mark) {
        if mark.nanoseconds != 0 { writeNow(kind, number, since: mark) }
    }

    /// Notes that something happens now.
    @inlinable @inline(__always)
    package static func note(_ kind: TimelineEvent.Kind, number: Int = -1) {
        if isOn.load(ordering: .relaxed) { writeInstant(kind, number) }
    }

    @usableFromInline @inline(never)
    static func writeNow(_ kind: TimelineEvent.Kind, _ number: Int, since mark: Mark) {
        write(kind, number, mark, until: Clock.nanoseconds)
    }

    @usableFromInline @inline(never)
    static func writeInstant(_ kind: TimelineEvent.Kind, _ number: Int) {
        write(kind, number, markNow(), until: nil)
    }

    /// Notes how long `body` takes, also where it throws.
    @inlinable @inline(__always)
    package static func span<Result, Failure: Error>(
        _ kind: TimelineEvent.Kind, number: Int = -1, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard isOn.load(ordering: .relaxed) else { return try body() }
        let mark = open(kind, number)
        defer { close(kind, number, mark) }
        return try body()
    }

    @usableFromInline @inline(never)
    static func open(_ kind: TimelineEvent.Kind, _ number: Int) -> Mark {
        let mark = markNow()
        guard let page = ownPage() else { return mark }
        let depth = page.pointee.depth.load(ordering: .relaxed)
        page.pointee.depth.store(depth + 1, ordering: .relaxed)
        if depth == 0 {
            page.pointee.openKind.store(kind.rawValue, ordering: .relaxed)
            page.pointee.openNumber.store(number, ordering: .relaxed)
            page.pointee.openStep.store(mark.step, ordering: .relaxed)
            page.pointee.openStart.store(mark.nanoseconds, ordering: .releasing)
        }
        return mark
    }

    @usableFromInline @inline(never)
    static func close(_ kind: TimelineEvent.Kind, _ number: Int, _ mark: Mark) {
        write(kind, number, mark, until: Clock.nanoseconds)
        guard let page = ownPage() else { return }
        let depth = page.pointee.depth.load(ordering: .relaxed) - 1
        page.pointee.depth.store(max(depth, 0), ordering: .relaxed)
        if depth <= 0 { page.pointee.openStart.store(0, ordering: .releasing) }
    }

    private static func write(_ kind: TimelineEvent.Kind, _ number: Int, _ mark: Mark, until end: Int?) {
        guard isOn.load(ordering: .relaxed) else { return }
        guard let page = ownPage() else {
            homeless.add(1, ordering: .relaxed)
            return
        }
        let count = page.pointee.count.load(ordering: .relaxed)
        guard count < page.pointee.capacity else {
            page.pointee.lost.store(page.pointee.lost.load(ordering: .relaxed) + 1, ordering: .relaxed)
            return
        }
        page.pointee.events[count] = TimelineEvent(
            kind, number: number, step: Int(mark.step), start: mark.nanoseconds,
            duration: end.map { max($0 - mark.nanoseconds, 0) } ?? -1)
        page.pointee.count.store(count + 1, ordering: .releasing)
    }

    /// The calling thread's page, which it claims at its first event; nil where none is left.
    private static func ownPage() -> UnsafeMutablePointer<Page>? {
        let generation = generation.load(ordering: .acquiring)
        if let known = process_thread_pointer() {
            let page = known.assumingMemoryBound(to: Page.self)
            if page.pointee.generation == generation { return page }
        }
        if claimed.load(ordering: .relaxed) >= book.count { return nil }
        let index = claimed.add(1, ordering: .acquiringAndReleasing).oldValue
        guard index < book.count else { return nil }
        let page = book.baseAddress! + index
        page.pointee.name = process_is_main_thread() != 0 ? TimelineTrack.mainName : threadName()
        process_set_thread_pointer(page)
        return page
    }

    private static func threadName() -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16) { name in
            name.initialize(repeating: 0)
            process_thread_name(name.baseAddress)
            return String(cString: name.baseAddress!)
        }
    }
}
