import Glibc
import System

/// The checkpoints of one run: `step-NNNNNNNN.safetensors` files in a directory that no other process writes to.
package struct CheckpointStore: Sendable {
    /// A checkpoint in the directory.
    package struct Entry: Equatable, Sendable {
        package let step: Int
        package let path: String
    }

    /// A file that was passed over, and why.
    package struct Damage: Equatable, Sendable, CustomStringConvertible {
        package let path: String
        package let reason: CheckpointError
        /// One line: the reason, which names the file.
        package var description: String { "skipped damaged checkpoint: \(reason)" }
    }

    /// What a run can go on from.
    package struct Recovery: Sendable {
        /// The newest checkpoint that is sound, `nil` when there is none.
        package let checkpoint: Checkpoint?
        /// Where it is.
        package let path: String?
        /// Newer files that are not, newest first.
        package let damaged: [Damage]
    }

    package let directory: String
    /// How many of the newest checkpoints stay.
    package let keep: Int

    /// Creates `directory` if it is missing; throws `CheckpointError.system`.
    package init(directory: String, keep: Int) throws(CheckpointError) {
        precondition(keep >= 1, "CheckpointStore: keep is \(keep), must be at least 1")
        self.directory = directory
        self.keep = keep
        try CheckpointError.wrapping { () throws(SystemError) in try Directory.create(directory) }
    }

    /// Writes `checkpoint`, verifies it by reading it back, then removes those that are no longer needed.
    ///
    /// What stays: the `keep` newest up to this one, every checkpoint that holds the best result one of these refers
    /// to, the `pinned` steps, and files of later steps (which a run started from an older file does not own). Gives
    /// the path. Throws `CheckpointError.system` or `verificationFailed`; then nothing has been removed.
    @discardableResult
    package func save(_ checkpoint: Checkpoint, pinned: Set<Int> = []) throws(CheckpointError) -> String {
        let path = self.path(step: checkpoint.step)
        try checkpoint.write(to: path)
        try prune(upTo: checkpoint.step, pinned: pinned)
        return path
    }

    /// The newest sound checkpoint; damaged ones on the way are reported. Throws `CheckpointError.system` if the
    /// directory cannot be read.
    package func newestGood() throws(CheckpointError) -> Recovery {
        var damaged: [Damage] = []
        for entry in try entries().reversed() {
            do {
                return Recovery(checkpoint: try load(entry.path), path: entry.path, damaged: damaged)
            } catch {
                damaged.append(Damage(path: entry.path, reason: error))
            }
        }
        return Recovery(checkpoint: nil, path: nil, damaged: damaged)
    }

    /// The checkpoint at `path`, verified; throws what `Checkpoint.init(path:)` throws.
    package func load(_ path: String) throws(CheckpointError) -> Checkpoint { try Checkpoint(path: path) }

    /// The checkpoints in the directory, sound or not, oldest first. Throws `CheckpointError.system`.
    package func entries() throws(CheckpointError) -> [Entry] {
        try CheckpointError.wrapping { () throws(SystemError) in try Directory.entries(of: directory) }
            .compactMap { name in
                CheckpointStore.step(fileName: name).map { Entry(step: $0, path: directory + "/" + name) }
            }
            .sorted { $0.step < $1.step }
    }

    /// Where the checkpoint of `step` is or would be.
    package func path(step: Int) -> String { directory + "/" + CheckpointStore.fileName(step: step) }

    private func prune(upTo step: Int, pinned: Set<Int>) throws(CheckpointError) {
        let candidates = try entries().filter { $0.step <= step }
        var needed = pinned
        for entry in candidates.suffix(keep) {
            needed.insert(entry.step)
            do {
                if let best = try Checkpoint.bestStep(inFileAt: entry.path) { needed.insert(best) }
            } catch {
                // A damaged file refers to nothing; it is reported when a run starts from this directory.
            }
        }
        for entry in candidates where !needed.contains(entry.step) {
            if unlink(entry.path) != 0 && errno != ENOENT {
                throw .system(path: entry.path, operation: "remove", code: errno)
            }
        }
    }

    private static let prefix = "step-", suffix = ".safetensors", digits = 8

    private static func fileName(step: Int) -> String {
        let number = String(step)
        return prefix + String(repeating: "0", count: max(digits - number.count, 0)) + number + suffix
    }

    static func step(fileName name: String) -> Int? {
        guard name.hasPrefix(prefix), name.hasSuffix(suffix),
            let step = Int(name.dropFirst(prefix.count).dropLast(suffix.count)), step >= 0, fileName(step: step) == name
        else { return nil }
        return step
    }
}
