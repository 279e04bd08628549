import Checkpointing
import Testing

@Suite struct SHA256DigestTests {
    /// FIPS 180-4 examples.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (String(repeating: "a", count: 1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    ])
    func matchesTheStandardsExamples(text: String, expected: String) throws {
        let digest = try SHA256Digest()
        try digest.update(Array(text.utf8))
        #expect(try digest.finalize() == expected)
    }

    @Test func piecesGiveTheDigestOfTheWhole() throws {
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let whole = try SHA256Digest()
        try whole.update(bytes)
        let pieces = try SHA256Digest()
        for start in stride(from: 0, to: bytes.count, by: 37) {
            let piece = Array(bytes[start..<min(start + 37, bytes.count)])
            try piece.withUnsafeBytes { try pieces.update($0) }
        }
        #expect(try pieces.finalize() == whole.finalize())
    }

    @Test func textsOfDifferentCutDiffer() throws {
        func digest(_ texts: [String]) throws -> String {
            let digest = try SHA256Digest()
            for text in texts { try digest.update(lengthAndText: text) }
            return try digest.finalize()
        }
        #expect(try digest(["ab", "c"]) != digest(["a", "bc"]))
    }
}
