import Checkpointing

extension FuzzTarget {
    /// A weights file of any program.
    static let safetensors = FuzzTarget(
        "safetensors", longest: 1024, seeds: { try Seeds.weights }, words: { words }
    ) { input in
        let file = try SafetensorsFile(copying: Array(input), path: "weights")
        var problem: (any Error)?
        for tensor in file.tensors {
            do {
                let values = try file.floats(of: tensor.name)
                precondition(values.count == tensor.shape.reduce(1, *), "safetensors: values are missing")
            } catch {
                problem = error
            }
        }
        _ = try file.weightsDigest()
        try file.verifyChecksum()
        // What is written again holds the same.
        let path = ScratchFolder.path + "/written.safetensors"
        try file.sealed().write(to: path)
        let again = try SafetensorsFile(path: path)
        precondition(
            again.tensors == file.tensors && again.metadata[SafetensorsFile.checksumKey] != nil,
            "safetensors: \(file.tensors) became \(again.tensors)")
        if let problem { throw problem }
    }

    /// A checkpoint whose checksum is right, whatever it holds.
    static let checkpoint = FuzzTarget(
        "checkpoint", longest: 1024, seeds: { [try Seeds.checkpoint] },
        words: { words + ["step", "best", "format", "version", "model", "config", "state.", "optimizer.", "buffer."] }
    ) { input in
        let path = ScratchFolder.path + "/checkpoint.safetensors"
        try SafetensorsFile(copying: Array(input), path: "checkpoint").sealed().write(to: path)
        let checkpoint = try Checkpoint(path: path)
        for group in checkpoint.groups {
            for tensor in checkpoint.tensors(in: group) { _ = try checkpoint.floats(of: tensor.name, in: group) }
        }
        _ = try WeightsFile.content(model: "fuzz", checkpoint: checkpoint)
    }

    private static let words = [
        "__metadata__", "\"dtype\":", "\"shape\":[", "\"data_offsets\":[", "\"F32\"", "\"BF16\"", "\"F16\"", "\"I64\"",
        "sha256", "\\ud83d\\ude00", "9223372036854775807",
    ]
}
