import Foundation
import Synchronization

/// Where a rank leaves its phase and step for the supervisor of its machine, who finds them there when a signal that
/// nobody can catch has ended it.
///
/// A file of 16 bytes, mapped into the rank's memory: phase, finished steps.
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
        guard [UInt8](repeating: 0, count: 16).withUnsafeBytes({ pwrite(file, $0.baseAddress, 16, 0) }) == 16,
            let memory = mmap(nil, 16, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), memory != MAP_FAILED
        else { return }
        words = memory.bindMemory(to: Int.self, capacity: 2)
    }

    static func set(_ phase: Phase, step: Int) {
        guard let words else { return }
        words[0] = Int(phase.rawValue)
        words[1] = step
    }

    /// What a rank was doing at last, for messages: `training after step 41`; nil where it has left nothing.
    package static func place(ofRank rank: Int, in folder: String) -> String? {
        guard let data = FileManager.default.contents(atPath: path(folder, rank)), data.count == 16 else { return nil }
        let words = data.withUnsafeBytes {
            [$0.loadUnaligned(as: Int.self), $0.loadUnaligned(fromByteOffset: 8, as: Int.self)]
        }
        return UInt8(exactly: words[0]).flatMap(Phase.init).map { $0.place(step: words[1]) }
    }

    private static func path(_ folder: String, _ rank: Int) -> String { "\(folder)/activity.\(rank)" }
}
