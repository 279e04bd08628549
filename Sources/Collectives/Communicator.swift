/// A group of ranks that compute together and the operations that move bytes between them.
///
/// Every operation except `abort` is collective: each rank calls the same operations in the same order (`exchange` is
/// collective among the ranks that it names). A communicator is used by one thread at a time; only `abort` and the
/// roll call may be called from any thread. After an operation has thrown, the group is unusable and the rank calls
/// `abort`.
package protocol Communicator: AnyObject, Sendable {
    /// This rank's number, `0..<worldSize`.
    var rank: Int { get }

    /// How many ranks the job has.
    var worldSize: Int { get }

    /// The ranks that share memory with this one, itself included, in ascending order.
    var hostRanks: [Int] { get }

    /// This rank's position in `hostRanks`.
    var hostRank: Int { get }

    /// The name of the machine that this rank runs on, for messages to people.
    var hostName: String { get }

    /// Returns when every rank has called it.
    func barrier() throws

    /// Fills `buffer` on every rank with `root`'s bytes; all ranks pass the same count.
    func broadcast(_ buffer: UnsafeMutableRawBufferPointer, root: Int) throws

    /// Fills `result` with every rank's contribution in rank order; all ranks contribute the same count.
    ///
    /// - Precondition: `result` holds `worldSize · contribution.count` bytes and does not overlap the contribution.
    func allGather(_ contribution: UnsafeRawBufferPointer, into result: UnsafeMutableRawBufferPointer) throws

    /// Sends and receives any set of messages at once and returns when all of them have been.
    ///
    /// The k-th message sent to a rank is the k-th that this rank receives from the sender, and has its size. Messages
    /// to oneself, empty messages and messages over 2 GiB are allowed. Received buffers overlap nothing.
    func exchange(sends: [OutgoingMessage], receives: [IncomingMessage]) throws

    /// Posts the messages of an exchange and returns at once with what tells when all of them have gone and come.
    ///
    /// Messages count by channel, any number from 0 up: the k-th sent to a rank on a channel is the k-th that this rank
    /// receives on it from the sender, and those of `exchange` have none. So several exchanges may be under way, and
    /// ranks agree on the order of each channel's alone. A long message has gone when its receiver takes it, a short
    /// one when the system has. Buffers belong to the exchange until it is done or has thrown.
    func start(sends: [OutgoingMessage], receives: [IncomingMessage], channel: Int) throws -> any PendingExchange

    /// Memory that the ranks of one host share, or `nil` on all ranks of the job when some host cannot provide it.
    ///
    /// All ranks pass the same count. The memory lives until `finalize`.
    func sharedWindow(byteCountPerRank: Int) throws -> SharedWindow?

    /// Says how this rank answers other ranks' roll calls: whether it waits for others, or has work of its own. From
    /// any thread.
    func answerRollCalls(isWaiting: @escaping @Sendable () -> Bool)

    /// Asks all other ranks whether they are there; from any thread, and while an operation of this rank waits.
    func callRoll()

    /// The ranks that have answered the latest roll call, with whether they wait; nil where it could not be asked
    /// (yet). From any thread.
    var ranksThatAnswered: [Int: Bool]? { get }

    /// Lets this rank answer roll calls while it has nothing to exchange; by the thread that uses the communicator.
    func attendRollCall()

    /// Ends the whole job with an exit code in 1...255 because of `reason`; may be called from any thread.
    ///
    /// `message` is what standard error gets, nil for this rank's name and the reason.
    /// Ends this process, except for ranks that are threads: there it throws, and every other rank's operation does
    /// too.
    func abort(exitCode: Int32, reason: String, message: String?) throws -> Never

    /// Leaves the group, together with all other ranks; a second call does nothing, any other operation then throws.
    func finalize() throws
}

/// An exchange that ``Communicator/start(sends:receives:channel:)`` began, for the thread that began it.
package protocol PendingExchange: AnyObject {
    /// Lets the transfers move on and tells whether all messages have gone and come; called until it is true, and no
    /// more.
    func isDone() throws -> Bool
}

/// Bytes on their way to a rank.
package struct OutgoingMessage {
    /// The rank that receives the bytes.
    package var destination: Int
    /// What is sent; unchanged until the exchange returns.
    package var bytes: UnsafeRawBufferPointer

    /// A message to `destination`.
    package init(to destination: Int, _ bytes: UnsafeRawBufferPointer) {
        self.destination = destination
        self.bytes = bytes
    }
}

/// Room for bytes that a rank sends.
package struct IncomingMessage {
    /// The rank that sends the bytes.
    package var source: Int
    /// Where the bytes go; exactly as many as the message has.
    package var buffer: UnsafeMutableRawBufferPointer

    /// A message from `source`.
    package init(from source: Int, into buffer: UnsafeMutableRawBufferPointer) {
        self.source = source
        self.buffer = buffer
    }
}
