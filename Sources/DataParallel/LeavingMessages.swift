/// Messages that other ranks may still have to take: what they carry may be overwritten once they have left.
///
/// `@unchecked Sendable`: used by the communication thread, and by the thread that calls MPI in its place.
final class LeavingMessages: @unchecked Sendable {
    private var transfers: [(bucket: Int, transfer: WireTransfer)] = []
    private var isAttended = false

    func add(_ transfer: WireTransfer, bucket: Int) { transfers.append((bucket, transfer)) }

    /// Lets messages move on and tells whether those of a bucket have left, or all.
    func haveLeft(bucket: Int? = nil) throws -> Bool {
        try transfers.removeAll { try ($0.bucket == bucket || bucket == nil) && $0.transfer.isDone() }
        return !transfers.contains { $0.bucket == bucket || bucket == nil }
    }

    /// Has a thread let them move on between its jobs.
    ///
    /// - Parameter owner: of what they carry; it lives until they have left, though the step may be the last.
    func leave(on communication: CommunicationThread, keeping owner: any AnyObject & Sendable) {
        if transfers.isEmpty || isAttended { return }
        isAttended = true
        communication.attend { [self, owner] in
            withExtendedLifetime(owner) { moveOn() }
        }
    }

    private func moveOn() -> Bool {
        // Whoever waits for messages that failed sees it again.
        let isOver = (try? haveLeft()) ?? true
        if isOver { isAttended = false }
        return isOver
    }
}
