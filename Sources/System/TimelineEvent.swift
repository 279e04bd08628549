/// What a thread did from one time to another, or what happened at a time: 32 bytes without references, so that it can
/// be written and sent as it is.
package struct TimelineEvent: Equatable, Sendable, BitwiseCopyable {
    /// What it was; raw values travel between ranks of one program.
    package enum Kind: UInt8, CaseIterable, Sendable, BitwiseCopyable {
        /// A whole step of training, on the main thread.
        case step
        /// Forward and backward of a grain; its number.
        case grain
        /// Sums of the gradients of factored weights.
        case factors
        /// A grain of an evaluation; its number.
        case evaluation
        /// Waiting for a batch; the grain's number.
        case data
        /// Filling a batch; the grain's number.
        case load
        /// This rank's partial sums of a bucket are final, at one time; the bucket's number.
        case ready
        /// A bucket on its way between hosts; its number.
        case exchange
        /// Adding partial sums; the bucket's number where there is one.
        case add
        /// Changing weights.
        case update
        /// Waiting until the sums over all ranks are there.
        case sums
        /// Waiting for other ranks in anything else.
        case ranks
        /// Waiting for the rank's other workers.
        case workers
        /// A job of the communication thread.
        case messages
        /// Taking a snapshot, waiting for one to be on disk, or writing it.
        case saving
        case validation
    }

    /// Nanoseconds of `Clock`.
    package var start: Int
    /// Nanoseconds; of what happened at one time −1.
    package var duration: Int
    /// What `kind` says; −1 for none.
    package var number: Int32
    /// The step that it belongs to, as users count them: the first is 1.
    package var step: Int32
    package var kind: Kind

    package init(_ kind: Kind, number: Int = -1, step: Int, start: Int, duration: Int) {
        self.kind = kind
        self.number = Int32(truncatingIfNeeded: number)
        self.step = Int32(truncatingIfNeeded: step)
        self.start = start
        self.duration = duration
    }

    package var end: Int { start + max(duration, 0) }
    package var isInstant: Bool { duration < 0 }
}

/// What one thread did, in the order in which it ended.
package struct TimelineTrack: Equatable, Sendable {
    /// The thread's; that of the process's first thread is ``mainName``.
    package var name: String
    package var events: [TimelineEvent]
    /// Events that found no room.
    package var lost: Int

    package static let mainName = "main"

    package init(name: String, events: [TimelineEvent], lost: Int = 0) {
        self.name = name
        self.events = events
        self.lost = lost
    }
}
