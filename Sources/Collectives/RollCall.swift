import CMPI
import Synchronization

/// Ranks that wait too long tell all others so, in messages of eight bytes; a rank from which none comes is the one that is late,
/// stopped or unreachable.
///
/// The thread that waits inside MPI calls sends and receives them, because no other may call MPI. Any thread asks.
///
/// `@unchecked Sendable`: `sent`, `hasFailed`, `requests` and `word` belong to the thread that calls MPI; the rest is atomic, constant or under the mutex.
final class RollCall: @unchecked Sendable {
    private let communicator: MPI_Comm
    private let rank: Int
    private let worldSize: Int
    /// What the ranks that wait agree on, so that an answer of another call does not count; 0 while none has been asked for.
    private let wanted = Atomic<UInt64>(0)
    private var sent: UInt64 = 0
    private var hasFailed = false
    private var requests: [MPI_Request?] = []
    private let word = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)
    private let heard = Mutex<[Int: UInt64]>([:])

    /// - Parameter communicator: one for this purpose alone.
    init(_ communicator: MPI_Comm, rank: Int, worldSize: Int) {
        self.communicator = communicator
        self.rank = rank
        self.worldSize = worldSize
    }

    deinit { word.deallocate() }

    /// From now on this rank says that it waits; from any thread.
    func ask(_ place: UInt64) { wanted.store(place + 1, ordering: .relaxed) }

    /// The ranks from which no answer to ``ask(_:)`` has come; from any thread.
    func silent(_ place: UInt64) -> [Int] {
        heard.withLock { heard in (0..<worldSize).filter { $0 != rank && heard[$0] != place + 1 } }
    }

    /// Sends and receives what there is; called again and again by the thread that waits inside MPI calls.
    ///
    /// Where that fails, other ranks are gone, which is what the silence says then.
    func attend() {
        let place = wanted.load(ordering: .relaxed)
        if place == 0 || hasFailed { return }
        do {
            try send(place)
            try receive()
        } catch {
            hasFailed = true
        }
    }

    private func send(_ place: UInt64) throws {
        if sent != place, requests.isEmpty {
            sent = place
            word.pointee = place
            for peer in 0..<worldSize where peer != rank {
                var request: MPI_Request?
                try checkMPI(MPI_Isend(word, 8, cmpi_byte(), Int32(peer), 0, communicator, &request), "MPI_Isend", rank: rank)
                requests.append(request)
            }
        }
        if !requests.isEmpty {
            var isDone: Int32 = 0
            let status = MPI_Testall(Int32(requests.count), &requests, &isDone, cmpi_statuses_ignore())
            try checkMPI(status, "MPI_Testall", rank: rank)
            if isDone != 0 { requests.removeAll() }
        }
    }

    private func receive() throws {
        while true {
            var isThere: Int32 = 0
            var status = MPI_Status()
            try checkMPI(MPI_Iprobe(cmpi_any_source(), 0, communicator, &isThere, &status), "MPI_Iprobe", rank: rank)
            if isThere == 0 { return }
            var place: UInt64 = 0
            let source = status.MPI_SOURCE
            try checkMPI(MPI_Recv(&place, 8, cmpi_byte(), source, 0, communicator, cmpi_status_ignore()), "MPI_Recv", rank: rank)
            heard.withLock { $0[Int(source)] = place }
        }
    }
}
