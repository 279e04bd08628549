/// A checkpoint that is safely on disk.
public struct CheckpointRecord: Equatable, Sendable {
    /// Finished steps that the checkpoint holds.
    public var step: Int
    public var path: String
    /// Seconds from the snapshot until the file was verified.
    public var seconds: Double

    public init(step: Int, path: String, seconds: Double) {
        self.step = step
        self.path = path
        self.seconds = seconds
    }
}
