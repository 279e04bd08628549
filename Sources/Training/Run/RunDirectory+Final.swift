import Checkpointing
import Foundation

extension RunDirectory {
    /// SHA-256 of the final weights; nil where the run has not come to its end.
    ///
    /// A run that was made longer and has not come to its new end has an older file of final weights, which does not
    /// count: a checkpoint was written since, and holds other weights.
    ///
    /// Throws `CheckpointError` for a damaged file.
    package func finalDigest() throws -> String? {
        guard let finished = RunDirectory.changeTime(of: final) else { return nil }
        let digest = try ModelSummary.digest(ofFile: final)
        guard access(checkpoints, F_OK) == 0, let newest = CheckpointStore.newestEntry(in: checkpoints),
            let saved = RunDirectory.changeTime(of: newest.path), saved > finished
        else { return digest }
        // Copies of run directories have other times.
        return try ModelSummary.digest(ofFile: newest.path) == digest ? digest : nil
    }

    private static func changeTime(of path: String) -> Double? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return Double(status.st_mtim.tv_sec) + 1e-9 * Double(status.st_mtim.tv_nsec)
    }
}
