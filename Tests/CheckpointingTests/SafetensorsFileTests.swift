import Checkpointing
import TensorCore
import TestSupport
import Testing

@Suite struct SafetensorsFileTests {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory(inMemory: true) }

    /// Tensors of all types that we write; the floats hold NaN payloads, signed zeros, subnormals and infinities.
    static let floats: [Float] = [
        0, -0.0, .infinity, -.infinity, Float(bitPattern: 0x7FC0_1234), Float(bitPattern: 0xFFA0_0001),
        .leastNonzeroMagnitude, 3.4e38,
    ]
    static var sources: [TensorSource] {
        [
            TensorSource(name: "weights", dataType: .float32, shape: [2, 4], values: floats),
            TensorSource(name: "bytes", dataType: .uint8, shape: [3], values: [0, 128, 255] as [UInt8]),
            TensorSource(name: "labels", dataType: .int64, shape: [2, 1], values: [Int64.min, .max]),
            TensorSource(name: "indices", dataType: .int32, shape: [2], values: [Int32.min, .max]),
            TensorSource(name: "doubles", dataType: .float64, shape: [1], values: [0.1]),
            TensorSource(name: "empty", dataType: .float32, shape: [0, 5], values: [] as [Float]),
            TensorSource(name: "scalar", dataType: .float32, shape: [], values: [Float(3)]),
            TensorSource(name: "a \"quoted\\\" näme\u{1}\n", dataType: .float32, shape: [1], values: [Float(4)]),
        ]
    }
    static let metadata = ["format": "pt", "tab\t": "line\nend\u{1f} \"\\ / é 🙂"]

    @Test func everythingComesBackBitForBit() throws {
        let path = directory.file("all.safetensors")
        try SafetensorsFile(metadata: Self.metadata, sources: Self.sources).write(to: path)
        let file = try SafetensorsFile(path: path)
        #expect(file.metadata == Self.metadata)
        #expect(Set(file.tensors) == Set(Self.sources.map(\.signature)))
        #expect(
            file.tensors.map(\.name) == file.tensors.map(\.name).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        #expect(try file.floats(of: "weights").map(\.bitPattern) == Self.floats.map(\.bitPattern))
        #expect(try file.uint8s(of: "bytes") == [0, 128, 255])
        #expect(try file.int64s(of: "labels") == [.min, .max])
        #expect(try file.int32s(of: "indices") == [.min, .max])
        #expect(try file.floats(of: "doubles") == [0.1])
        #expect(try file.floats(of: "empty") == [])
        #expect(try file.floats(of: "scalar") == [3])
        #expect(try file.floats(of: "a \"quoted\\\" näme\u{1}\n") == [4])
    }

    @Test func equalContentGivesEqualBytesInAnyOrder() throws {
        try SafetensorsFile(metadata: Self.metadata, sources: Self.sources).write(to: directory.file("a"))
        try SafetensorsFile(metadata: Self.metadata, sources: Self.sources.reversed()).write(to: directory.file("b"))
        #expect(try directory.read("a") == directory.read("b"))
    }

    @Test(arguments: 0..<70)
    func dataBeginsAtAMultipleOf64(metadataLength: Int) throws {
        let file = try SafetensorsFile(metadata: ["k": String(repeating: "x", count: metadataLength)], sources: [])
        try file.write(to: directory.file("f"))
        let bytes = try directory.read("f")
        #expect(bytes.count % 64 == 0)
        #expect(Int(bytes[0]) + Int(bytes[1]) << 8 == bytes.count - 8)
        #expect(try SafetensorsFile(path: directory.file("f")).metadata == file.metadata)
    }

    @Test func theFilesTextIsTheDocumentedOne() throws {
        let sources = [
            TensorSource(name: "b", dataType: .uint8, shape: [1], values: [7 as UInt8]),
            TensorSource(name: "c", dataType: .float32, shape: [1, 1], values: [Float(1)]),
            TensorSource(name: "a", dataType: .float32, shape: [], values: [Float(2)]),
        ]
        try SafetensorsFile(metadata: ["z": "1", "k": "\u{2}"], sources: sources).write(to: directory.file("f"))
        let text =
            #"{"__metadata__":{"k":"\u0002","z":"1"},"a":{"data_offsets":[0,4],"dtype":"F32","shape":[]},"#
            + #""b":{"data_offsets":[8,9],"dtype":"U8","shape":[1]},"#
            + #""c":{"data_offsets":[4,8],"dtype":"F32","shape":[1,1]}}"#
        let length = (8 + text.utf8.count + 63) / 64 * 64
        let expected =
            [UInt8(length - 8), 0, 0, 0, 0, 0, 0, 0] + Array(text.utf8)
            + Array(repeating: 0x20, count: length - 8 - text.utf8.count) + [0, 0, 0, 0x40, 0, 0, 0x80, 0x3F, 7]
        #expect(try directory.read("f") == expected)
    }

    @Test func readsWhatPythonWrites() throws {
        let file = try SafetensorsFile(path: fixture("safetensors/python.safetensors"))
        let values: [Float] = [0, -0.0, 1.5, -2.25, 65504, 6.103515625e-05]
        #expect(file.metadata == ["format": "pt", "note": "tab\tline\nend \u{1}"])
        #expect(file.tensor("layer.float32") == TensorSignature(name: "layer.float32", shape: [2, 3]))
        #expect(try file.floats(of: "layer.float32").map(\.bitPattern) == values.map(\.bitPattern))
        #expect(try file.floats(of: "layer.float16").map(\.bitPattern) == values.map(\.bitPattern))
        #expect(try file.floats(of: "layer.float64") == [1e-12, 1e-12, 1.5, -2.25, 65504, 6.103515725e-05])
        #expect(try file.floats(of: "layer.bfloat16") == [1, -3.140625, 3.3895313892515355e38, .infinity])
        #expect(try file.int64s(of: "int64") == [.min, -1, 0, .max])
        #expect(try file.int32s(of: "int32") == [.min, .max])
        #expect(try file.uint8s(of: "uint8") == [0, 127, 255])
        #expect(file.tensor("bool") == TensorSignature(name: "bool", dataType: .bool, shape: [2]))
        #expect(try file.floats(of: "scalar") == [42])
        #expect(try file.floats(of: "empty") == [])
        #expect(try file.floats(of: "näme \"quoted\"\\") == [7])
    }

    @Test func aTensorIsCopiedInAndOut() throws {
        let pool = StoragePool()
        let tensor = Tensor([1, 2, 3, 4, 5, 6], [2, 3], pool: pool)
        let file = try SafetensorsFile(metadata: [:], sources: [TensorSource(name: "t", tensor: tensor)])
        tensor.fill(0)
        let target = Tensor([2, 3], pool: pool)
        try file.copy("t", into: target)
        #expect(target.values == [1, 2, 3, 4, 5, 6])
        #expect(throws: CheckpointError.shapeMismatch(path: file.path, tensor: "t", expected: [3, 2], actual: [2, 3])) {
            try file.copy("t", into: Tensor([3, 2], pool: pool))
        }
    }

    @Test func wrongRequestsAreNamed() throws {
        let file = try SafetensorsFile(metadata: [:], sources: Self.sources)
        #expect(throws: CheckpointError.missingTensor(path: file.path, tensor: "nobody")) {
            try file.floats(of: "nobody")
        }
        #expect(
            throws: CheckpointError.dataTypeMismatch(
                path: file.path, tensor: "bytes", expected: "F32, F64, F16 or BF16", actual: "U8")
        ) {
            try file.floats(of: "bytes")
        }
        #expect(
            throws: CheckpointError.dataTypeMismatch(path: file.path, tensor: "weights", expected: "I64", actual: "F32")
        ) {
            try file.int64s(of: "weights")
        }
        let twice = TensorSource(name: "x", dataType: .uint8, shape: [0], values: [] as [UInt8])
        #expect(throws: CheckpointError.invalidName(name: "x", problem: "two tensors have it")) {
            try SafetensorsFile(metadata: [:], sources: [twice, twice])
        }
        #expect(throws: CheckpointError.invalidName(name: "__metadata__", problem: "reserved by the file format")) {
            try SafetensorsFile(
                metadata: [:],
                sources: [.init(name: "__metadata__", dataType: .uint8, shape: [0], values: [] as [UInt8])])
        }
    }
}

/// The path of a file under Tests/Fixtures.
func fixture(_ name: String, here: String = #filePath) -> String {
    here.split(separator: "/", omittingEmptySubsequences: false).dropLast(2).joined(separator: "/") + "/Fixtures/"
        + name
}
