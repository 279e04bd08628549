import Checkpointing
import Foundation
import Glibc
import TestSupport
import Testing

@Suite struct AtomicFileTests {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    @Test func replacesTheFileAndLeavesNothingElse() throws {
        let path = directory.file("name")
        try AtomicFile.write(text: "old, and longer", to: path)
        try [UInt8]("new".utf8).withUnsafeBytes { part in
            try AtomicFile.write([part, UnsafeRawBufferPointer(start: nil, count: 0), part], to: path)
        }
        #expect(try directory.read("name") == Array("newnew".utf8))
        #expect(try directory.contents() == ["name"])
    }

    @Test func temporaryFilesOfAllProcessesAreRemovedAndNothingElse() throws {
        let kept = [".name.tmp-x", ".name.tmp-0", "name.tmp-4194304", ".tmpfile"]
        for name in kept + [".name.tmp-4194304", ".name.tmp-\(getpid())", ".name.tmp-\(getppid())"] {
            try directory.write([1], to: name)
        }
        #expect(try AtomicFile.removeTemporaries(in: directory.path) == 3)
        #expect(try directory.contents() == kept.sorted())
    }

    @Test func readingBackFindsEveryDifference() throws {
        let path = directory.file("f")
        let content = (0..<(5 << 19)).map { UInt8(truncatingIfNeeded: $0) }  // two and a half pieces of 1 MiB
        func verify(_ written: [UInt8]) throws {
            try directory.write(written, to: "f")
            try content.withUnsafeBytes { whole in
                let parts = [
                    UnsafeRawBufferPointer(rebasing: whole[..<100]), UnsafeRawBufferPointer(rebasing: whole[100...]),
                ]
                try AtomicFile.verify(parts, at: path)
            }
        }
        try verify(content)
        for (index, offset) in [(0, 0), (99, 0), (100, 100), (content.count - 1, 100 + (2 << 20))] {
            var altered = content
            altered[index] ^= 1
            #expect(throws: CheckpointError.verificationFailed(path: path, offset: offset)) {
                try verify(altered)
            }
        }
        #expect(throws: CheckpointError.verificationFailed(path: path, offset: 100 + (2 << 20))) {
            try verify(Array(content.dropLast()))
        }
        #expect(throws: CheckpointError.verificationFailed(path: path, offset: content.count)) {
            try verify(content + [0])
        }
    }

    @Test func openReadersKeepTheOldContent() throws {
        let path = directory.file("f")
        let source = TensorSource(name: "a", dataType: .uint8, shape: [1], values: [1 as UInt8])
        try SafetensorsFile(metadata: ["k": "old"], sources: [source]).write(to: path)
        let old = try SafetensorsFile(path: path)
        try SafetensorsFile(metadata: [:], sources: []).write(to: path)
        #expect(try old.uint8s(of: "a") == [1])
    }

    @Test func aLinkAtTheTemporaryNameIsNotFollowed() throws {
        let victim = try directory.write([1, 2, 3], to: "victim")
        #expect(symlink(victim, directory.file(".name.tmp-\(getpid())")) == 0)
        try AtomicFile.write(text: "x", to: directory.file("name"))
        #expect(try directory.read("victim") == [1, 2, 3])
        #expect(try directory.contents() == ["name", "victim"])
    }

    @Test func errorsNamePathOperationReasonAndRemedy() throws {
        let missing = directory.file("none/name")
        let error = #expect(throws: CheckpointError.self) { try AtomicFile.write(text: "x", to: missing) }
        #expect(error == .system(path: directory.file("none/.name.tmp-\(getpid())"), operation: "create", code: ENOENT))
        #expect(
            error?.description
                == "\(directory.path)/none/.name.tmp-\(getpid()): create: No such file or directory; check the path")
        #expect(mkdir(directory.file("folder"), 0o777) == 0)
        #expect(throws: CheckpointError.system(path: directory.file("folder"), operation: "rename", code: EISDIR)) {
            try AtomicFile.write(text: "x", to: directory.file("folder"))
        }
        #expect(try directory.contents() == ["folder"])
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
