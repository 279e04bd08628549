import CMPI
import Glibc
import Synchronization
import System

/// The communicator of a job that a launcher such as `mpirun` started: its ranks are processes, on one host or many.
///
/// One thread at a time calls it (MPI runs at MPI_THREAD_SERIALIZED); transfers progress only inside its calls.
package final class MPICommunicator: Communicator, @unchecked Sendable {
    // Immutable after initialisation except `transfers`, `windows` and `isFinalized`, which the one calling thread
    // uses.
    package let rank: Int
    package let worldSize: Int
    package let hostRanks: [Int]
    package let hostRank: Int
    package let hostName = HostInformation.name
    let world: MPI_Comm
    let host: MPI_Comm
    let rollCall: RollCall
    /// Held by the thread that waits in a shared window, and by the communication thread when it has nothing else to
    /// do.
    let calls = SerialCalls()
    private let rollCallWorld: MPI_Comm
    let busyWaits: Bool
    private let sleepSlack: UInt64
    let maximumTransferBytes: Int
    var transfers = MPITransfers()
    var windows: [MPIWindow] = []
    private var isFinalized = false
    private let hasAborted = Atomic(false)

    /// Starts MPI in a process that a launcher started; once in a process, before other threads than a watchdog run.
    ///
    /// Throws `launchMismatch` on all ranks when MPI counts other ranks than the launcher announced to any (N worlds of
    /// one instead of one world of N), having stopped MPI again. Messages over `maximumTransferBytes` (at most 2³¹ − 1)
    /// go in parts.
    package static func initialize(
        under launcher: LauncherEnvironment, maximumTransferBytes: Int = 1 << 30
    ) throws -> MPICommunicator {
        precondition(
            maximumTransferBytes > 0 && maximumTransferBytes <= Int(Int32.max), "MPICommunicator: transfer size")
        if launcher.isWithoutProcessManager { throw launcher.mismatch(rank: 0, worldSize: 1) }
        var wasInitialized: Int32 = 0
        try checkMPI(MPI_Initialized(&wasInitialized), "MPI_Initialized", rank: launcher.rank)
        if wasInitialized != 0 { throw CollectivesError.alreadyInitialized }
        MPIRuntimeSettings(
            localSize: launcher.localSize, worldSize: launcher.worldSize,
            allowedProcessors: HostInformation.allowedProcessors,
            crossMemoryAttachAllowed: cmpi_cross_memory_attach_allowed() != 0,
            sharedMemoryFits: SharedMemorySpace.fits(
                byteCount: (launcher.localSize ?? 1) * MPIRuntimeSettings.sharedBytesPerRank)
        ).apply()
        var level: Int32 = 0
        let required = Int32(MPI_THREAD_SERIALIZED)
        let slack = MPISleep.slack(
            ranks: launcher.localSize ?? 1, processors: HostInformation.allowedProcessors)
        let status = MPISleep.withSlack(slack) { MPI_Init_thread(nil, nil, required, &level) }
        try checkMPI(status, "MPI_Init_thread", rank: launcher.rank)
        if level < required { throw CollectivesError.threadsUnsupported(providedLevel: Int(level)) }
        return try MPICommunicator(launcher: launcher, maximumTransferBytes: maximumTransferBytes)
    }

    private init(launcher: LauncherEnvironment, maximumTransferBytes: Int) throws {
        self.maximumTransferBytes = maximumTransferBytes
        let claimed = launcher.rank
        try checkMPI(
            MPI_Comm_set_errhandler(cmpi_comm_world(), cmpi_errors_return()), "MPI_Comm_set_errhandler", rank: claimed)
        let (rank, worldSize) = try Self.position(in: cmpi_comm_world(), rank: claimed)
        if let mismatch = try Self.mismatch(launcher, rank: rank, worldSize: worldSize) {
            try checkMPI(MPI_Finalize(), "MPI_Finalize", rank: rank)
            throw mismatch
        }
        // A duplicate keeps this program's messages apart from those of libraries. It inherits the error handler.
        var world: MPI_Comm?
        try checkMPI(MPI_Comm_dup(cmpi_comm_world(), &world), "MPI_Comm_dup", rank: rank)
        var machine: MPI_Comm?
        let shared = Int32(MPI_COMM_TYPE_SHARED)
        try checkMPI(
            MPI_Comm_split_type(world, shared, 0, cmpi_info_null(), &machine), "MPI_Comm_split_type", rank: rank)
        var rollCallWorld: MPI_Comm?
        try checkMPI(MPI_Comm_dup(cmpi_comm_world(), &rollCallWorld), "MPI_Comm_dup", rank: rank)
        guard let world, let machine, let rollCallWorld else {
            throw CollectivesError.mpi(call: "MPI_Comm_split_type", rank: rank, text: "no communicator was made")
        }
        self.rollCallWorld = rollCallWorld
        rollCall = RollCall(rollCallWorld, rank: rank, worldSize: worldSize)
        let (_, machineSize) = try Self.position(in: machine, rank: rank)
        // A launcher may have bound each rank to its own core, so the host's cores are those of all its ranks together.
        var processors = (0..<HostInformation.processorMaskWords).map { HostInformation.processorMask(word: $0) }
        try checkMPI(
            MPI_Allreduce(
                cmpi_in_place(), &processors, Int32(processors.count), cmpi_uint64(), cmpi_bitwise_or(), machine),
            "MPI_Allreduce", rank: rank)
        let processorCount = processors.reduce(0) { $0 + $1.nonzeroBitCount }
        busyWaits = machineSize <= processorCount
        sleepSlack = MPISleep.slack(ranks: machineSize, processors: max(processorCount, 1))
        let host = try PretendedHosts.part(of: machine, rank: rank, worldSize: worldSize)
        (self.world, self.host, self.rank, self.worldSize) = (world, host, rank, worldSize)
        let (hostRank, hostSize) = try Self.position(in: host, rank: rank)
        self.hostRank = hostRank
        hostRanks = try Self.allGather(UInt64(rank), in: host, size: hostSize, rank: rank).map(Int.init)
    }

    /// The first rank's of which MPI and the launcher count differently; the same on all ranks, because MPI ends on all
    /// or none.
    private static func mismatch(_ launcher: LauncherEnvironment, rank: Int, worldSize: Int) throws -> CollectivesError?
    {
        guard let world = cmpi_comm_world() else {
            throw CollectivesError.mpi(call: "MPI_COMM_WORLD", rank: rank, text: "there is no such communicator")
        }
        let size = launcher.worldSize ?? worldSize
        var first = launcher.rank == rank && size == worldSize ? UInt64(worldSize) : UInt64(rank)
        try checkMPI(
            MPI_Allreduce(cmpi_in_place(), &first, 1, cmpi_uint64(), cmpi_minimum(), world), "MPI_Allreduce",
            rank: rank)
        if first == worldSize { return nil }
        var claim = [UInt64(launcher.rank), UInt64(size)]
        try checkMPI(MPI_Bcast(&claim, 2, cmpi_uint64(), Int32(first), world), "MPI_Bcast", rank: rank)
        let claimed = LauncherEnvironment(
            launcher: launcher.launcher, rank: Int(claim[0]), worldSize: Int(claim[1]))
        return claimed.mismatch(rank: Int(first), worldSize: worldSize)
    }

    private static func allGather(_ value: UInt64, in communicator: MPI_Comm, size: Int, rank: Int) throws -> [UInt64] {
        var value = value
        var values = [UInt64](repeating: 0, count: size)
        let status = MPI_Allgather(&value, 8, cmpi_byte(), &values, 8, cmpi_byte(), communicator)
        try checkMPI(status, "MPI_Allgather", rank: rank)
        return values
    }

    private static func position(in communicator: MPI_Comm, rank: Int) throws -> (rank: Int, size: Int) {
        var (position, size): (Int32, Int32) = (0, 0)
        try checkMPI(MPI_Comm_rank(communicator, &position), "MPI_Comm_rank", rank: rank)
        try checkMPI(MPI_Comm_size(communicator, &size), "MPI_Comm_size", rank: rank)
        return (Int(position), Int(size))
    }

    package func barrier() throws {
        try requireOpen("barrier")
        var request: MPI_Request?
        try checkMPI(MPI_Ibarrier(world, &request), "MPI_Ibarrier", rank: rank)
        try wait(&request, "MPI_Ibarrier")
    }

    package func broadcast(_ buffer: UnsafeMutableRawBufferPointer, root: Int) throws {
        try requireOpen("broadcast")
        precondition(root >= 0 && root < worldSize, "broadcast: root \(root) outside 0..<\(worldSize)")
        for part in parts(ofByteCount: buffer.count) {
            var request: MPI_Request?
            let start = buffer.baseAddress.map { $0 + part.lowerBound }
            let status = MPI_Ibcast(start, Int32(part.count), cmpi_byte(), Int32(root), world, &request)
            try checkMPI(status, "MPI_Ibcast", rank: rank)
            try wait(&request, "MPI_Ibcast")
        }
    }

    package func allGather(_ contribution: UnsafeRawBufferPointer, into result: UnsafeMutableRawBufferPointer) throws {
        try requireOpen("allGather")
        let count = contribution.count
        precondition(result.count == count * worldSize, "allGather: \(result.count) bytes for \(worldSize) × \(count)")
        if result.count > maximumTransferBytes {
            return try exchange(
                sends: (0..<worldSize).map { OutgoingMessage(to: $0, contribution) },
                receives: (0..<worldSize).map {
                    IncomingMessage(from: $0, into: .init(rebasing: result[$0 * count..<($0 + 1) * count]))
                })
        }
        var request: MPI_Request?
        let status = MPI_Iallgather(
            contribution.baseAddress, Int32(count), cmpi_byte(), result.baseAddress, Int32(count), cmpi_byte(), world,
            &request)
        try checkMPI(status, "MPI_Iallgather", rank: rank)
        try wait(&request, "MPI_Iallgather")
    }

    package func abort(exitCode: Int32, reason: String, message: String?) throws -> Never {
        precondition(exitCode > 0 && exitCode < 256, "abort: exit code \(exitCode) outside 1...255")
        if hasAborted.exchange(true, ordering: .relaxed) {
            while true { sleep(1) }  // another thread of this rank is ending the job
        }
        Self.exitAfterGracePeriod(exitCode)  // first, because standard error may block
        StandardError.write(message ?? "\(name): \(reason)")
        // The daemon ends this process on MPI_Abort, and then waits for a launcher that it may not reach for a quarter
        // of an hour.
        cmpi_end_daemon_after(2)
        MPI_Abort(world, exitCode)
        _exit(exitCode)
    }

    package func answerRollCalls(isWaiting: @escaping @Sendable () -> Bool) { rollCall.answer(isWaiting) }

    package func callRoll() { rollCall.ask() }

    package var ranksThatAnswered: [Int: Bool]? { rollCall.answers?.mapValues { $0 == .waits } }

    package func attendRollCall() {
        _ = calls.withLockIfAvailable { if !isFinalized { rollCall.attend() } }
    }

    package func finalize() throws {
        guard !isFinalized else { return }
        isFinalized = true
        for window in windows { try window.free(rank: rank) }
        windows = []
        var (host, world, rollCallWorld): (MPI_Comm?, MPI_Comm?, MPI_Comm?) = (host, world, rollCallWorld)
        try checkMPI(MPI_Comm_free(&rollCallWorld), "MPI_Comm_free", rank: rank)
        try checkMPI(MPI_Comm_free(&host), "MPI_Comm_free", rank: rank)
        try checkMPI(MPI_Comm_free(&world), "MPI_Comm_free", rank: rank)
        let status = MPISleep.withSlack(sleepSlack) { MPI_Finalize() }
        try checkMPI(status, "MPI_Finalize", rank: rank)
    }

    func requireOpen(_ operation: String) throws {
        if isFinalized { throw CollectivesError.finalized(operation: operation) }
    }

    /// Ends this process when MPI_Abort has not done so within two seconds, which makes the launcher end the others.
    private static func exitAfterGracePeriod(_ exitCode: Int32) {
        do throws(SystemError) {
            _ = try JoinableThread(name: "end", stackBytes: 1 << 16) {
                sleep(2)
                _exit(exitCode)
            }
        } catch {
            // No thread is left in the system: MPI_Abort alone has to do it.
        }
    }
}
