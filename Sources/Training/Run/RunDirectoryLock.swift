import Foundation
import Synchronization
import System

/// Keeps other jobs out of a run directory as long as it lives, and tells when the folder is no longer at its path.
///
/// The system lets go of the lock when the process ends, however that happens.
package final class RunDirectoryLock: Sendable {
    private struct Hold {
        /// Of the folder; negative while there is none.
        var descriptor: Int32
        var isLost = false
        var lookedAt = Clock.seconds
    }

    /// So often ``isLost`` looks at most.
    private static let lookSeconds = 1.0

    private let directory: RunDirectory
    private let hold: Mutex<Hold>
    private let lock: @Sendable (Int32) -> Int32

    /// Takes the lock, waiting for a job that is just ending: the ranks of a killed `mpirun` have two seconds.
    ///
    /// A file system that knows no locks (some network ones) is used without, which standard error is told.
    ///
    /// - Parameter lock: locks the folder that is open as a descriptor; gives 0 or an `errno` value.
    ///
    /// Throws `TrainingError.runDirectoryInUse`, and `runDirectory` where the lock fails for another reason.
    package init(
        _ directory: RunDirectory, waitingSeconds: Double = 2,
        lock: @escaping @Sendable (Int32) -> Int32 = { flock($0, LOCK_EX | LOCK_NB) == 0 ? 0 : errno }
    ) throws(TrainingError) {
        self.directory = directory
        self.lock = lock
        hold = Mutex(Hold(descriptor: try RunDirectoryLock.take(directory, waitingSeconds: waitingSeconds, lock)))
    }

    deinit { hold.withLock { if $0.descriptor >= 0 { close($0.descriptor) } } }

    private static func take(
        _ directory: RunDirectory, waitingSeconds: Double, _ lock: (Int32) -> Int32
    ) throws(TrainingError) -> Int32 {
        let descriptor = open(directory.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if descriptor < 0 {
            throw .runDirectory(path: directory.path, operation: "open", reason: String(cString: strerror(errno)))
        }
        let start = Clock.seconds
        while true {
            switch lock(descriptor) {
            case 0: return descriptor
            case EWOULDBLOCK where Clock.seconds - start <= waitingSeconds: usleep(50_000)
            case EWOULDBLOCK:
                close(descriptor)
                throw .runDirectoryInUse(path: directory.path)
            case EINTR: continue
            case ENOTSUP, ENOSYS, ENOLCK:
                StandardError.write(
                    "warning: \(directory.path): this file system knows no locks; let no other job train there")
                return descriptor
            case let code:
                close(descriptor)
                throw .runDirectory(path: directory.path, operation: "lock", reason: SystemError.text(code))
            }
        }
    }

    /// Whether the folder was removed, moved, unmounted or replaced, as far as was seen within the last second.
    var isLost: Bool { look(atLeastEverySeconds: RunDirectoryLock.lookSeconds) }

    /// The same as of now.
    var isLostNow: Bool { look(atLeastEverySeconds: 0) }

    private func look(atLeastEverySeconds seconds: Double) -> Bool {
        hold.withLock { hold in
            let now = Clock.seconds
            if hold.isLost || now - hold.lookedAt < seconds { return hold.isLost }
            hold.lookedAt = now
            // One that was removed while files were written to it is still there, but most of it is not.
            hold.isLost = !isAtPath(hold.descriptor) || access(directory.checkpoints, F_OK) != 0
            return hold.isLost
        }
    }

    /// Whether the directory's path leads to the folder that is open as `descriptor`.
    private func isAtPath(_ descriptor: Int32) -> Bool {
        var held = stat()
        var present = stat()
        return fstat(descriptor, &held) == 0 && stat(directory.path, &present) == 0 && held.st_dev == present.st_dev
            && held.st_ino == present.st_ino
    }

    /// Takes the lock of the folder that is at the path by now, if that is the old one or `isSuitable`; else it stays
    /// lost.
    ///
    /// Throws `TrainingError.runDirectory` or `runDirectoryInUse`.
    func takeAgain(isSuitable: () throws -> Bool) throws {
        try hold.withLock { hold in
            // The old folder may be back, and its lock would keep this one out.
            let isBack = hold.descriptor >= 0 && isAtPath(hold.descriptor)
            if hold.descriptor >= 0 { close(hold.descriptor) }
            hold.descriptor = -1
            let descriptor = try RunDirectoryLock.take(directory, waitingSeconds: 0, lock)
            let isRefused = Result { try !isBack && !isSuitable() }
            guard case .success(false) = isRefused else {
                close(descriptor)
                _ = try isRefused.get()
                throw TrainingError.runDirectory(
                    path: directory.path, operation: "use", reason: "a folder with other files has taken its place")
            }
            hold = Hold(descriptor: descriptor)
        }
    }
}
