import Checkpointing
import TestSupport
import Testing

/// A small checkpoint with all groups; `value` and `step` tell one from another.
func makeCheckpoint(step: Int = 7, value: Float = 1, best: Int? = nil, state: CheckpointState = CheckpointState())
    throws -> Checkpoint
{
    func source(_ name: String, _ values: [Float]) -> TensorSource {
        TensorSource(name: name, dataType: .float32, shape: [values.count], values: values)
    }
    return try Checkpoint(
        step: step,
        tensors: [
            .weights: [source("fc.weight", [value, -0.0, .infinity]), source("fc.bias", [0.5])],
            .buffers: [source("norm.mean", [0.25])],
            .optimizer(slot: "momentum"): [source("fc.weight", [1, 2, 3]), source("fc.bias", [4])],
            .averages: [source("fc.bias", [0.75])],
        ],
        best: best.map { Checkpoint.BestMetric(name: "valError", value: 0.1, step: $0) }, configFingerprint: "config",
        state: state)
}

@Suite struct CheckpointTests {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory(inMemory: true) }

    struct Plateau: Codable, Equatable {
        var rate: Double
        var best: Float
        var waits: [Int]
        var note: String
    }

    @Test func everythingComesBack() throws {
        let plateau = Plateau(rate: 0.1 + 0.2, best: .infinity, waits: [1, -2], note: "a/\"b\"\n")
        var state = CheckpointState(texts: ["plain": "text"])
        try state.set(plateau, for: "plateau")
        let path = directory.file("c")
        let written = try makeCheckpoint(step: 123_456_789_012, value: 3, best: 40, state: state)
        try written.write(to: path)

        let read = try Checkpoint(path: path)
        #expect(read.step == 123_456_789_012)
        #expect(read.best == Checkpoint.BestMetric(name: "valError", value: 0.1, step: 40))
        #expect(read.configFingerprint == "config")
        #expect(read.modelFingerprint == written.modelFingerprint)
        #expect(read.state == state)
        #expect(try read.state.value(Plateau.self, for: "plateau") == plateau)
        #expect(try read.state.value(Plateau.self, for: "absent") == nil)
        #expect(read.groups == [.weights, .buffers, .optimizer(slot: "momentum"), .averages])
        #expect(
            read.tensors(in: .weights) == [.init(name: "fc.bias", shape: [1]), .init(name: "fc.weight", shape: [3])])
        #expect(
            try read.floats(of: "fc.weight", in: .weights).map(\.bitPattern)
                == [Float(3), -0.0, .infinity].map(\.bitPattern))
        #expect(try read.floats(of: "norm.mean", in: .buffers) == [0.25])
        #expect(try read.floats(of: "fc.weight", in: .optimizer(slot: "momentum")) == [1, 2, 3])
        #expect(try read.floats(of: "fc.bias", in: .averages) == [0.75])
        #expect(
            try SafetensorsFile(path: path).tensors.map(\.name) == [
                "average.fc.bias", "buffer.norm.mean", "model.fc.bias", "model.fc.weight",
                "optimizer.momentum.fc.bias", "optimizer.momentum.fc.weight",
            ])
    }

    @Test func aSnapshotCopiesOnceAndThenStandsAlone() throws {
        var values: [Float] = [1, 2]
        var copies = 0
        let source = TensorSource(name: "w", shape: [2]) { target in
            copies += 1
            _ = target.update(fromContentsOf: values)
        }
        let checkpoint = try Checkpoint(step: 0, tensors: [.weights: [source]], configFingerprint: "")
        values = [9, 9]
        try checkpoint.write(to: directory.file("c"))
        #expect(copies == 1)
        #expect(try Checkpoint(path: directory.file("c")).floats(of: "w", in: .weights) == [1, 2])
    }

    @Test func equalCheckpointsGiveEqualFiles() throws {
        try makeCheckpoint(state: .init(texts: ["a": "1", "b": "2"])).write(to: directory.file("a"))
        try makeCheckpoint(state: .init(texts: ["b": "2", "a": "1"])).write(to: directory.file("b"))
        #expect(try directory.read("a") == directory.read("b"))
        #expect(try directory.contents() == ["a", "b"])
    }

    /// The bytes of a checkpoint as small as they come, with characters in its state whose escapes have two spellings,
    /// which only the header's exact text tells apart.
    private func smallFile() throws -> [UInt8] {
        let weight = TensorSource(name: "w", dataType: .float32, shape: [2], values: [Float(1), -1])
        let state = CheckpointState(texts: ["k": "\u{1f}"])
        try Checkpoint(step: 1, tensors: [.weights: [weight]], configFingerprint: "", state: state).write(
            to: directory.file("good"))
        return try directory.read("good")
    }

    /// Whether a file of these bytes loads.
    private func loads(_ bytes: [UInt8]) throws -> Bool {
        let path = try directory.write(bytes, to: "f")
        do {
            _ = try Checkpoint(path: path)
            return true
        } catch {
            return false
        }
    }

    @Test func everyTruncationIsDetected() throws {
        let good = try smallFile()
        #expect(try loads(good))
        #expect(try (0..<good.count).filter { try loads(Array(good[..<$0])) } == [])
        #expect(try !loads(good + [0]))
    }

    @Test func everyFlippedBitIsDetected() throws {
        let good = try smallFile()
        let undetected = try (0..<good.count * 8).filter { bit in
            var bytes = good
            bytes[bit / 8] ^= 1 << (bit % 8)
            return try loads(bytes)
        }
        #expect(undetected == [])
    }

    @Test func damageIsNamedByKind() throws {
        try makeCheckpoint(state: .init(texts: ["k": "\u{1f}"])).write(to: directory.file("good"))
        var bytes = try directory.read("good")
        bytes[bytes.count - 1] ^= 1
        let value = try directory.write(bytes, to: "value")
        let file = try SafetensorsFile(path: value)
        let expected = try #require(file.metadata["sha256"])
        let actual = try #require(try file.sealed().metadata["sha256"])
        #expect(throws: CheckpointError.checksumMismatch(path: value, expected: expected, actual: actual)) {
            try Checkpoint(path: value)
        }

        bytes = try directory.read("good")
        let escape = try #require(bytes.indices.first { bytes[$0...].starts(with: "\\u001f".utf8) })
        bytes[escape + 5] = UInt8(ascii: "F")
        let header = try directory.write(bytes, to: "header")
        #expect(throws: CheckpointError.alteredHeader(path: header, offset: escape + 5)) {
            try Checkpoint(path: header)
        }
    }

    @Test func otherFilesAreNotCheckpoints() throws {
        let path = directory.file("f")
        let other = try SafetensorsFile(metadata: ["format": "pt"], sources: [])
        try other.write(to: path)
        #expect(throws: CheckpointError.notACheckpoint(path: path, problem: "its format is 'pt'")) {
            try Checkpoint(path: path)
        }
        try SafetensorsFile(metadata: [:], sources: []).write(to: path)
        #expect(throws: CheckpointError.notACheckpoint(path: path, problem: "its metadata has no 'format'")) {
            try Checkpoint(path: path)
        }
        try SafetensorsFile(metadata: ["format": "trainer-checkpoint", "version": "2"], sources: []).sealed().write(
            to: path)
        #expect(throws: CheckpointError.notACheckpoint(path: path, problem: "its version is 2, this program reads 1")) {
            try Checkpoint(path: path)
        }
        try SafetensorsFile(metadata: ["format": "trainer-checkpoint", "version": "1", "step": "-1"], sources: [])
            .sealed().write(to: path)
        #expect(throws: CheckpointError.notACheckpoint(path: path, problem: "its step is '-1'")) {
            try Checkpoint(path: path)
        }
        try SafetensorsFile(metadata: ["format": "trainer-checkpoint", "version": "1", "step": "1"], sources: []).write(
            to: path)
        #expect(throws: CheckpointError.notACheckpoint(path: path, problem: "its metadata has no 'sha256'")) {
            try Checkpoint(path: path)
        }
    }

    @Test func aCheckpointOfAnotherModelIsRefusedByTensor() throws {
        try makeCheckpoint().write(to: directory.file("c"))
        let checkpoint = try Checkpoint(path: directory.file("c"))
        let weights = [TensorSignature(name: "fc.weight", shape: [3]), TensorSignature(name: "fc.bias", shape: [1])]
        let buffers = [TensorSignature(name: "norm.mean", shape: [1])]
        try checkpoint.requireModel(weights: weights, buffers: buffers)
        #expect(
            try Checkpoint.fingerprint(weights: weights.reversed(), buffers: buffers) == checkpoint.modelFingerprint)
        func mismatch(_ tensor: String, _ inFile: String?, _ inModel: String?) -> CheckpointError {
            .modelMismatch(path: directory.file("c"), tensor: tensor, inFile: inFile, inModel: inModel)
        }
        #expect(throws: mismatch("model.fc.bias", "F32 [1]", "F32 [10]")) {
            try checkpoint.requireModel(weights: [weights[0], .init(name: "fc.bias", shape: [10])], buffers: buffers)
        }
        #expect(throws: mismatch("model.fc.bias", "F32 [1]", nil)) {
            try checkpoint.requireModel(weights: [weights[0]], buffers: buffers)
        }
        #expect(throws: mismatch("buffer.x", nil, "F32 []")) {
            try checkpoint.requireModel(weights: weights, buffers: buffers + [.init(name: "x", shape: [])])
        }
        #expect(
            try Checkpoint.fingerprint(weights: [], buffers: weights)
                != Checkpoint.fingerprint(weights: weights, buffers: []))
    }

    @Test func slotNamesWithDotsAreRefused() {
        #expect(
            throws: CheckpointError.invalidName(
                name: "a.b", problem: "an optimiser slot's name is not empty and has no dot")
        ) {
            try Checkpoint(step: 0, tensors: [.optimizer(slot: "a.b"): []], configFingerprint: "")
        }
    }
}
