/// A checkpoint that is safely on disk.
package struct CheckpointRecord: Equatable, Sendable {
    /// Finished steps that the checkpoint holds.
    package var step: Int
    package var path: String
    /// Seconds from the snapshot until the file was verified.
    package var seconds: Double

    package init(step: Int, path: String, seconds: Double) {
        self.step = step
        self.path = path
        self.seconds = seconds
    }
}
