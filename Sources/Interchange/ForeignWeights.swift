import Checkpointing

/// Weights from another program under the names that a model here has: what wrapped the module there is taken off their
/// names, and numbers of other sizes become 32-bit floats.
package struct ForeignWeights {
    /// The tensors under their new names, in memory.
    package let file: SafetensorsFile
    /// What was taken off every name; empty for nothing.
    package let prefix: String
    /// How many names each renaming changed.
    package let renamed: [Int]

    /// What data parallelism, compilation and trainers put before the names of all of a module's tensors.
    private static let wrappings = ["module.", "_orig_mod.", "model."]

    /// - Parameters:
    ///   - renamings: applied in their order to the names without what wrapped the module.
    ///   - known: names in the model; what all of them begin with is no wrapping.
    /// - Throws: `CheckpointError`, `invalidName` where two tensors get one name.
    package init(
        _ source: SafetensorsFile, renamings: [TensorRenaming] = [], known: [String] = []
    ) throws(CheckpointError) {
        var names = source.tensors.map(\.name)
        var prefix = ""
        while let next = ForeignWeights.wrapping(of: names), ForeignWeights.wrapping(of: known) != next {
            names = names.map { String($0.dropFirst(next.count)) }
            prefix += next
        }
        var renamed: [Int] = []
        for renaming in renamings {
            var count = 0
            for place in names.indices {
                guard let name = renaming(names[place]) else { continue }
                names[place] = name
                count += 1
            }
            renamed.append(count)
        }
        self.prefix = prefix
        self.renamed = renamed
        var sources: [TensorSource] = []
        for (tensor, name) in zip(source.tensors, names) {
            sources.append(try ForeignWeights.float(tensor, of: source, name: name))
        }
        // The sources of what is no float point into the file's memory.
        file = try withExtendedLifetime(source) { () throws(CheckpointError) in
            try SafetensorsFile(metadata: ["format": "pt"], sources: sources)
        }
    }

    /// The one of the wrappings that all names begin with.
    private static func wrapping(of names: [String]) -> String? {
        wrappings.first { wrapping in !names.isEmpty && names.allSatisfy { $0.hasPrefix(wrapping) } }
    }

    /// A tensor under a new name: floats of any size as 32-bit floats, all else as it is.
    private static func float(
        _ tensor: TensorSignature, of file: SafetensorsFile, name: String
    ) throws(CheckpointError) -> TensorSource {
        switch tensor.dataType {
        case .float64, .float16, .bfloat16:
            let values = try file.floats(of: tensor.name)
            return TensorSource(name: name, dataType: .float32, shape: tensor.shape, values: values)
        default:
            return try file.withBytes(of: tensor.name) { bytes in
                TensorSource(TensorSignature(name: name, dataType: tensor.dataType, shape: tensor.shape)) {
                    $0.copyMemory(from: bytes)
                }
            }
        }
    }
}
