import Foundation
import Synchronization

/// Where a rank leaves its phase and step for the supervisor of its machine, who finds them there when a signal that
/// nobody can catch has ended it.
///
/// A file of three words, mapped into the rank's memory: phase, finished steps, and whether the rank has said why it
/// ends or has been told to end. One that is gone without a word was killed.
package enum ActivityRecord {
    /// The variable that names the folder; without it, or where the folder is not, as on other machines, nothing is
    /// left.
    package static let folderVariable = "TRAINER_ACTIVITY_FOLDER"

    nonisolated(unsafe) private static var words: UnsafeMutablePointer<Int>?

    /// Begins to leave this rank's activity.
    ///
    /// - Parameter folder: where; by default what the environment names.
    package static func begin(rank: Int, in folder: String? = ProcessInfo.processInfo.environment[folderVariable]) {
        guard let folder else { return }
        let file = open(path(folder, rank), O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        if file < 0 { return }
        defer { close(file) }
        // Written, because a hole would end the process at its first use when the disk is full.
        guard [UInt8](repeating: 0, count: size).withUnsafeBytes({ pwrite(file, $0.baseAddress, size, 0) }) == size,
            let memory = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), memory != MAP_FAILED
        else { return }
        words = memory.bindMemory(to: Int.self, capacity: size / 8)
    }

    private static let size = 24

    /// Notes that the rank has said why it ends, or that it was told to; a signal handler may call it.
    static func speak() { words?[2] = 1 }

    static func set(_ phase: Phase, step: Int) {
        guard let words else { return }
        words[0] = Int(phase.rawValue)
        words[1] = step
    }

    /// What a rank was doing at last, for messages: `training after step 41`; nil where it has left nothing.
    package static func place(ofRank rank: Int, in folder: String) -> String? {
        guard let words = read(path(folder, rank)) else { return nil }
        return UInt8(exactly: words[0]).flatMap(Phase.init).map { $0.place(step: words[1]) }
    }

    /// The ranks, ascending, that have neither left the job in order nor said why they end, nor been told to end.
    package static func silentRanks(in folder: String) -> [Int] {
        names(in: folder).compactMap { name in
            guard let rank = Int(name.dropFirst(prefix.count)), let words = read(path(folder, rank)), words[2] == 0,
                words[0] != Int(Phase.leaving.rawValue)
            else { return nil }
            return rank
        }.sorted()
    }

    private static func read(_ path: String) -> [Int]? {
        guard let data = FileManager.default.contents(atPath: path), data.count == size else { return nil }
        return data.withUnsafeBytes { bytes in
            stride(from: 0, to: size, by: 8).map { bytes.loadUnaligned(fromByteOffset: $0, as: Int.self) }
        }
    }

    /// Whether any rank has begun.
    package static func hasAny(in folder: String) -> Bool { !names(in: folder).isEmpty }

    private static func names(in folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { $0.hasPrefix(prefix) }
    }

    private static let prefix = "activity."

    private static func path(_ folder: String, _ rank: Int) -> String { "\(folder)/\(prefix)\(rank)" }
}
