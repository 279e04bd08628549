/// Why an operation between ranks failed.
package enum CollectivesError: Error, Equatable, CustomStringConvertible {
    /// An MPI call returned an error.
    case mpi(call: String, rank: Int, text: String)
    /// Another rank ended the job while or before this rank's operation ran.
    case peerFailed(rank: Int, reason: String)
    /// This rank, a thread, ended the job itself.
    case aborted(rank: Int, exitCode: Int32, reason: String)
    /// Two ranks called different operations, or the same with different sizes.
    case mismatchedCall(rank: Int, call: String, peer: Int, peerCall: String)
    /// The communicator was used after `finalize`.
    case finalized(operation: String)
    /// MPI had been started before; it can be started once in a process.
    case alreadyInitialized
    /// MPI cannot serve a process that has threads.
    case threadsUnsupported(providedLevel: Int)
    /// MPI counts other ranks than the launcher announced.
    case launchMismatch(launcher: String, claimedRank: Int, claimedSize: Int?, rank: Int, worldSize: Int)
    /// A variable that a launcher sets holds something impossible.
    case malformedLauncherVariable(name: String, value: String)
    /// The variable that has ranks of one host act as several hosts names no host for every rank.
    case malformedHosts(value: String, worldSize: Int)

    /// What happened, on which rank, and what to do.
    package var description: String {
        switch self {
        case .mpi(let call, let rank, let text):
            "\(call) failed on rank \(rank): \(text). Check that all ranks run the same program and that their hosts "
                + "reach each other."
        case .peerFailed(let rank, let reason):
            "rank \(rank) ended the job: \(Self.sentence(reason)) Look at that rank's message for the cause."
        case .aborted(let rank, let exitCode, let reason):
            "rank \(rank) ended the job with exit code \(exitCode): \(Self.sentence(reason)) Remove that cause and "
                + "start again."
        case .mismatchedCall(let rank, let call, let peer, let peerCall):
            "rank \(rank) called \(call) while rank \(peer) called \(peerCall). "
                + "Run the same program with the same configuration on all ranks."
        case .finalized(let operation):
            "\(operation) was called after finalize. Finalize the communicator last."
        case .alreadyInitialized:
            "MPI was already started in this process. Start it once and pass the communicator on."
        case .threadsUnsupported(let level):
            "this MPI library provides thread level \(level), below MPI_THREAD_SERIALIZED. Use one built with thread "
                + "support."
        case .launchMismatch(let launcher, let claimedRank, let claimedSize, let rank, let worldSize):
            "\(launcher) announced rank \(claimedRank) of \(claimedSize.map(String.init) ?? "unknown"), but MPI "
                + "reports "
                + "rank \(rank) of \(worldSize). The launcher and the MPI library do not belong together: start the "
                + "job with "
                + "the mpirun of the Open MPI that this program is linked with, or with srun --mpi=pmix."
        case .malformedLauncherVariable(let name, let value):
            "environment variable \(name) is '\(value)', which no launcher sets. "
                + "Unset it to run as one process, or start the job with mpirun."
        case .malformedHosts(let value, let worldSize):
            "environment variable \(PretendedHosts.variable) is '\(value)'. Give it a number for each of the "
                + "\(worldSize) ranks, such as \((0..<worldSize).map { String($0 % 2) }.joined(separator: ",")), or "
                + "unset it."
        }
    }

    /// A reason with its full stop, which a wrapped error's text has already.
    private static func sentence(_ reason: String) -> String { reason.hasSuffix(".") ? reason : reason + "." }
}
