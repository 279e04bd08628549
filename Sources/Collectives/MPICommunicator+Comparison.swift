import CMPI

extension MPICommunicator {
    /// MPI_Allreduce of floats in place with MPI_SUM, on this thread: what our own reduction is measured against.
    ///
    /// MPI chooses the order of the additions, so training does not use it.
    package func libraryAllReduce(_ floats: UnsafeMutableBufferPointer<Float>) throws {
        precondition(floats.count <= Int(Int32.max), "libraryAllReduce: \(floats.count) floats in one call")
        let status = MPI_Allreduce(
            cmpi_in_place(), floats.baseAddress, Int32(floats.count), cmpi_float(), cmpi_sum(), cmpi_comm_world())
        try checkMPI(status, "MPI_Allreduce", rank: rank)
    }
}
