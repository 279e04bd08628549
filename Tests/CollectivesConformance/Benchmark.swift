import CMPI
import Collectives
import Glibc

/// Latency and bandwidth of the operations that training uses, between all ranks of the job.
struct Benchmark {
    private let communicator: any Communicator

    init(_ communicator: any Communicator) { self.communicator = communicator }

    /// Prints the median time of an exchange with the next rank, a barrier, and a window's synchronize.
    func run() throws {
        for (byteCount, rounds) in [(8, 5_000), (262_144, 500), (44_000_000, 20)] {
            let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * byteCount, alignment: 64)
            defer { memory.deallocate() }
            memory.initializeMemory(as: UInt8.self, repeating: 1)
            let next = (communicator.rank + 1) % communicator.worldSize
            let previous = (communicator.rank + communicator.worldSize - 1) % communicator.worldSize
            let send = OutgoingMessage(to: next, .init(rebasing: memory[..<byteCount]))
            let receive = IncomingMessage(from: previous, into: .init(rebasing: memory[byteCount...]))
            try report("exchange of \(byteCount) bytes", byteCount: byteCount, rounds: rounds) {
                try communicator.exchange(sends: [send], receives: [receive])
            }
        }
        try report("barrier", byteCount: 0, rounds: 5_000) { try communicator.barrier() }
        if let window = try communicator.sharedWindow(byteCountPerRank: 64) {
            try report("window synchronize", byteCount: 0, rounds: 20_000) { try window.synchronize() }
        }
    }

    /// Prints the median time of MPI_Allreduce of floats in place, for comparison.
    func runAllReduce() throws {
        for (byteCount, rounds) in [(8, 5_000), (262_144, 500), (44_000_000, 20)] {
            let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 64)
            defer { memory.deallocate() }
            memory.initializeMemory(as: UInt8.self, repeating: 0)
            try report("MPI_Allreduce of \(byteCount) bytes", byteCount: byteCount, rounds: rounds) {
                let status = MPI_Allreduce(
                    cmpi_in_place(), memory.baseAddress, Int32(byteCount / 4), cmpi_float(), cmpi_sum(),
                    cmpi_comm_world())
                guard status == MPI_SUCCESS else { fail("MPI_Allreduce returned \(status)", exitCode: 70) }
            }
        }
    }

    private func report(_ name: String, byteCount: Int, rounds: Int, _ body: () throws -> Void) throws {
        var times: [Double] = []
        for _ in 0..<rounds {
            let start = nanoseconds()
            try body()
            times.append(Double(nanoseconds() - start))
        }
        guard communicator.rank == 0 else { return }
        let median = times.sorted()[rounds / 2]
        let bandwidth = byteCount > 0 ? ", \((Double(byteCount) / median * 100).rounded() / 100) GB/s" : ""
        print("\(name): \((median / 10).rounded() / 100) us (median of \(rounds))\(bandwidth)")
    }

    private func nanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
