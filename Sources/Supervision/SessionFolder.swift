import Foundation
import JobHealth

/// Where `mpirun` and the ranks of this machine keep what they share, for one attempt.
///
/// Open MPI removes its files when a job ends, but not when `mpirun` itself is killed: then 8 MB in the temporary
/// folder and a segment of each rank in `/dev/shm` stay for ever. A folder of the attempt's own tells which they are.
/// It is given as TMPDIR, which other hosts do not see: their daemons, which end in order, use their own.
package final class SessionFolder {
    package let path: String
    /// Holds a lock as long as this process lives, however it ends.
    private let descriptor: Int32

    /// Makes the folder in TMPDIR or `/tmp`, and removes those of supervisors that were killed. Throws
    /// `SupervisionError.system`.
    package init() throws(SupervisionError) {
        // Sockets in it allow paths of about a hundred characters.
        let base = SessionFolder.base
        SessionFolder.removeAbandoned(in: base)
        var template = Array((base + "/" + SessionFolder.prefix + "XXXXXX").utf8CString)
        guard let made = mkdtemp(&template) else { throw .noTemporaryFolder(path: base, code: errno) }
        path = String(cString: made)
        descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if descriptor < 0 { throw .system(operation: "open \(path)", code: errno) }
        // Where the file system knows no locks, nobody can take this one either.
        _ = flock(descriptor, LOCK_EX | LOCK_NB)
    }

    deinit { close(descriptor) }

    /// Removes the folder and what its jobs have left in shared memory; call it when none of their processes is left.
    package func remove() { SessionFolder.remove(path) }

    /// The folder for temporary files; one that is named with nothing is none.
    private static var base: String {
        getenv("TMPDIR").map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
    }

    private static let prefix = "trainer-session-"
    /// How old a folder must be to count as abandoned: its owner locks it a moment after making it.
    private static let youthSeconds = 60

    /// Removes this user's folders in `base` that no process holds.
    package static func removeAbandoned(in base: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: base)) ?? [] where name.hasPrefix(prefix) {
            let path = base + "/" + name
            var status = stat()
            guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid(),
                status.st_mtim.tv_sec < time(nil) - youthSeconds
            else { continue }
            let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            if descriptor < 0 { continue }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { remove(path) }
            close(descriptor)
        }
    }

    private static func remove(_ path: String) {
        let manager = FileManager.default
        let ofDaemons = (manager.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []).compactMap {
            job(ofPath: $0)
        }
        let jobs = Set(ofDaemons + SegmentRecord.paths(in: path).compactMap { job(ofSegment: $0) })
        for name in (try? manager.contentsOfDirectory(atPath: "/dev/shm")) ?? [] where isSegment(name, ofJobs: jobs) {
            unlink("/dev/shm/" + name)
        }
        // What cannot be removed does no harm, and there is nobody to tell.
        try? manager.removeItem(atPath: path)
    }

    /// The job's number in the name of a segment of its daemon, `…/smseg-419364865-0`.
    static func job(ofPath path: String) -> UInt32? {
        guard let name = path.split(separator: "/").last, name.hasPrefix("smseg-") else { return nil }
        let fields = name.split(separator: "-")
        return fields.count > 1 ? UInt32(fields[1]) : nil
    }

    /// The job's number in the path of a rank's segment, `/dev/shm/sm_segment.HOST.USER.JOB.RANK`.
    static func job(ofSegment path: String) -> UInt32? {
        guard let name = path.split(separator: "/").last, segmentKinds.contains(where: { name.hasPrefix($0 + ".") })
        else { return nil }
        // A host's name may have dots.
        return name.split(separator: ".").dropLast().last.flatMap { UInt32($0, radix: 16) }
    }

    /// How Open MPI 4 and 5 begin the names of what ranks talk through.
    private static let segmentKinds = ["vader_segment", "sm_segment"]

    /// Whether a file of `/dev/shm` is `vader_segment.HOST.USER.JOB.RANK`, `sm_segment.HOST.USER.JOB.RANK` or
    /// `osc_sm.HOST.JOB.…`, with the job in hexadecimal digits.
    static func isSegment(_ name: String, ofJobs jobs: Set<UInt32>) -> Bool {
        let fields = name.split(separator: ".")
        guard let kind = fields.first, segmentKinds.contains(String(kind)) || kind == "osc_sm" else { return false }
        return fields.dropFirst().contains { field in UInt32(field, radix: 16).map(jobs.contains) ?? false }
    }
}
