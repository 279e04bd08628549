import Glibc
import System

/// What can go wrong with weight files and checkpoints; every text names the file and ends with what to do.
package enum CheckpointError: Error, Equatable, CustomStringConvertible {
    /// A call to the operating system failed with `code` (an `errno` value).
    case system(path: String, operation: String, code: Int32)
    /// The file has another length than its header says (bytes).
    case wrongLength(path: String, expected: Int, actual: Int)
    /// The header breaks the safetensors format at byte `offset` of the file.
    case invalidHeader(path: String, offset: Int, problem: String)
    /// The file is of another kind, which other programs read.
    case foreignFile(path: String, kind: ForeignFile)
    /// The header's entry for `tensor`, which begins at byte `offset` of the file, is impossible.
    case invalidTensor(path: String, offset: Int, tensor: String, problem: String)
    /// The header means what it should but is not the one text that this program writes; it differs first at `offset`.
    case alteredHeader(path: String, offset: Int)
    /// The SHA-256 of the content is not the one in the file's metadata.
    case checksumMismatch(path: String, expected: String, actual: String)
    /// The file is sound but not a checkpoint, or its state cannot be read.
    case notACheckpoint(path: String, problem: String)
    /// The file has no tensor of that name.
    case missingTensor(path: String, tensor: String)
    /// The tensor has another shape than the one asked for.
    case shapeMismatch(path: String, tensor: String, expected: [Int], actual: [Int])
    /// The tensor's elements cannot be read as the type asked for.
    case dataTypeMismatch(path: String, tensor: String, expected: String, actual: String)
    /// The checkpoint belongs to another model; `tensor` is the first that differs, `nil` stands for absent.
    case modelMismatch(path: String, tensor: String, inFile: String?, inModel: String?)
    /// A tensor, slot or state key to be written has a name that the file cannot hold.
    case invalidName(name: String, problem: String)
    /// A value of the training state cannot be expressed as JSON.
    case invalidState(key: String, problem: String)
    /// The file just written reads back differently from byte `offset` on.
    /// A thread that writes could not be started.
    case threadStart(SystemError)
    case verificationFailed(path: String, offset: Int)
    /// The cryptography library refused a call.
    case digestFailed(operation: String)

    package var description: String {
        let useAnother = "use another copy of the file or the previous checkpoint"
        switch self {
        case .system(let path, let operation, let code):
            return SystemError.file(path: path, operation: operation, code: code).description
        case .wrongLength(let path, let expected, let actual):
            return "\(path): \(actual) bytes long, expected \(expected), so it is truncated or damaged; \(useAnother)"
        case .invalidHeader(let path, let offset, let problem):
            return "\(path): byte \(offset): \(problem); this is not a sound safetensors file, \(useAnother)"
        case .foreignFile(let path, let kind): return "\(path): \(kind.description(path: path))"
        case .invalidTensor(let path, let offset, let tensor, let problem):
            return "\(path): byte \(offset): tensor '\(tensor)': \(problem); \(useAnother)"
        case .alteredHeader(let path, let offset):
            return "\(path): byte \(offset): the header was altered after it was written; \(useAnother)"
        case .checksumMismatch(let path, let expected, let actual):
            return "\(path): SHA-256 is \(actual), the file says \(expected), so it is damaged; \(useAnother)"
        case .notACheckpoint(let path, let problem):
            return
                "\(path): not a checkpoint that this program can read: \(problem); give a file written by 'trainer "
                + "train'"
        case .missingTensor(let path, let tensor):
            return "\(path): no tensor '\(tensor)'; give the file that belongs to this model"
        case .shapeMismatch(let path, let tensor, let expected, let actual):
            return
                "\(path): tensor '\(tensor)': shape \(actual), expected \(expected); give the file that belongs to "
                + "this model"
        case .dataTypeMismatch(let path, let tensor, let expected, let actual):
            return "\(path): tensor '\(tensor)': elements are \(actual), expected \(expected); convert the file first"
        case .modelMismatch(let path, let tensor, let inFile, let inModel):
            return
                "\(path): of another model: '\(tensor)' is \(inFile ?? "absent") in the file and "
                + "\(inModel ?? "absent") in the model; "
                + "use the config of that run, or another run directory"
        case .invalidName(let name, let problem):
            return "name '\(name)': \(problem); rename it"
        case .invalidState(let key, let problem):
            return "training state '\(key)': \(problem); this is a defect of the program, report it"
        case .verificationFailed(let path, let offset):
            return SystemError.verificationFailed(path: path, offset: offset).description
        case .threadStart(let error): return error.description
        case .digestFailed(let operation):
            return "SHA-256: \(operation) failed; check the installation of OpenSSL (libcrypto)"
        }
    }

    /// Whether the storage is at fault, not what was to be written.
    package var isOfStorage: Bool {
        switch self {
        case .system, .verificationFailed: true
        default: false
        }
    }

    /// An error of the system in the place where it is one of checkpointing.
    package init(_ error: SystemError) {
        switch error {
        case .file(let path, let operation, let code): self = .system(path: path, operation: operation, code: code)
        case .notRegular(let path, let isDirectory):
            self = .system(path: path, operation: "open as a regular file", code: isDirectory ? EISDIR : EINVAL)
        case .verificationFailed(let path, let offset): self = .verificationFailed(path: path, offset: offset)
        case .thread: self = .threadStart(error)
        }
    }

    /// Runs `body`, whose errors of the system become errors of checkpointing.
    package static func wrapping<Result: ~Copyable>(
        _ body: () throws(SystemError) -> Result
    ) throws(CheckpointError) -> Result {
        do {
            return try body()
        } catch {
            throw CheckpointError(error)
        }
    }
}
