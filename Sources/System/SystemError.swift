import Glibc

/// What the operating system refuses; every text names the file or thread and ends with what to do.
package enum SystemError: Error, Equatable, CustomStringConvertible {
    /// A call on a file failed with `code`, an `errno` value.
    case file(path: String, operation: String, code: Int32)
    /// A directory, pipe or device lies where a file is to be mapped.
    case notRegular(path: String, isDirectory: Bool)
    /// The file just written reads back differently from byte `offset` on.
    case verificationFailed(path: String, offset: Int)
    /// A thread could not be started; `code` is an `errno` value.
    case thread(name: String, code: Int32)

    package var description: String {
        switch self {
        case .file(let path, let operation, let code):
            "\(path): \(operation): \(SystemError.text(code)); \(SystemError.remedy(code))"
        case .notRegular(let path, let isDirectory):
            "\(path): \(isDirectory ? "a directory" : "not a regular file"); check the path"
        case .verificationFailed(let path, let offset):
            "\(path): reads back differently from byte \(offset) on, older checkpoints are kept; check the disk "
                + "and its cables"
        case .thread(let name, let code):
            "thread \(name) could not be started: \(SystemError.text(code)); use fewer worker threads, or raise the "
                + "limits of processes (ulimit -u) and address space (ulimit -v)"
        }
    }

    /// The system's text for an `errno` value.
    package static func text(_ code: Int32) -> String { String(cString: strerror(code)) }

    /// What a user can do about an error of a call on a file.
    private static func remedy(_ code: Int32) -> String {
        switch code {
        case ENOSPC, EDQUOT: "free some space, keep fewer checkpoints, or choose another run directory with --run"
        case EROFS: "the file system is mounted read-only, choose another run directory with --run"
        case EACCES, EPERM: "give this user permission, or choose another run directory with --run"
        case EIO: "the disk reports an error, check the system log and move the run directory to another disk"
        case EFBIG: "raise the limit on file sizes (ulimit -f)"
        case EMFILE, ENFILE: "raise the limit on open files (ulimit -n)"
        case ENOMEM: "free some memory or raise the limit on address space (ulimit -v)"
        case ENOENT, ENOTDIR, EISDIR, ELOOP, ENAMETOOLONG: "check the path"
        default: "check the path and its file system"
        }
    }
}
