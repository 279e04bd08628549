import Foundation

/// Where a rank leaves the names of the memory that Open MPI shares between the ranks of its machine, for the
/// supervisor, who removes it when `mpirun` was killed and nobody else does.
///
/// The folder is that of ``ActivityRecord``; a file there has a path of `/dev/shm` on each line.
package enum SegmentRecord {
    /// Leaves what this process has mapped of `/dev/shm`; to be called once Open MPI has started.
    ///
    /// - Parameter folder: where; by default what the environment names, and without that nothing is left.
    package static func leave(
        rank: Int, in folder: String? = ProcessInfo.processInfo.environment[ActivityRecord.folderVariable]
    ) {
        // To its end: files of /proc have no length, and whole-file readers stop after a page.
        guard let folder, access(folder, F_OK) == 0,
            let maps = try? FileHandle(forReadingAtPath: "/proc/self/maps")?.readToEnd()
        else { return }
        let names = String(decoding: maps, as: UTF8.self).split(separator: "\n").compactMap { line -> String? in
            guard let start = line.range(of: " /dev/shm/") else { return nil }
            let path = line[line.index(after: start.lowerBound)...]
            return path.hasSuffix(" (deleted)") ? nil : String(path)
        }
        // A disk that is full costs the cleaning up alone.
        try? Set(names).sorted().joined(separator: "\n").write(
            toFile: "\(folder)/\(prefix)\(rank)", atomically: false, encoding: .utf8)
    }

    /// The paths that the ranks have left.
    package static func paths(in folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { $0.hasPrefix(prefix) }
            .flatMap { name -> [String] in
                let text = (try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)) ?? ""
                return text.split(separator: "\n").map(String.init)
            }
    }

    private static let prefix = "segments."
}
