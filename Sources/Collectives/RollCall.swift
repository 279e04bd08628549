import CMPI
import Glibc
import Synchronization
import System

/// Questions and answers between ranks while one has waited too long: who is there, and is it waiting as well or at
/// work?
///
/// A rank answers whenever its communication thread calls MPI or has nothing to do, whatever its other threads do. One
/// from which no answer comes is stopped or cannot be reached. Messages have eight bytes: the number of the call and
/// what it is.
///
/// `@unchecked Sendable`: what is not atomic or under the mutex belongs to the thread that calls MPI; ``attend()`` by
/// an idle thread and other calls exclude each other.
final class RollCall: @unchecked Sendable {
    /// What another rank has answered.
    enum Answer: UInt64 {
        /// It waits for others.
        case waits = 1
        /// It has work of its own, over which its own watchdog watches.
        case works = 2
    }

    private static let question: UInt64 = 0
    /// How often messages are looked for.
    private static let lookSeconds = 0.05

    private let communicator: MPI_Comm
    private let rank: Int
    private let worldSize: Int
    /// The number of the latest call; 0 before the first.
    private let called = Atomic<UInt64>(0)
    private let isWaiting = Mutex<@Sendable () -> Bool>({ true })
    /// The number of the call whose questions have been sent, and the answers to it.
    private let heard = Mutex<(call: UInt64, answers: [Int: Answer])>((0, [:]))

    private struct Sending {
        var request: MPI_Request?
        let word: UnsafeMutablePointer<UInt64>
    }
    private var sendings: [Sending] = []
    private var polls = 0
    private var nextLook = 0.0
    private var hasFailed = false

    /// - Parameter communicator: one for this purpose alone.
    init(_ communicator: MPI_Comm, rank: Int, worldSize: Int) {
        self.communicator = communicator
        self.rank = rank
        self.worldSize = worldSize
    }

    /// How this rank answers; from any thread.
    func answer(_ isWaiting: @escaping @Sendable () -> Bool) { self.isWaiting.withLock { $0 = isWaiting } }

    /// Asks all other ranks, soon; from any thread.
    func ask() { called.add(1, ordering: .relaxed) }

    /// The answers to the latest call by rank; nil when it has not been sent yet. From any thread.
    var answers: [Int: Answer]? {
        let latest = called.load(ordering: .relaxed)
        return heard.withLock { $0.call == latest && latest > 0 ? $0.answers : nil }
    }

    /// As ``attend()``, for loops that poll MPI millions of times a second.
    @inline(__always)
    func attendBetweenPolls() {
        polls &+= 1
        if polls & 0xFF == 0 { attend() }
    }

    /// Asks, answers and listens, at most every 50 ms; where that fails, other ranks are gone, which is what the
    /// silence says then.
    func attend() {
        let now = Clock.seconds
        if now < nextLook || hasFailed { return }
        nextLook = now + RollCall.lookSeconds
        do {
            try sendQuestions()
            try receive()
            try completeSends()
        } catch {
            hasFailed = true
        }
    }

    private func sendQuestions() throws {
        let latest = called.load(ordering: .relaxed)
        guard heard.withLock({ $0.call }) != latest else { return }
        heard.withLock { $0 = (latest, [:]) }
        for peer in 0..<worldSize where peer != rank { try send(latest << 2 | RollCall.question, to: peer) }
    }

    private func receive() throws {
        while true {
            var isThere: Int32 = 0
            var status = MPI_Status()
            try checkMPI(MPI_Iprobe(cmpi_any_source(), 0, communicator, &isThere, &status), "MPI_Iprobe", rank: rank)
            if isThere == 0 { return }
            var word: UInt64 = 0
            let source = status.MPI_SOURCE
            try checkMPI(
                MPI_Recv(&word, 8, cmpi_byte(), source, 0, communicator, cmpi_status_ignore()), "MPI_Recv", rank: rank)
            if let answer = Answer(rawValue: word & 3) {
                heard.withLock { if $0.call == word >> 2 { $0.answers[Int(source)] = answer } }
            } else {
                let answer = isWaiting.withLock { $0 }() ? Answer.waits : .works
                try send(word | answer.rawValue, to: Int(source))
            }
        }
    }

    private func send(_ word: UInt64, to peer: Int) throws {
        var sending = Sending(request: nil, word: .allocate(capacity: 1))
        sending.word.initialize(to: word)
        let status = MPI_Isend(sending.word, 8, cmpi_byte(), Int32(peer), 0, communicator, &sending.request)
        sendings.append(sending)
        try checkMPI(status, "MPI_Isend", rank: rank)
    }

    /// Forgets what has been sent.
    private func completeSends() throws {
        for index in sendings.indices.reversed() {
            var isDone: Int32 = 0
            try checkMPI(MPI_Test(&sendings[index].request, &isDone, cmpi_status_ignore()), "MPI_Test", rank: rank)
            if isDone != 0 { sendings.remove(at: index).word.deallocate() }
        }
    }
}
