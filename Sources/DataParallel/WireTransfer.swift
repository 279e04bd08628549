import Autograd
import Collectives

/// Memory for messages that differ from the vector; what has been used is used again.
///
/// `@unchecked Sendable`: used by the communication thread alone.
final class MessageMemory: @unchecked Sendable {
    private var spare: [FlatBuffer] = []
    private var floats = 0

    /// From now on buffers hold this many floats.
    func reserve(floats: Int) {
        if floats > self.floats { spare = [] }
        self.floats = max(floats, self.floats)
    }

    func take() -> FlatBuffer { spare.popLast() ?? FlatBuffer(count: floats) }

    func giveBack(_ buffers: [FlatBuffer]) { spare += buffers.filter { $0.count == floats } }
}

/// Messages of an exchange in a wire format; collected, started, then asked until they are done.
struct WireTransfer {
    private let format: WireFormat
    private let memory: MessageMemory
    private var sends: [OutgoingMessage] = []
    private var receives: [IncomingMessage] = []
    private var buffers: [FlatBuffer] = []
    private var arrivals: [(message: FlatBuffer, range: Range<Int>, destination: UnsafeMutablePointer<Float>)] = []
    private var exchange: (any PendingExchange)?

    init(_ format: WireFormat, _ memory: MessageMemory) {
        self.format = format
        self.memory = memory
    }

    /// A range of the vector for another rank; `source` is its first float.
    mutating func send(_ range: Range<Int>, at source: UnsafePointer<Float>, to peer: Int) {
        for piece in MessagePieces.cut(range) {
            let floats = source + (piece.lowerBound - range.lowerBound)
            var start = UnsafeRawPointer(floats)
            if !format.isPlain {
                let message = memory.take()
                buffers.append(message)
                format.pack(floats, piece, into: message.pointer)
                start = UnsafeRawPointer(message.pointer)
            }
            let bytes = UnsafeRawBufferPointer(start: start, count: format.byteCount(piece))
            sends.append(OutgoingMessage(to: peer, bytes))
        }
    }

    /// A range of the vector from another rank; `destination` is where its first float goes.
    mutating func receive(_ range: Range<Int>, into destination: UnsafeMutablePointer<Float>, from peer: Int) {
        for piece in MessagePieces.cut(range) {
            let floats = destination + (piece.lowerBound - range.lowerBound)
            var start = UnsafeMutableRawPointer(floats)
            if !format.isPlain {
                let message = memory.take()
                buffers.append(message)
                arrivals.append((message, piece, floats))
                start = UnsafeMutableRawPointer(message.pointer)
            }
            receives.append(IncomingMessage(from: peer, into: .init(start: start, count: format.byteCount(piece))))
        }
    }

    /// Posts the messages.
    mutating func start(_ communicator: any Communicator, channel: Int) throws {
        exchange = try communicator.start(sends: sends, receives: receives, channel: channel)
    }

    /// Whether all has gone and come, the floats that came in their places.
    func isDone() throws -> Bool {
        guard let exchange, try exchange.isDone() else { return false }
        for (message, range, destination) in arrivals { format.unpack(message.pointer, range, into: destination) }
        memory.giveBack(buffers)
        return true
    }
}

extension WireTransfer? {
    /// Whether a transfer was under way and has ended, which is forgotten then.
    mutating func hasEnded() throws -> Bool {
        guard let running = self, try running.isDone() else { return false }
        self = nil
        return true
    }
}
