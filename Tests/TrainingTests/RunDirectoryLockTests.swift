import Foundation
import TestSupport
import Testing
import Training

@Suite struct RunDirectoryLockTests {
    private let folder: TemporaryDirectory
    private let directory: RunDirectory

    init() throws {
        folder = try TemporaryDirectory()
        directory = RunDirectory(folder.path)
    }

    @Test func `a folder is one job's`() throws {
        let first = try RunDirectoryLock(directory, waitingSeconds: 0)
        #expect(throws: TrainingError.runDirectoryInUse(path: folder.path)) {
            _ = try RunDirectoryLock(directory, waitingSeconds: 0)
        }
        _ = first
    }

    @Test(arguments: [ENOTSUP, ENOSYS, ENOLCK]) func `a file system without locks is used all the same`(code: Int32)
        throws
    {
        _ = try RunDirectoryLock(directory, waitingSeconds: 0) { _ in code }
    }

    @Test(arguments: [EIO, ESTALE, EBADF]) func `a lock that fails is no lock`(code: Int32) {
        let error = TrainingError.runDirectory(
            path: folder.path, operation: "lock", reason: String(cString: strerror(code)))
        #expect(throws: error) { _ = try RunDirectoryLock(directory, waitingSeconds: 0) { _ in code } }
    }
}
