import Checkpointing
import Kernels
import TestSupport
import Testing

@Suite struct HostileFileTests {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory(inMemory: true) }

    /// The error of a file with this JSON and so many bytes of data, with the path taken out; `nil` if it is accepted.
    private func error(_ json: [UInt8], dataBytes: Int, length: UInt64? = nil) throws -> CheckpointError? {
        let head = withUnsafeBytes(of: (length ?? UInt64(json.count)).littleEndian, Array.init)
        let path = try directory.write(head + json + Array(repeating: 1, count: dataBytes), to: "f")
        do {
            _ = try SafetensorsFile(path: path)
            return nil
        } catch {
            switch error {
            case .wrongLength(_, let expected, let actual):
                return .wrongLength(path: "", expected: expected, actual: actual)
            case .invalidHeader(_, let offset, let problem):
                return .invalidHeader(path: "", offset: offset, problem: problem)
            case .invalidTensor(_, let offset, let tensor, let problem):
                return .invalidTensor(path: "", offset: offset, tensor: tensor, problem: problem)
            default: return error
            }
        }
    }

    @Test(arguments: [
        (#"{}"#, 0), (#" { } "#, 0), (#"{"__metadata__":{}}"#, 0),
        (#"{"a":{"dtype":"U8","shape":[2,3],"data_offsets":[0,6]}}"#, 6),
        (
            #"{"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]},"#
                + #""a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#,
            2
        ),
        (
            #"{"\u0041\ud83d\ude42":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}, "#
                + #""__metadata__":{"\/\b\f\n\r\t":""}}"#,
            0
        ),
    ])
    func soundHeadersAreAccepted(json: String, dataBytes: Int) throws {
        #expect(try error(Array(json.utf8), dataBytes: dataBytes) == nil)
    }

    @Test(
        arguments: [
            ("", 8, "expected '{'"), ("[]", 8, "expected '{'"), ("{", 9, "expected '\"'"),
            ("{}x", 10, "unexpected text after the header's object"),
            (#"{"a"}"#, 12, "expected ':'"), (#"{"a":1}"#, 13, "expected '{'"), (#"{"a":{},}"#, 13, nil),
            (#"{"a"#, 9, "a string has no end"),
            (#"{"__metadata__":{"k":1}}"#, 29, "expected '\"'"),
            (#"{"__metadata__":{"k":"1","k":"2"}}"#, 37, "the metadata key 'k' is used twice"),
            (#"{"__metadata__":{},"__metadata__":{}}"#, 42, "the name '__metadata__' is used twice"),
            (#"{"\x":{}}"#, 10, "a string holds an unknown escape"),
            (#"{"\ud800":{}}"#, 10, "a string holds half a surrogate pair"),
            (#"{"\ud800\u0041":{}}"#, 10, "a string holds half a surrogate pair"),
            (#"{"\u00g0":{}}"#, 14, "expected four hexadecimal digits"),
            ("{\"\u{1}\":{}}", 10, "a string holds a control character"),
            (#"{"a":{"shape":[-1]}}"#, 23, "expected a non-negative integer"),
            (#"{"a":{"shape":[01]}}"#, 23, "a number has a leading zero"),
            (#"{"a":{"shape":[1.0]}}"#, 24, "expected ']'"), (#"{"a":{"shape":[1e3]}}"#, 24, "expected ']'"),
            (#"{"a":{"shape":[9223372036854775808]}}"#, 23, "a number does not fit into 64 bits"),
            (#"{"a":{"shape":[[1]]}}"#, 23, "expected a non-negative integer"),
            (#"{"a":{"dtype":null}}"#, 22, "expected '\"'"),
        ] as [(String, Int, String?)])
    func unsoundJSONIsRefusedWithItsOffset(json: String, offset: Int, problem: String?) throws {
        let found = try error(Array(json.utf8), dataBytes: 0)
        guard let problem else {
            #expect(found != nil)
            return
        }
        #expect(found == .invalidHeader(path: "", offset: offset, problem: problem))
    }

    @Test(arguments: [
        (#"{}"#, "dtype, shape or data_offsets is missing"),
        (#"{"dtype":"U8","shape":[1],"data_offsets":[0,1],"more":"1"}"#, "unknown or repeated key 'more'"),
        (#"{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}"#, "unknown or repeated key 'dtype'"),
        (#"{"dtype":"F12","shape":[1],"data_offsets":[0,1]}"#, "unknown dtype 'F12'"),
        (#"{"dtype":"U8","shape":[1],"data_offsets":[1,0]}"#, "data_offsets [1, 0] are not a range"),
        (#"{"dtype":"U8","shape":[1],"data_offsets":[0,1,2]}"#, "data_offsets [0, 1, 2] are not a range"),
        (#"{"dtype":"U8","shape":[1],"data_offsets":[]}"#, "data_offsets [] are not a range"),
        (#"{"dtype":"F32","shape":[2],"data_offsets":[0,4]}"#, "F32 [2] takes 8 bytes, data_offsets are [0, 4]"),
        (
            #"{"dtype":"F32","shape":[4611686018427387904,2],"data_offsets":[0,0]}"#,
            "shape [4611686018427387904, 2] is too large"
        ),
        (#"{"dtype":"U8","shape":[3],"data_offsets":[0,3]}"#, "its bytes end at 3 of only 2"),
        (
            #"{"dtype":"U8","shape":[9223372036854775807],"data_offsets":[0,9223372036854775807]}"#,
            "its bytes end at 9223372036854775807 of only 2"
        ),
        (#"{"dtype":"U8","shape":[1],"data_offsets":[1,2]}"#, "there is a gap before its bytes"),
    ])
    func impossibleTensorsAreRefusedByName(entry: String, problem: String) throws {
        let found = try error(Array("{\"the name\":\(entry)}".utf8), dataBytes: 2)
        guard case .invalidTensor(_, _, "the name", problem) = found else {
            Issue.record("\(String(describing: found))")
            return
        }
    }

    @Test func overlapLengthAndEncodingAreChecked() throws {
        let overlap =
            #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"#
            + #""b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}"#
        let expected = CheckpointError.invalidTensor(
            path: "", offset: 65, tensor: "b", problem: "its bytes overlap those of another tensor")
        #expect(try error(Array(overlap.utf8), dataBytes: 3) == expected)
        #expect(try error(Array("{}".utf8), dataBytes: 1) == .wrongLength(path: "", expected: 10, actual: 11))
        #expect(
            try error(Array("{}".utf8), dataBytes: 0, length: 3) == .wrongLength(path: "", expected: 11, actual: 10))
        let tooLong = CheckpointError.invalidHeader(
            path: "", offset: 0, problem: "the header's length is 18446744073709551615, more than 100000000")
        #expect(try error([], dataBytes: 0, length: .max) == tooLong)
        let notText = CheckpointError.invalidHeader(path: "", offset: 9, problem: "a string is not UTF-8")
        #expect(try error([0x7B, 0x22, 0xC0, 0x80, 0x22], dataBytes: 0) == notText)
        #expect(try error(Array(repeating: UInt8(ascii: "["), count: 1 << 20), dataBytes: 0) != nil)
    }

    @Test func stepsThatNoRunMakesAreRefused() throws {
        for step in ["-1", "", "1e3", "0x10", "1099511627777", "9223372036854775807", "9223372036854775808"] {
            let path = directory.file("c")
            try makeCheckpoint().write(to: path)
            var metadata = try SafetensorsFile(path: path).metadata
            metadata["step"] = step
            metadata["sha256"] = nil
            try SafetensorsFile(metadata: metadata, sources: SafetensorsFileTests.sources).sealed().write(to: path)
            #expect(throws: CheckpointError.notACheckpoint(path: path, problem: "its step is '\(step)'")) {
                try Checkpoint(path: path)
            }
        }
    }

    @Test func namesOfTensorsAreNoPaths() throws {
        let names = ["../../evil", "/etc/evil", "model.../x", "optimizer.../../x", "a\u{0}b", "$(touch evil)"]
        let sources = names.map { TensorSource(name: $0, dataType: .float32, shape: [1], values: [Float(1)]) }
        try SafetensorsFile(metadata: ["name": "../../evil"], sources: sources).write(to: directory.file("f"))
        #expect(try SafetensorsFile(path: directory.file("f")).tensors.map(\.name).sorted() == names.sorted())
        #expect(try directory.contents() == ["f"])
    }

    @Test func whatIsNotARegularFileIsRefused() throws {
        #expect(throws: CheckpointError.system(path: directory.file("none"), operation: "open", code: 2)) {
            try SafetensorsFile(path: directory.file("none"))
        }
        #expect(throws: CheckpointError.system(path: directory.path, operation: "open as a regular file", code: 21)) {
            try SafetensorsFile(path: directory.path)
        }
        #expect(throws: CheckpointError.system(path: "/dev/null", operation: "open as a regular file", code: 22)) {
            try SafetensorsFile(path: "/dev/null")
        }
        let empty = try directory.write([], to: "empty")
        #expect(throws: CheckpointError.wrongLength(path: empty, expected: 8, actual: 0)) {
            try SafetensorsFile(path: empty)
        }
    }

    /// Thousands of files with random bytes changed, inserted, removed and cut: each gives an error or readable
    /// tensors.
    @Test func randomDamageNeverCrashes() throws {
        try SafetensorsFile(metadata: SafetensorsFileTests.metadata, sources: SafetensorsFileTests.sources).write(
            to: directory.file("good"))
        let good = try directory.read("good")
        let characters = Array(#"{}[]",:\0123456789eu-. FUI"#.utf8)
        var refused = 0
        let rounds = 4000
        for round in 0..<rounds {
            let key = RandomKey(seed: 20).folding(round)
            var counter: UInt64 = 0
            func random(below bound: Int) -> Int {
                counter += 1
                return key.integer(at: counter, below: bound)
            }
            var bytes = good
            for _ in 0...random(below: 4) where !bytes.isEmpty {
                let index = random(below: bytes.count)
                switch random(below: 6) {
                case 0: bytes[index] ^= 1 << random(below: 8)
                case 1: bytes[index] = UInt8(random(below: 256))
                case 2: bytes[index] = characters[random(below: characters.count)]
                case 3: bytes.insert(characters[random(below: characters.count)], at: index)
                case 4: bytes.remove(at: index)
                default: bytes.removeLast(random(below: bytes.count))
                }
            }
            let path = try directory.write(bytes, to: "damaged")
            do {
                let file = try SafetensorsFile(path: path)
                for tensor in file.tensors { _ = try file.withBytes(of: tensor.name) { $0.reduce(0, { $0 &+ $1 }) } }
                _ = try file.weightsDigest()
            } catch {
                refused += 1
                #expect(error.description.contains(path))
            }
        }
        #expect(refused > rounds / 2)
        #expect(refused < rounds)
    }
}
