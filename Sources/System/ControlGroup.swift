import Foundation

/// The limits that control groups set for this process: those of its own group and of every group above it, of
/// version 1 or 2 of the interface.
package struct ControlGroup: Sendable {
    /// A kind of limit by the names of its files.
    package struct Limit: Sendable {
        /// The file of version 2.
        let file: String
        /// The controller of version 1, and its files.
        let controller: String
        let oldFiles: [String]

        /// Processor time: `quota period`, each in microseconds.
        package static let processors = Limit(
            file: "cpu.max", controller: "cpu", oldFiles: ["cpu.cfs_quota_us", "cpu.cfs_period_us"])
        /// Bytes of memory.
        package static let memory = Limit(
            file: "memory.max", controller: "memory", oldFiles: ["memory.limit_in_bytes"])
    }

    /// Where the groups are mounted.
    private let mount: String
    /// The process's groups, as `/proc/self/cgroup` lists them: `hierarchy:controllers:path`.
    private let groups: [(controllers: [String], path: String)]

    /// - Parameters:
    ///   - mount: the folder of the groups.
    ///   - list: the text of `/proc/self/cgroup`, or of another process's.
    package init(mount: String = "/sys/fs/cgroup", list: String? = nil) {
        self.mount = mount
        let text = list ?? ControlGroup.read("/proc/self/cgroup") ?? ""
        groups = text.split(whereSeparator: \.isNewline).compactMap { line in
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { return nil }
            return (fields[1].split(separator: ",").map(String.init), String(fields[2]))
        }
    }

    /// Whole processors that the process may use at a time, at least 1; nil without a limit.
    package var processors: Int? {
        values(.processors).compactMap { text in
            let parts = text.split(whereSeparator: \.isWhitespace).map { Double($0) }
            guard parts.count == 2, let quota = parts[0], let period = parts[1], quota > 0, period > 0 else {
                return nil
            }
            return max(1, Int(quota / period))
        }.min()
    }

    /// Bytes of memory that the process may take, with all others of the group; nil without a limit.
    package var memoryBytes: Int? { values(.memory).compactMap { Int($0) }.filter { $0 > 0 }.min() }

    /// What the files of a limit hold, from the process's own group upwards.
    private func values(_ limit: Limit) -> [String] {
        var found: [String] = []
        for group in groups {
            let isOld = !group.controllers.isEmpty
            if isOld && !group.controllers.contains(limit.controller) { continue }
            let mounts =
                isOld ? [group.controllers.joined(separator: ","), limit.controller] : ["", "unified"]
            for mount in Set(mounts.map { "\(self.mount)/\($0)" }) {
                for path in ControlGroup.upwards(group.path) {
                    let texts = (isOld ? limit.oldFiles : [limit.file]).compactMap {
                        ControlGroup.read("\(mount)\(path)/\($0)")
                    }
                    if texts.count == (isOld ? limit.oldFiles.count : 1) { found.append(texts.joined(separator: " ")) }
                }
            }
        }
        return found
    }

    /// `/a/b`, `/a` and nothing for `/a/b`: of a container whose own group is not to be seen, the last one remains.
    private static func upwards(_ path: String) -> [String] {
        var parts = path.split(separator: "/")
        var result: [String] = []
        while !parts.isEmpty {
            result.append("/" + parts.joined(separator: "/"))
            parts.removeLast()
        }
        return result + [""]
    }

    private static func read(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map {
            String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        }
    }
}
