import Checkpointing
import Foundation
import Glibc
import TestSupport
import Testing

@Suite struct StorageFailureTests {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    @Test func openReadersKeepTheOldContent() throws {
        let path = directory.file("f")
        let source = TensorSource(name: "a", dataType: .uint8, shape: [1], values: [1 as UInt8])
        try SafetensorsFile(metadata: ["k": "old"], sources: [source]).write(to: path)
        let old = try SafetensorsFile(path: path)
        try SafetensorsFile(metadata: [:], sources: []).write(to: path)
        #expect(try old.uint8s(of: "a") == [1])
    }

    /// In a process of its own, because the limit holds for all threads.
    @Test func aFileSizeLimitLeavesThePreviousCheckpoint() async {
        await #expect(processExitsWith: .success) {
            let directory = try TemporaryDirectory()
            let store = try CheckpointStore(directory: directory.path, keep: 1)
            try store.save(makeCheckpoint(step: 1))
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit()
            #expect(getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
            let before = limit
            limit.rlim_cur = 500
            #expect(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
            let expected = CheckpointError.system(
                path: directory.file(".step-00000002.safetensors.tmp-\(getpid())"), operation: "write", code: EFBIG)
            #expect(throws: expected) { try store.save(makeCheckpoint(step: 2)) }
            limit = before
            #expect(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
            #expect(try directory.contents() == ["step-00000001.safetensors"])
            #expect(try store.newestGood().checkpoint?.step == 1)
        }
    }

    /// In a process of its own, because root may write anywhere and has to become another user first.
    @Test func aDirectoryWithoutPermissionIsRefused() async {
        await #expect(processExitsWith: .success) {
            let directory = try TemporaryDirectory()
            let store = try CheckpointStore(directory: directory.path, keep: 1)
            try store.save(makeCheckpoint(step: 1))
            chmod(directory.path, 0o555)
            if geteuid() == 0 { #expect(seteuid(65534) == 0) }
            let expected = CheckpointError.system(
                path: directory.file(".step-00000002.safetensors.tmp-\(getpid())"), operation: "create", code: EACCES)
            #expect(throws: expected) { try store.save(makeCheckpoint(step: 2)) }
            if getuid() == 0 { #expect(seteuid(0) == 0) }
            chmod(directory.path, 0o755)
            #expect(try directory.contents() == ["step-00000001.safetensors"])
            #expect(try store.newestGood().checkpoint?.step == 1)
        }
    }

    @Test(.enabled(if: canMount, "mounting a file system needs root")) func aFullDiskLeavesThePreviousCheckpoint()
        throws
    {
        try withSmallFileSystem(size: "12k") { path in
            let store = try CheckpointStore(directory: path, keep: 1)
            try store.save(makeCheckpoint(step: 1))
            let big = TensorSource(name: "w", shape: [5000]) { $0.initialize(repeating: 1) }
            let checkpoint = try Checkpoint(step: 2, tensors: [.weights: [big]], configFingerprint: "")
            let error = #expect(throws: CheckpointError.self) { try store.save(checkpoint) }
            #expect(
                error
                    == .system(
                        path: path + "/.step-00000002.safetensors.tmp-\(getpid())", operation: "write", code: ENOSPC))
            #expect(error?.description.contains("No space left on device; free some space") == true)
            #expect(try FileManager.default.contentsOfDirectory(atPath: path) == ["step-00000001.safetensors"])
            try store.save(makeCheckpoint(step: 2))
            #expect(try store.newestGood().checkpoint?.step == 2)
        }
    }

    @Test(.enabled(if: canMount, "mounting a file system needs root")) func aReadOnlyFileSystemIsRefused() throws {
        try withSmallFileSystem(size: "64k") { path in
            let store = try CheckpointStore(directory: path, keep: 1)
            try store.save(makeCheckpoint(step: 1))
            #expect(mount("none", path, nil, UInt(MS_REMOUNT | MS_RDONLY), nil) == 0)
            let error = #expect(throws: CheckpointError.self) { try store.save(makeCheckpoint(step: 2)) }
            guard case .system(_, _, EROFS)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(try store.newestGood().checkpoint?.step == 1)
        }
    }
}

private struct MountFailure: Error { let code: Int32 }

/// Calls `body` with the path of a file system in memory of that size.
private func withSmallFileSystem(size: String, _ body: (String) throws -> Void) throws {
    let directory = try TemporaryDirectory()
    try withExtendedLifetime(directory) {
        guard mount("none", directory.path, "tmpfs", 0, "size=\(size)") == 0 else { throw MountFailure(code: errno) }
        defer { umount2(directory.path, Int32(MNT_DETACH)) }
        try body(directory.path)
    }
}

/// Whether this process may mount a file system.
private let canMount: Bool = {
    do {
        try withSmallFileSystem(size: "4k") { _ in }
        return true
    } catch {
        return false
    }
}()
