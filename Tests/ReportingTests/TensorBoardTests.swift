import Reporting
import Testing

struct CRC32CTests {
    /// RFC 3720, appendix B.4, and the check value of the CRC catalogues.
    @Test(
        arguments: [
            (Array(repeating: 0, count: 32), 0x8A91_36AA), (Array(repeating: 0xFF, count: 32), 0x62A8_AB43),
            (Array(0..<32), 0x46DD_794E), (Array((0..<32).reversed()), 0x113F_DB5C),
            (Array("123456789".utf8), 0xE306_9283),
            ([], 0),
        ] as [([UInt8], UInt32)])
    func matchesTheVectors(bytes: [UInt8], checksum: UInt32) { #expect(crc32c(bytes) == checksum) }
}

/// The bytes come from TensorBoard's own writer: Tests/Fixtures/tensorboard_records.py.
struct TensorBoardEventTests {
    static let version = "1800000000000000a37f4b2209000000000000f83f1a0d627261696e2e4576656e743a322a28646c"
    static let scalars =
        "3700000000000000e7e8ca590900001040fc54d94110ac022a290a110a0a747261696e2f6c6f7373154ed1913d"
        + "0a140a0d6c6561726e696e675f7261746515cdcccc3d132a3151"
    static let sessionStart = "100000000000000095fbfe1809000000000000004010c9013a0208010f8631bf"

    @Test func recordsEqualTensorBoardsOwn() {
        #expect(hexadecimal(TensorBoardEvent(wallTime: 1.5, step: 0, content: .fileVersion).record) == Self.version)
        let event = TensorBoardEvent(
            wallTime: 1_700_000_000.25, step: 300,
            content: .scalars([.init("train/loss", 0.0712), .init("learning_rate", 0.1)]))
        #expect(hexadecimal(event.record) == Self.scalars)
        #expect(
            hexadecimal(TensorBoardEvent(wallTime: 2, step: 201, content: .sessionStart).record) == Self.sessionStart)
    }

    private func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

struct TensorBoardWriterTests {
    @Test func fileHoldsVersionThenScalars() throws {
        try withTemporaryDirectory { directory in
            let writer = try TensorBoardWriter(
                directory: directory, host: "alpha", process: 7, resumingFromStep: nil, wallTime: { 10 })
            try writer.append(Samples.interval(100))
            try writer.append(Samples.validation(430))
            #expect(writer.path == directory + "/events.out.tfevents.10.alpha.7")
            let expected = [
                TensorBoardEvent(wallTime: 10, step: 0, content: .fileVersion),
                TensorBoardEvent(
                    wallTime: 10, step: 100,
                    content: .scalars([
                        .init("train/loss", 0.0712), .init("train/accuracy", 0.978), .init("learning_rate", 0.1),
                        .init("samples_per_second", 58_214.3),
                    ])),
                TensorBoardEvent(
                    wallTime: 10, step: 430,
                    content: .scalars([.init("val/loss", 0.0611), .init("val/accuracy", 0.9812)])),
            ]
            #expect(try bytesOfFile(writer.path) == expected.flatMap(\.record))
        }
    }

    @Test func resumedRunDropsTheStepsBeyondItsCheckpoint() throws {
        try withTemporaryDirectory { directory in
            let writer = try TensorBoardWriter(
                directory: directory, host: "a/b", process: 7, resumingFromStep: 200, wallTime: { 10 })
            #expect(writer.path.hasSuffix("/events.out.tfevents.10.a-b.7"))
            let expected = [
                TensorBoardEvent(wallTime: 10, step: 0, content: .fileVersion),
                TensorBoardEvent(wallTime: 10, step: 201, content: .sessionStart),
            ]
            #expect(try bytesOfFile(writer.path) == expected.flatMap(\.record))
        }
    }
}
