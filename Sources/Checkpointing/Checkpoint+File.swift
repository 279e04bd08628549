import System
import TensorCore

extension Checkpoint {
    /// The `format` entry of a checkpoint's metadata.
    static let format = "trainer-checkpoint"
    /// The version of names and metadata that this program writes and reads.
    static let version = "1"

    /// The keys of a checkpoint's metadata.
    enum Key {
        static let format = "format", version = "version", step = "step", best = "best"
        static let modelFingerprint = "modelFingerprint", configFingerprint = "configFingerprint"
        static let statePrefix = "state."
    }

    /// More steps than any run makes; with them no sum or product of the loop's counters overflows.
    static let largestStep = 1 << 40

    /// Reads the checkpoint at `path` and verifies it completely: any change of any bit since it was written is an
    /// error.
    ///
    /// The tensors stay in the mapped file. Throws `CheckpointError.system`, `wrongLength`, `invalidHeader`,
    /// `invalidTensor`, `alteredHeader`, `checksumMismatch` or `notACheckpoint`.
    package init(path: String) throws(CheckpointError) {
        let file = try SafetensorsFile(path: path)
        let metadata = file.metadata
        func required(_ key: String) throws(CheckpointError) -> String {
            guard let value = metadata[key] else {
                throw .notACheckpoint(path: path, problem: "its metadata has no '\(key)'")
            }
            return value
        }
        let format = try required(Key.format)
        guard format == Checkpoint.format else {
            throw .notACheckpoint(path: path, problem: "its format is '\(format)'")
        }
        let version = try required(Key.version)
        guard version == Checkpoint.version else {
            throw .notACheckpoint(
                path: path, problem: "its version is \(version), this program reads \(Checkpoint.version)")
        }
        _ = try required(SafetensorsFile.checksumKey)
        try file.verifyHeaderBytes()
        try file.verifyChecksum()

        let stepText = try required(Key.step)
        guard let step = Int(stepText), step >= 0, step <= Checkpoint.largestStep else {
            throw .notACheckpoint(path: path, problem: "its step is '\(stepText)'")
        }
        self.step = step
        if let text = metadata[Key.best] {
            do {
                best = try CheckpointState.value(BestMetric.self, json: text, key: Key.best)
            } catch {
                throw .notACheckpoint(path: path, problem: error.description)
            }
        } else {
            best = nil
        }
        modelFingerprint = try required(Key.modelFingerprint)
        configFingerprint = try required(Key.configFingerprint)
        var texts: [String: String] = [:]
        for (key, text) in metadata where key.hasPrefix(Key.statePrefix) {
            texts[String(key.dropFirst(Key.statePrefix.count))] = text
        }
        state = CheckpointState(texts: texts)
        self.file = file
    }

    /// The step of the best result that the checkpoint at `path` refers to, by its header alone.
    static func bestStep(inFileAt path: String) throws(CheckpointError) -> Int? {
        guard let text = try SafetensorsFile(path: path).metadata[Key.best] else { return nil }
        return try CheckpointState.value(BestMetric.self, json: text, key: Key.best).step
    }

    /// Writes the checkpoint with its checksum atomically to `path`, after it was read back and every byte compared.
    ///
    /// Throws `CheckpointError.system` or `verificationFailed`; the previous file then stays.
    package func write(to path: String) throws(CheckpointError) {
        let sealed = try file.sealed()
        try sealed.withFileParts { (parts) throws(CheckpointError) in
            try CheckpointError.wrapping { () throws(SystemError) in
                try AtomicFile.write(parts, to: path, verifying: true)
            }
        }
    }

    /// Copies the values of tensor `name` of `group` to `target`, which must have the same shape.
    ///
    /// Throws `CheckpointError.missingTensor`, `shapeMismatch` or `dataTypeMismatch`.
    package func copy(_ name: String, in group: Group, into target: Tensor) throws(CheckpointError) {
        try file.copy(group.prefix + name, into: target)
    }

    /// Copies the values of tensor `name` of `group` to `target`, which must hold exactly as many.
    ///
    /// Throws `CheckpointError.missingTensor`, `shapeMismatch` or `dataTypeMismatch`.
    package func copyFloats(of name: String, in group: Group, into target: UnsafeMutableBufferPointer<Float>)
        throws(CheckpointError)
    {
        try file.copyFloats(of: group.prefix + name, into: target)
    }

    /// The values of tensor `name` of `group`. Throws `CheckpointError.missingTensor` or `dataTypeMismatch`.
    package func floats(of name: String, in group: Group) throws(CheckpointError) -> [Float] {
        try file.floats(of: group.prefix + name)
    }
}
