import Glibc

/// The job's other processes on this host, as the system sees them; for messages about ranks that do not answer.
package enum SiblingProcesses {
    /// What ``ranksThatCannotRun()`` says of a rank after SIGSTOP.
    package static let stopped = "stopped"

    /// Ranks of this host that cannot run, with why: ``stopped``, or `waiting for storage or a device`.
    ///
    /// Ranks are the processes that have this one's parent, the launcher or its daemon. Empty where /proc can't be
    /// read.
    package static func ranksThatCannotRun() -> [Int: String] {
        guard let folder = opendir("/proc") else { return [:] }
        defer { closedir(folder) }
        let parent = getppid()
        var result: [Int: String] = [:]
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let process = pid_t(name), process != getpid(), let status = status(of: process),
                status.parent == parent,
                let rank = rank(of: process)
            else { continue }
            switch status.state {
            case "T", "t": result[rank] = stopped
            case "D": result[rank] = "waiting for storage or a device"
            default: break
            }
        }
        return result
    }

    private static func status(of process: pid_t) -> (state: Character, parent: pid_t)? {
        // number (command) state parent …; the command may have spaces and parentheses.
        guard let text = content("/proc/\(process)/stat"), let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 1, let state = fields[0].first, let parent = pid_t(fields[1]) else { return nil }
        return (state, parent)
    }

    private static func rank(of process: pid_t) -> Int? {
        let names = ["OMPI_COMM_WORLD_RANK=", "PMIX_RANK=", "SLURM_PROCID=", "PMI_RANK="]
        guard let variables = content("/proc/\(process)/environ")?.split(separator: "\0") else { return nil }
        for name in names {
            if let variable = variables.first(where: { $0.hasPrefix(name) }) {
                return Int(variable.dropFirst(name.count))
            }
        }
        return nil
    }

    private static func content(_ path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        if file < 0 { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 14)
        while true {
            let count = read(file, &buffer, buffer.count)
            if count <= 0 { return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self) }
            bytes += buffer[..<count]
        }
    }
}
