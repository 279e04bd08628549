import Checkpointing
import Foundation
import System

/// The folder that holds everything a run writes.
package struct RunDirectory: Sendable {
    /// Without slashes at the end.
    package let path: String

    package init(_ path: String) {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        self.path = path
    }

    package var configuration: String { path + "/config.yaml" }
    package var checkpoints: String { path + "/checkpoints" }
    package var final: String { path + "/final.safetensors" }
    /// The averages of the weights, of runs that have them.
    package var averaged: String { path + "/averaged.safetensors" }
    package var best: String { path + "/best.safetensors" }
    /// What all ranks did in these steps.
    func trace(_ steps: ClosedRange<Int>) -> String {
        let first = steps.count > 1 ? "\(steps.lowerBound)-" : ""
        return "\(path)/trace-\(first)\(steps.upperBound).json"
    }

    /// Makes the folder, with those above it, and checks that it can be written to. Throws
    /// `TrainingError.runDirectory`.
    package func create() throws(TrainingError) {
        if path.isEmpty { throw .runDirectory(path: "--run", operation: "create", reason: "the name is empty") }
        var end = path.startIndex
        repeat {
            end = path[end...].dropFirst().firstIndex(of: "/") ?? path.endIndex
            let part = String(path[..<end])
            if mkdir(part, 0o777) != 0 && errno != EEXIST { throw failure("create", at: part) }
        } while end < path.endIndex
        var status = stat()
        if stat(path, &status) != 0 { throw failure("create") }
        if status.st_mode & S_IFMT != S_IFDIR {
            throw .runDirectory(path: path, operation: "create", reason: "a file has that name")
        }
        if access(path, W_OK | X_OK) != 0 { throw failure("write") }
    }

    /// Moves an earlier run out of the way, to `PATH.1`, `PATH.2`, …, and makes the folder anew; gives the old run's
    /// new place. Of a symbolic link it is the folder behind it that moves, so that the link stays what it is.
    package func setAside() throws(TrainingError) -> String {
        let resolved = realpath(path, nil)
        defer { free(resolved) }
        let folder = resolved.map { String(cString: $0) } ?? path
        var number = 1
        while access("\(folder).\(number)", F_OK) == 0 { number += 1 }
        if rename(folder, "\(folder).\(number)") != 0 {
            throw errno == EBUSY || errno == EXDEV
                ? .runDirectory(
                    path: path, operation: "set aside",
                    reason: "it is the place where a file system is mounted, which can't move") : failure("set aside")
        }
        try RunDirectory(folder).create()
        return "\(folder).\(number)"
    }

    /// Removes the half-written files that a killed job left; the caller must hold the folder's ``RunDirectoryLock``.
    ///
    /// Throws `CheckpointError.system`.
    func removeTemporaries() throws(CheckpointError) {
        try CheckpointError.wrapping { () throws(SystemError) in
            try AtomicFile.removeTemporaries(in: path)
            if access(checkpoints, F_OK) == 0 { try AtomicFile.removeTemporaries(in: checkpoints) }
        }
    }

    /// Whether anything is in the folder.
    func isEmpty() throws(TrainingError) -> Bool {
        guard let folder = opendir(path) else { throw failure("read") }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        return count <= 2  // the folder itself and the one above
    }

    private func failure(_ operation: String, at part: String? = nil) -> TrainingError {
        .runDirectory(path: part ?? path, operation: operation, reason: String(cString: strerror(errno)))
    }
}
