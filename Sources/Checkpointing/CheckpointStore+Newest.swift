import Glibc
import System

extension CheckpointStore {
    /// The newest checkpoint file in `directory`, sound or not; nil when there is none or the directory cannot be read.
    ///
    /// It changes nothing, so it may be asked while another process owns the directory.
    package static func newestEntry(in directory: String) -> Entry? {
        var newest: Entry?
        do {
            for name in try Directory.entries(of: directory) {
                guard let step = step(fileName: name), step > newest?.step ?? -1 else { continue }
                newest = Entry(step: step, path: directory + "/" + name)
            }
        } catch {
            return nil
        }
        return newest
    }
}
