import System

/// What can go wrong while a run's figures are written.
package enum ReportingError: Error, Equatable, CustomStringConvertible {
    /// A file of the run directory could not be opened, written, replaced or read.
    case file(operation: String, path: String, reason: String)
    /// A record came before `began`, so that there is no run directory yet.
    case notBegun(record: String)

    package var description: String {
        switch self {
        case .file(let operation, let path, let reason):
            "cannot \(operation) \(path): \(reason); free space or make the run directory writable, or choose "
                + "another with --run, then start the same command again"
        case .notBegun(let record):
            "reporting: \(record) before began; call began(_:) with the run's description first"
        }
    }

    /// Whether the storage is at fault, not the order of calls.
    var isOfStorage: Bool {
        if case .file = self { true } else { false }
    }

    /// Runs `write`, whose errors of the system become this module's.
    static func wrapping(_ write: () throws(SystemError) -> Void) throws(ReportingError) {
        do {
            try write()
        } catch .file(let path, let operation, let code) {
            throw .system(operation, path, code: code)
        } catch {
            throw .file(operation: "write", path: "a file of the run", reason: error.description)
        }
    }

    /// The error for the C call that has just failed, with the system's text for `code`.
    static func system(_ operation: String, _ path: String, code: Int32) -> ReportingError {
        .file(operation: operation, path: path, reason: SystemError.text(code))
    }
}
