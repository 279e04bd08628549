import Glibc

/// Why a job cannot be started or watched; every text ends with what to do.
package enum SupervisionError: Error, Equatable, CustomStringConvertible {
    /// A program could not be started; `code` is an `errno` value.
    case cannotStart(program: String, code: Int32)
    /// A call to the operating system failed with `code`.
    case system(operation: String, code: Int32)
    /// No folder can be made where temporary files go.
    case noTemporaryFolder(path: String, code: Int32)
    /// The host file cannot be read.
    case unreadableHostFile(path: String, code: Int32)
    /// A line of a host file, or a part of `--host`, names no host and slots.
    case malformedHost(place: String, text: String)
    /// A host file or `--host` without a host.
    case noHosts(place: String)
    /// The hosts that are left have fewer slots than the job needs.
    case tooFewSlots(slots: Int, needed: Int, lost: [String])

    package var description: String {
        switch self {
        case .cannotStart("mpirun", ENOENT):
            "mpirun: not found; install Open MPI (openmpi-bin), or leave --np out to use threads of one process"
        case .cannotStart(let program, let code):
            "\(program): cannot be started: \(text(code)); check that it is there and may be run"
        case .system(let operation, let code):
            "\(operation): \(text(code)); check the limits on processes and open files (ulimit -a)"
        case .noTemporaryFolder(let path, let code):
            "\(path): a temporary folder can't be made there: \(text(code)); set TMPDIR to a folder that exists and "
                + "has room"
        case .unreadableHostFile(let path, let code):
            "\(path): \(text(code)); give a file with one 'HOST slots=N' a line"
        case .malformedHost(let place, let found):
            "\(place): '\(found)' is no host; write 'HOST slots=N' in a host file, and HOST:N after --host"
        case .noHosts(let place): "\(place): names no host; give at least one"
        case .tooFewSlots(let slots, let needed, let lost):
            "\(slots) slot\(slots == 1 ? "" : "s") left for at least \(needed) ranks"
                + (lost.isEmpty ? "" : " without \(lost.joined(separator: ", "))")
                + "; repair or add hosts, or give a smaller --min-np; the same command resumes"
        }
    }

    private func text(_ code: Int32) -> String { String(cString: strerror(code)) }
}
