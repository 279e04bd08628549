import Checkpointing
import TestSupport
import Testing

@Suite struct WeightsFileTests {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory(inMemory: true) }

    private let sources = [
        TensorSource(name: "fc.weight", dataType: .float32, shape: [3], values: [Float(1), -0.0, .infinity]),
        TensorSource(name: "norm.mean", dataType: .float32, shape: [1], values: [Float(0.25)]),
        TensorSource(name: "fc.bias", dataType: .float32, shape: [1], values: [Float(0.5)]),
    ]

    @Test func holdsPlainNamesAndNothingElse() throws {
        let path = directory.file("final.safetensors")
        try WeightsFile.content(model: "tiny", checkpoint: makeCheckpoint(step: 5)).write(to: path)
        let file = try WeightsFile.read(path)
        #expect(file.tensors.map(\.name) == ["fc.bias", "fc.weight", "norm.mean"])
        #expect(Set(file.metadata.keys) == ["format", "model", "sha256"])
        #expect(file.metadata["format"] == "pt")
        #expect(file.metadata["model"] == "tiny")
        try WeightsFile.content(model: "tiny", sources: sources).write(to: directory.file("other"))
        try #expect(directory.read("final.safetensors") == directory.read("other"))
    }

    @Test func digestIsThatOfTheCheckpointWithTheSameWeights() throws {
        let path = directory.file("checkpoint")
        try makeCheckpoint(step: 9, best: 2).write(to: path)
        let digest = try WeightsFile.content(model: "any", sources: sources).weightsDigest()
        #expect(try SafetensorsFile(path: path).weightsDigest() == digest)
        #expect(try Checkpoint(path: path).weightsDigest() == digest)
        #expect(try makeCheckpoint(step: 1).weightsDigest() == digest)
        #expect(try makeCheckpoint(value: 2).weightsDigest() != digest)
    }

    @Test func digestCoversNamesTypesShapesAndValues() throws {
        func digest(_ name: String, _ shape: [Int], _ values: [Float]) throws -> String {
            let source = TensorSource(name: name, dataType: .float32, shape: shape, values: values)
            return try SafetensorsFile(metadata: [:], sources: [source]).weightsDigest()
        }
        let integers = TensorSource(name: "a", dataType: .int32, shape: [2], values: [0, 0x3F80_0000] as [Int32])
        let digests = [
            try digest("a", [2], [0, 1]), try digest("b", [2], [0, 1]), try digest("a", [2, 1], [0, 1]),
            try digest("a", [1, 2], [0, 1]),
            try digest("a", [2], [-0.0, 1]),
            try SafetensorsFile(metadata: [:], sources: [integers]).weightsDigest(),
        ]
        #expect(Set(digests).count == digests.count)
    }

    /// The value printed by Tests/Fixtures/scripts/weights_digest.py for the fixture, computed there from the
    /// documented formula.
    @Test func digestFollowsTheDocumentedFormula() throws {
        let digest = try SafetensorsFile(path: fixture("safetensors/python.safetensors")).weightsDigest()
        #expect(digest == "99b9fead40962d13603e50879a20877ff243d60353a3aeb994c4f9e30e825416")
    }

    @Test func damageIsDetectedAndForeignFilesPass() throws {
        let path = directory.file("f")
        let content = try WeightsFile.content(model: "tiny", sources: sources)
        try content.write(to: path)
        var bytes = try directory.read("f")
        bytes[bytes.count - 1] ^= 0x80
        try directory.write(bytes, to: "f")
        let damaged = try SafetensorsFile(path: path)
        #expect(
            throws: CheckpointError.checksumMismatch(
                path: path, expected: try #require(content.metadata["sha256"]),
                actual: try #require(damaged.sealed().metadata["sha256"]))
        ) { try WeightsFile.read(path) }
        _ = try WeightsFile.read(fixture("safetensors/python.safetensors"))
    }
}
