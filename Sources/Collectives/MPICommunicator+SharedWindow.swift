import CMPI
import Glibc
import System

/// An MPI window and the segments in it.
struct MPIWindow {
    let handle: MPI_Win
    let window: SharedWindow
    /// All of its memory.
    let bytes: UnsafeRawBufferPointer

    /// Gives the memory back, together with the other ranks of the host.
    func free(rank: Int) throws {
        window.close()
        MemoryRanges.remove(bytes)
        var handle: MPI_Win? = handle
        try checkMPI(MPI_Win_unlock_all(handle), "MPI_Win_unlock_all", rank: rank)
        try checkMPI(MPI_Win_free(&handle), "MPI_Win_free", rank: rank)
    }
}

extension MPICommunicator {
    package func sharedWindow(byteCountPerRank: Int) throws -> SharedWindow? {
        try requireOpen("sharedWindow")
        let layout = SharedWindowLayout(byteCountPerRank: byteCountPerRank, hostSize: hostRanks.count)
        // Asked first and agreed on: Open MPI's ranks hang or crash when the host's shared memory turns out too small.
        let fits = SharedMemorySpace.isWanted && (hostRank != 0 || SharedMemorySpace.fits(byteCount: layout.totalBytes))
        if try allReduceMaximum([fits ? 0 : 1]) != [0] { return nil }

        let handle = try allocateShared(byteCount: hostRank == 0 ? layout.totalBytes : 0)
        var size: MPI_Aint = 0
        var unit: Int32 = 0
        var address: UnsafeMutableRawPointer?
        try checkMPI(MPI_Win_shared_query(handle, 0, &size, &unit, &address), "MPI_Win_shared_query", rank: rank)
        guard let address, size >= layout.totalBytes else {
            throw CollectivesError.mpi(
                call: "MPI_Win_shared_query", rank: rank, text: "\(size) bytes of \(layout.totalBytes)")
        }
        try checkMPI(MPI_Win_lock_all(MPI_MODE_NOCHECK, handle), "MPI_Win_lock_all", rank: rank)
        let window = SharedWindow(
            memory: address, layout: layout, hostRank: hostRank, busyWaits: busyWaits,
            coherence: coherence(of: handle), owner: nil)
        let bytes = UnsafeRawBufferPointer(start: address, count: layout.totalBytes)
        windows.append(MPIWindow(handle: handle, window: window, bytes: bytes))
        // Whoever touches memory that the host turns out not to have gets a SIGBUS, and says what was short.
        MemoryRanges.add(bytes, .sharedWindow)
        if hostRank == 0 {
            (address).initializeMemory(as: UInt8.self, repeating: 0, count: 2 * SharedWindowLayout.pageBytes)
        }
        window.clearOwnSegment()
        try checkMPI(MPI_Win_sync(handle), "MPI_Win_sync", rank: rank)
        try barrier()
        return window
    }

    private func allocateShared(byteCount: Int) throws -> MPI_Win {
        var handle: MPI_Win?
        var start: UnsafeMutableRawPointer?
        let status = MPI_Win_allocate_shared(byteCount, 1, cmpi_info_null(), host, &start, &handle)
        try checkMPI(status, "MPI_Win_allocate_shared", rank: rank)
        guard let handle else {
            throw CollectivesError.mpi(call: "MPI_Win_allocate_shared", rank: rank, text: "no window was made")
        }
        try checkMPI(MPI_Win_set_errhandler(handle, cmpi_errors_return()), "MPI_Win_set_errhandler", rank: rank)
        return handle
    }

    private func coherence(of handle: MPI_Win) -> SharedWindow.Coherence {
        let (rank, world, rollCall, calls) = (rank, world, rollCall, calls)
        nonisolated(unsafe) let (window, communicator) = (handle, world)  // called by the one thread that calls MPI
        return SharedWindow.Coherence(
            fence: { try calls.withLock { try checkMPI(MPI_Win_sync(window), "MPI_Win_sync", rank: rank) } },
            whileWaiting: {
                // A message that MPI has accepted may still lie in this process; another host may wait for it.
                try calls.withLock {
                    var found: Int32 = 0
                    let status = MPI_Iprobe(
                        cmpi_any_source(), cmpi_any_tag(), communicator, &found, cmpi_status_ignore())
                    try checkMPI(status, "MPI_Iprobe", rank: rank)
                    rollCall.attend()
                }
            })
    }
}

/// The file system that Open MPI keeps shared memory in.
enum SharedMemorySpace {
    /// Whether the user lets ranks share memory: `TRAINER_SHARED_MEMORY=0` makes them exchange messages.
    static var isWanted: Bool { getenv("TRAINER_SHARED_MEMORY").map { String(cString: $0) } != "0" }

    /// Whether `byteCount` more bytes fit; memory promised and not there ends a process by SIGBUS at its first touch.
    static func fits(byteCount: Int, path: String = "/dev/shm") -> Bool {
        var space = statvfs()
        // Open MPI uses another place then
        guard access(path, W_OK) == 0, statvfs(path, &space) == 0 else { return true }
        return byteCount / Int(space.f_frsize) + 1 < Int(space.f_bavail)
    }
}
