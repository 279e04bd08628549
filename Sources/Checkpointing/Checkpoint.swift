/// Everything that a run needs to go on as if it had never stopped: weights, running statistics, optimiser state, step
/// and the small state of the training loop. The position in the data follows from the step.
///
/// Making one copies the tensors once, into memory laid out as the file; from then on the value is immutable and may be
/// written by another thread while training changes the originals. In the file the tensors are called `model.NAME`,
/// `buffer.NAME`, `optimizer.SLOT.NAME` and `average.NAME`, everything else is in the metadata.
package struct Checkpoint: Sendable {
    /// What a tensor is to the run.
    package enum Group: Hashable, Sendable {
        /// Trainable parameters.
        case weights
        /// Running statistics that the model uses but the optimiser does not change.
        case buffers
        /// One value per parameter of the update rule, for example `momentum`; the slot's name has no dot.
        case optimizer(slot: String)
        /// Averaged weights.
        case averages
    }

    /// The best validation result so far.
    package struct BestMetric: Codable, Equatable, Sendable {
        /// What is measured, for example `valError`.
        package var name: String
        package var value: Double
        /// The step after which it was measured; the store keeps that step's checkpoint.
        package var step: Int

        package init(name: String, value: Double, step: Int) {
            self.name = name
            self.value = value
            self.step = step
        }
    }

    /// How many steps the weights have seen.
    package let step: Int
    /// The best validation result so far, `nil` before the first.
    package let best: BestMetric?
    /// Identifies the model's structure, see `fingerprint(weights:buffers:)`.
    package let modelFingerprint: String
    /// Identifies the configuration, as the caller defines it.
    package let configFingerprint: String
    /// The state of the loop's collaborators (the plateau rule and others), each under its own key.
    package let state: CheckpointState
    let file: SafetensorsFile

    /// Copies the values of all tensors. Throws `CheckpointError.invalidName` or `invalidState`.
    package init(
        step: Int, tensors: [Group: [TensorSource]], best: BestMetric? = nil, configFingerprint: String,
        state: CheckpointState = CheckpointState()
    ) throws(CheckpointError) {
        precondition(step >= 0, "Checkpoint: negative step \(step)")
        var sources: [TensorSource] = []
        for (group, members) in tensors {
            if case .optimizer(let slot) = group, slot.isEmpty || slot.contains(".") {
                throw .invalidName(name: slot, problem: "an optimiser slot's name is not empty and has no dot")
            }
            sources += members.map { $0.renamed(group.prefix + $0.signature.name) }
        }
        self.step = step
        self.best = best
        self.configFingerprint = configFingerprint
        self.state = state
        modelFingerprint = try Checkpoint.fingerprint(
            weights: tensors[.weights, default: []].map(\.signature),
            buffers: tensors[.buffers, default: []].map(\.signature))

        var metadata = [
            Key.format: Checkpoint.format, Key.version: Checkpoint.version, Key.step: String(step),
            Key.modelFingerprint: modelFingerprint, Key.configFingerprint: configFingerprint,
        ]
        if let best { metadata[Key.best] = try CheckpointState.json(best, key: Key.best) }
        for (key, value) in state.texts { metadata[Key.statePrefix + key] = value }
        file = try SafetensorsFile(metadata: metadata, sources: sources)
    }

    // MARK: Tensors

    /// The groups that have tensors.
    package var groups: Set<Group> { Set(file.tensors.compactMap { Group.split($0.name)?.group }) }

    /// The tensors of `group` under their plain names, sorted.
    package func tensors(in group: Group) -> [TensorSignature] {
        file.tensors.compactMap { signature in
            guard let (found, name) = Group.split(signature.name), found == group else { return nil }
            return TensorSignature(name: name, dataType: signature.dataType, shape: signature.shape)
        }
    }

    /// Calls `body` with the bytes of tensor `name` of `group`. Throws `CheckpointError.missingTensor` and what `body`
    /// throws.
    package func withBytes<Result>(
        of name: String, in group: Group, _ body: (UnsafeRawBufferPointer) throws(CheckpointError) -> Result
    ) throws(CheckpointError) -> Result {
        try file.withBytes(of: group.prefix + name, body)
    }

    // MARK: Identity

    /// The SHA-256 of the names, element types and shapes of a model's weights and buffers, in any order.
    package static func fingerprint(weights: [TensorSignature], buffers: [TensorSignature]) throws(CheckpointError)
        -> String
    {
        let digest = try SHA256Digest()
        for (group, signatures) in [(Group.weights, weights), (.buffers, buffers)] {
            for signature in signatures.sorted(by: { precedesInFile($0.name, $1.name) }) {
                try digest.update(lengthAndText: group.prefix + signature.name)
                try digest.update(lengthAndText: signature.description)
            }
        }
        return try digest.finalize()
    }

    /// Checks that the checkpoint's weights and buffers are exactly the model's, by name, element type and shape.
    ///
    /// Throws `CheckpointError.modelMismatch` with the first difference in the order of the names.
    package func requireModel(weights: [TensorSignature], buffers: [TensorSignature]) throws(CheckpointError) {
        for (group, expected) in [(Group.weights, weights), (.buffers, buffers)] {
            let inModel = Dictionary(expected.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
            let inFile = Dictionary(tensors(in: group).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
            let names = Set(inModel.keys).union(inFile.keys).sorted(by: precedesInFile)
            if let name = names.first(where: { inModel[$0] != inFile[$0] }) {
                throw .modelMismatch(
                    path: file.path, tensor: group.prefix + name, inFile: inFile[name]?.description,
                    inModel: inModel[name]?.description)
            }
        }
    }

    /// The digest of the weights and buffers alone, see `SafetensorsFile.weightsDigest()`.
    package func weightsDigest() throws(CheckpointError) -> String { try file.weightsDigest() }
}

extension Checkpoint.Group {
    /// What the names of the group's tensors begin with in a file.
    var prefix: String {
        switch self {
        case .weights: "model."
        case .buffers: "buffer."
        case .optimizer(let slot): "optimizer.\(slot)."
        case .averages: "average."
        }
    }

    /// The group and plain name of a tensor in a checkpoint, `nil` for a name of no group.
    static func split(_ name: String) -> (group: Checkpoint.Group, name: String)? {
        let parts = name.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        switch parts[0] {
        case "model": return (.weights, String(parts[1]))
        case "buffer": return (.buffers, String(parts[1]))
        case "average": return (.averages, String(parts[1]))
        case "optimizer":
            let rest = parts[1].split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
            return rest.count == 2 ? (.optimizer(slot: String(rest[0])), String(rest[1])) : nil
        default: return nil
        }
    }
}
