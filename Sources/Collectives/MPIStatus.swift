import CMPI

/// Checks what an MPI call returned and names the call and MPI's text in the error.
func checkMPI(_ status: Int32, _ call: String, rank: Int) throws {
    if status != MPI_SUCCESS { throw CollectivesError.mpi(call: call, rank: rank, text: mpiErrorText(status)) }
}

/// MPI's text for an error code.
private func mpiErrorText(_ code: Int32) -> String {
    var text = [CChar](repeating: 0, count: Int(MPI_MAX_ERROR_STRING) + 1)
    var length: Int32 = 0
    let status = MPI_Error_string(code, &text, &length)
    guard status == MPI_SUCCESS else { return "error code \(code)" }
    return String(decoding: text.prefix(Int(length)).map(UInt8.init(bitPattern:)), as: UTF8.self)
}
