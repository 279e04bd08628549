import System
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
            #expect(throws: SystemError.verificationFailed(path: path, offset: offset)) {
                try verify(altered)
            }
        }
        #expect(throws: SystemError.verificationFailed(path: path, offset: 100 + (2 << 20))) {
            try verify(Array(content.dropLast()))
        }
        #expect(throws: SystemError.verificationFailed(path: path, offset: content.count)) {
            try verify(content + [0])
        }
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
        let error = #expect(throws: SystemError.self) { try AtomicFile.write(text: "x", to: missing) }
        #expect(error == .file(path: directory.file("none/.name.tmp-\(getpid())"), operation: "create", code: ENOENT))
        #expect(
            error?.description
                == "\(directory.path)/none/.name.tmp-\(getpid()): create: No such file or directory; check the path")
        #expect(mkdir(directory.file("folder"), 0o777) == 0)
        #expect(throws: SystemError.file(path: directory.file("folder"), operation: "replace", code: EISDIR)) {
            try AtomicFile.write(text: "x", to: directory.file("folder"))
        }
        #expect(try directory.contents() == ["folder"])
    }
}
