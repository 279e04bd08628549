import Checkpointing
import TestSupport
import Testing

/// Files of weights that other programs write are known by their first bytes, and the error says what to do.
@Suite struct ForeignFileTests {
    private static let files: [(kind: ForeignFile, bytes: [UInt8])] = [
        (.pytorch, Array("PK\u{3}\u{4}".utf8) + [0, 0, 8, 8, 0, 0]),
        (.pytorch, [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9]),
        (.hdf5, [0x89] + Array("HDF\r\n\u{1A}\n".utf8) + [0]),
        (.pointer, Array("version https://git-lfs.github.com/spec/v1\noid sha256:0\n".utf8)),
    ]

    @Test(arguments: files) func aFileOfAnotherKindIsNamed(_ test: (kind: ForeignFile, bytes: [UInt8])) throws {
        let directory = try TemporaryDirectory(inMemory: true)
        let path = try directory.write(test.bytes, to: "resnet18.pth")
        #expect(throws: CheckpointError.foreignFile(path: path, kind: test.kind)) { try SafetensorsFile(path: path) }
    }

    @Test func ofPyTorchsPicklesTheTwoLinesThatConvertThemAreSaid() {
        let text = "\(CheckpointError.foreignFile(path: "a/net.v2.pth", kind: .pytorch))"
        let lines = text.split(separator: "\n")
        #expect(lines.count == 3 && lines[0].hasPrefix("a/net.v2.pth: a file of torch.save"))
        #expect(lines[1].contains("torch.load('a/net.v2.pth', map_location='cpu', weights_only=True)"))
        #expect(lines[2].contains("save_file(") && lines[2].hasSuffix("'net.safetensors')"))
    }

    /// A header of 640 bytes begins with those of a pickle.
    @Test func aHeadersLengthIsNoMark() throws {
        let text = Array("{}".utf8) + [UInt8](repeating: 0x20, count: 638)
        let file = try SafetensorsFile(copying: [0x80, 2, 0, 0, 0, 0, 0, 0] + text, path: "f")
        #expect(file.tensors.isEmpty)
    }
}
