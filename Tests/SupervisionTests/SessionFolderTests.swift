import Foundation
import JobHealth
import Supervision
import TestSupport
import Testing

/// Temporary files of Open MPI that its own clean-up does not reach.
struct SessionFolderTests {
    private func age(_ path: String) {
        let times = [timeval(tv_sec: time(nil) - 3600, tv_usec: 0), timeval(tv_sec: time(nil) - 3600, tv_usec: 0)]
        utimes(path, times)
    }

    @Test func `a folder goes with the segments of its jobs and no others`() throws {
        let folder = try SessionFolder()
        try Data().write(to: URL(fileURLWithPath: folder.path + "/smseg-4294901761-0"))  // job FFFF0001
        let own = "/dev/shm/vader_segment.test.0.ffff0001.2", other = "/dev/shm/vader_segment.test.0.fffe0001.2"
        for path in [own, other] { try Data().write(to: URL(fileURLWithPath: path)) }
        defer { unlink(other) }
        folder.remove()
        #expect(access(folder.path, F_OK) != 0 && access(own, F_OK) != 0)
        #expect(access(other, F_OK) == 0)
    }

    @Test func `what ranks have left of Open MPI 5 goes too`() throws {
        let folder = try SessionFolder()
        let own = "/dev/shm/sm_segment.test.org.0.ffff0002.2", other = "/dev/shm/sm_segment.test.org.0.fffe0002.2"
        for path in [own, other] { try Data(count: 4096).write(to: URL(fileURLWithPath: path)) }
        defer { unlink(other) }
        let file = open(own, O_RDONLY)
        let memory = mmap(nil, 4096, PROT_READ, MAP_SHARED, file, 0)
        SegmentRecord.leave(rank: 3, in: folder.path)
        munmap(memory, 4096)
        close(file)
        #expect(SegmentRecord.paths(in: folder.path).contains(own))
        folder.remove()
        #expect(access(own, F_OK) != 0 && access(other, F_OK) == 0)
    }

    @Test func `abandoned folders are removed, those in use and young ones stay`() throws {
        let base = try TemporaryDirectory()
        let folder = try SessionFolder()
        defer { folder.remove() }
        let abandoned = base.file("trainer-session-a"), young = base.file("trainer-session-b"),
            foreign = base.file("other")
        for path in [abandoned, young, foreign] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        }
        for path in [abandoned, foreign, folder.path] { age(path) }
        SessionFolder.removeAbandoned(in: base.path)
        SessionFolder.removeAbandoned(in: (folder.path as NSString).deletingLastPathComponent)
        #expect(access(abandoned, F_OK) != 0)
        #expect([young, foreign, folder.path].allSatisfy { (path: String) in access(path, F_OK) == 0 })
    }
}
