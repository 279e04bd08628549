import CMPI
import Glibc

/// Open MPI parameters that suit this process; what the user has set stays.
package struct MPIRuntimeSettings: Equatable {
    /// Environment variables to set before MPI starts.
    package var variables: [String: String] = [:]

    /// - `mpi_yield_when_idle` when the host has fewer cores than ranks: a rank that waits gives its core to the
    ///   others.
    /// - `btl_vader_single_copy_mechanism=none` where the kernel forbids reading another process's memory (containers
    ///   with a seccomp filter): Open MPI would print an error for every large message.
    /// - `btl_tcp_flags=1` (messages only, no emulated remote writes) and messages of up to 264 KiB, headers included,
    ///   without a handshake: 37 MB each way over 1 Gbit/s took 310 ms in place of 560 to 610, the line itself 309
    ///   (docs/network.md).
    /// - `btl=self,vader`, shared memory alone, for a job on one host that has room for it: no rank then listens on a
    ///   port. With `pml=ob1`, the layer above it, and `osc=sm`, windows in memory that a host shares, Open MPI looks
    ///   for no networks, whose libraries take each rank 12 ms to load.
    package init(
        localSize: Int?, worldSize: Int? = nil, allowedProcessors: Int, crossMemoryAttachAllowed: Bool,
        sharedMemoryFits: Bool = true
    ) {
        if let localSize, localSize > allowedProcessors { variables["OMPI_MCA_mpi_yield_when_idle"] = "1" }
        variables["OMPI_MCA_btl_tcp_flags"] = "1"
        for limit in ["eager_limit", "rndv_eager_limit"] { variables["OMPI_MCA_btl_tcp_\(limit)"] = String(264 << 10) }
        if let localSize, localSize == worldSize, sharedMemoryFits {
            variables["OMPI_MCA_btl"] = "self,vader"
            variables["OMPI_MCA_pml"] = "ob1"
            variables["OMPI_MCA_osc"] = "sm"
        }
        if !crossMemoryAttachAllowed { variables["OMPI_MCA_btl_vader_single_copy_mechanism"] = "none" }
    }

    /// Free shared memory for each rank of a host without which ranks keep another way to talk; Open MPI takes 4 MiB of
    /// it.
    package static let sharedBytesPerRank = 32 << 20

    /// Sets the variables that are not set yet. Called while no other thread reads or changes the environment.
    func apply() {
        for (name, value) in variables { setenv(name, value, 0) }
    }
}
