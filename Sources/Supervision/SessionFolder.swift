import Foundation

/// Where `mpirun` and the ranks of this machine keep what they share, for one attempt.
///
/// Open MPI removes its files when a job ends, but not when `mpirun` itself is killed: then 8 MB in the temporary folder
/// and a segment of each rank in `/dev/shm` stay for ever. A folder of the attempt's own tells which they are. It is given
/// as TMPDIR, which other hosts do not see: their daemons, which end in order, use their own.
final class SessionFolder {
    let path: String

    /// Makes the folder in TMPDIR or `/tmp`. Throws `SupervisionError.system`.
    init() throws(SupervisionError) {
        // Sockets in it allow paths of about a hundred characters.
        let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array((base + "/trainer-XXXXXX").utf8CString)
        guard let made = mkdtemp(&template) else { throw .system(operation: "create a folder in \(base)", code: errno) }
        path = String(cString: made)
    }

    /// Removes the folder and what its jobs have left in shared memory; call it when none of their processes is left.
    func remove() {
        let manager = FileManager.default
        let jobs = Set((manager.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []).compactMap(SessionFolder.job))
        for name in (try? manager.contentsOfDirectory(atPath: "/dev/shm")) ?? [] where SessionFolder.isSegment(name, ofJobs: jobs) {
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

    /// Whether a file of `/dev/shm` is `vader_segment.HOST.USER.JOB.RANK` or `osc_sm.HOST.JOB.…`, with the job in hexadecimal digits.
    static func isSegment(_ name: String, ofJobs jobs: Set<UInt32>) -> Bool {
        let fields = name.split(separator: ".")
        guard let kind = fields.first, kind == "vader_segment" || kind == "osc_sm" else { return false }
        return fields.dropFirst().contains { field in UInt32(field, radix: 16).map(jobs.contains) ?? false }
    }
}
