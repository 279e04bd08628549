/// Files of weights and buffers under their plain names, for use and exchange: `final.safetensors` and
/// `best.safetensors`.
///
/// Their bytes depend on the model's name and the tensors alone, not on ranks, threads, host or time.
package enum WeightsFile {
    /// The content of a weights file: metadata `format: pt`, `model`, `sha256` and whatever else is given, and the
    /// tensors copied from `sources`.
    ///
    /// Throws `CheckpointError.invalidName` for a name that is used twice, by a weight and a buffer for example.
    package static func content(
        model: String, sources: [TensorSource], metadata: [String: String] = [:]
    ) throws(CheckpointError) -> SafetensorsFile {
        let own = ["format": "pt", "model": model]
        return try SafetensorsFile(metadata: own.merging(metadata) { own, _ in own }, sources: sources).sealed()
    }

    /// The weights and buffers of `checkpoint` as a weights file's content.
    package static func content(model: String, checkpoint: Checkpoint) throws(CheckpointError) -> SafetensorsFile {
        var sources: [TensorSource] = []
        for group in [Checkpoint.Group.weights, .buffers] {
            for signature in checkpoint.tensors(in: group) {
                sources.append(
                    try checkpoint.withBytes(of: signature.name, in: group) { (bytes) in
                        TensorSource(signature) { $0.copyMemory(from: bytes) }
                    })
            }
        }
        // The sources point into the checkpoint's memory.
        return try withExtendedLifetime(checkpoint) { () throws(CheckpointError) in
            try content(model: model, sources: sources)
        }
    }

    /// Opens the weights at `path`, from this program or another, and verifies the checksum if there is one.
    ///
    /// Throws what `SafetensorsFile.init(path:)` and `verifyChecksum()` throw.
    package static func read(_ path: String) throws(CheckpointError) -> SafetensorsFile {
        let file = try SafetensorsFile(path: path)
        try file.verifyChecksum()
        return file
    }
}
