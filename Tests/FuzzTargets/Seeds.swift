import Checkpointing
import Foundation

/// Small inputs for the targets, made here so that no file of bytes need be kept.
enum Seeds {
    /// The folder of the project.
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    // MARK: Images

    private static func bigEndian(_ value: Int) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
    }

    private static func images(_ count: Int, _ height: Int, _ width: Int) -> [UInt8] {
        let pixels: [UInt8] = (0..<count * height * width).map { UInt8($0 * 37 % 256) }
        return [0x803, count, height, width].flatMap(bigEndian) + pixels
    }

    static var idx: [[UInt8]] {
        [(1, 1, 1), (3, 2, 3), (5, 4, 4)].map { count, height, width in
            let classes: [UInt8] = (0..<count).map { UInt8($0 % 10) }
            let labels = [0x801, count].flatMap(bigEndian) + classes
            return [UInt8(labels.count), 0] + labels + images(count, height, width)
        }
    }

    static var cifar: [[UInt8]] {
        func record(_ number: Int) -> [UInt8] {
            let pixels: [UInt8] = (0..<3072).map { UInt8(truncatingIfNeeded: $0 * (number + 3)) }
            return [UInt8(number * 7)] + pixels
        }
        return [record(0), record(0) + record(1)]
    }

    static var samples: [[UInt8]] {
        let grey = Array("P5 3 2 255\n".utf8) + Array(1...6)
        let colour = Array("P6\n# made by hand\n2 2\n255\n".utf8) + Array(1...12)
        return [[0] + images(2, 2, 3), [0] + grey + grey + [10], [2] + colour, [3] + Array(0...12) + Array(0...12)]
    }

    // MARK: Packed files

    /// `abc` and nothing, by gzip 1.12, and both behind one another; three kilobytes of a letter in stored blocks.
    static var gzip: [[UInt8]] {
        let text: [UInt8] = [
            0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 0x4B, 0x4C, 0x4A, 6, 0, 0xC2, 0x41, 0x24, 0x35, 3, 0, 0, 0,
        ]
        let nothing: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        let named = [0x1F, 0x8B, 8, 8, 0, 0, 0, 0, 0, 3] + Array("name\0".utf8) + text[10...]
        return [text, nothing, text + nothing, named]
    }

    // MARK: Tables

    static var csv: [[UInt8]] {
        let texts: [(UInt8, String)] = [
            (0, "kind,colour,id,length,width\na,red,1,1.5,2\nb,blue,2,-3e2,0.25\na,red,3,4,5\nb,green,4,0,1\n"),
            (0b0111_0011, "1;2;3\n4;5;6\n7;8;9\n10;11;12\n"), (0b0111_0001, "1,2\r\n3,4\r\n5,6\r\n7,8\r\n"),
            (0b0110_0110, "\u{FEFF}x\ty\n\"a \"\"quoted\"\" one\"\t2\n\"two\nlines\"\t3\nb\t4\nc\t5\n"),
            (0b1111_0000, "y,x,z,weight\n1,2,3,0.5\n2,3,4,1\n3,4,5,2\n,5,6,1\n"),
        ]
        return texts.map { [$0.0] + Array($0.1.utf8) }
    }

    // MARK: Sound

    private static func little(_ value: Int, _ bytes: Int) -> [UInt8] {
        (0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    /// PCM, floats or μ-law.
    private static func wave(kind: Int = 1, channels: Int = 1, bits: Int = 16, rate: Int = 8000, bytes: Int) -> [UInt8]
    {
        let frame = channels * bits / 8
        let numbers = [(kind, 2), (channels, 2), (rate, 4), (rate * frame, 4), (frame, 2), (bits, 2)]
        let format: [UInt8] = numbers.flatMap { little($0.0, $0.1) }
        // The highest byte of a float, so that none is infinite.
        let samples: [UInt8] = (0..<bytes).map { kind == 3 && $0 % 4 == 3 ? 0x3E : UInt8($0 * 29 % 256) }
        var body = Array("WAVEfmt ".utf8)
        for part in [little(format.count, 4), format, Array("data".utf8), little(bytes, 4), samples] { body += part }
        return Array("RIFF".utf8) + little(body.count, 4) + body
    }

    static var sound: [[UInt8]] {
        [
            wave(bytes: 64), wave(channels: 2, bits: 8, bytes: 32), wave(kind: 3, bits: 32, rate: 16000, bytes: 64),
            wave(kind: 7, bits: 8, rate: 44100, bytes: 40),
            Array(".snd".utf8) + [0, 0, 0, 24, 0, 0, 0, 16, 0, 0, 0, 3, 0, 0, 0x1F, 0x40, 0, 0, 0, 1] + Array(1...16),
        ]
    }

    // MARK: Archives

    /// One file of a tar archive (POSIX.1-1988), filled up to whole blocks.
    static func tarred(_ name: String, _ content: [UInt8], kind: String = "0") -> [UInt8] {
        func field(_ text: String, _ length: Int) -> [UInt8] {
            Array(text.utf8.prefix(length)) + [UInt8](repeating: 0, count: max(0, length - text.utf8.count))
        }
        func octal(_ value: Int, _ length: Int) -> [UInt8] {
            let digits = String(value, radix: 8)
            return field(String(repeating: "0", count: length - 1 - digits.count) + digits, length)
        }
        func header(_ sum: [UInt8]) -> [UInt8] {
            let fields = [
                field(name, 100), octal(0o644, 8), octal(0, 8), octal(0, 8), octal(content.count, 12), octal(0, 12),
                sum,
                field(kind, 1), field("", 100), field("ustar", 6), Array("00".utf8), [UInt8](repeating: 0, count: 247),
            ]
            return fields.flatMap { $0 }
        }
        let sum = header(Array("        ".utf8)).reduce(0) { $0 + Int($1) }
        let padding = [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
        return header(octal(sum, 7) + [32]) + content + padding
    }

    static let tarEnd = [UInt8](repeating: 0, count: 1024)

    static var archives: [[UInt8]] {
        let (one, other) = (wave(bytes: 64), wave(bits: 8, rate: 16000, bytes: 48))
        let long = "a/" + String(repeating: "long", count: 30) + ".wav"
        let files = [
            [("a.wav", one, "0"), ("b.wav", other, "0")],
            [("./word/1.wav", one, "0"), ("word/", [], "5"), ("word/2.wav", other, "0"), ("readme.txt", [65], "0")],
            [
                ("././@LongLink", Array(long.utf8) + [0], "L"), ("a/long.wav", one, "0"),
                ("PaxHeaders/x", Array("18 path=named.wav\n".utf8), "x"), ("x.wav", other, "0"),
            ],
        ]
        return files.map { files in files.flatMap { tarred($0.0, $0.1, kind: $0.2) } + tarEnd }
    }

    // MARK: Weights

    static var weights: [[UInt8]] {
        get throws {
            let sources = [
                TensorSource(
                    name: "0.weight", dataType: .float32, shape: [2, 3], values: [Float](repeating: 1, count: 6)),
                TensorSource(name: "0.bias", dataType: .bfloat16, shape: [2], values: [UInt16(0x3F80), 0x4000]),
                TensorSource(name: "1.weight", dataType: .float16, shape: [1, 1], values: [UInt16(0x3C00)]),
                TensorSource(name: "count", dataType: .int64, shape: [], values: [Int64(7)]),
                TensorSource(name: "empty", dataType: .float64, shape: [0, 5], values: [Double]()),
            ]
            return [
                try bytes(of: SafetensorsFile(metadata: ["format": "pt", "note": "é\n"], sources: sources)),
                try bytes(of: SafetensorsFile(metadata: [:], sources: [sources[0]]).sealed()),
                Array("\u{2}\0\0\0\0\0\0\0{}".utf8),
            ]
        }
    }

    static var checkpoint: [UInt8] {
        get throws {
            func source(_ name: String) -> TensorSource {
                TensorSource(name: name, dataType: .float32, shape: [2], values: [Float(1), 2])
            }
            let path = ScratchFolder.path + "/seed.safetensors"
            try Checkpoint(
                step: 12,
                tensors: [
                    .weights: [source("w")], .buffers: [source("b")], .optimizer(slot: "momentum"): [source("w")],
                ],
                best: .init(name: "valError", value: 0.25, step: 8), configFingerprint: "c",
                state: CheckpointState(texts: ["rule": "{\"rate\":0.5}"])
            ).write(to: path)
            return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        }
    }

    private static func bytes(of file: SafetensorsFile) throws -> [UInt8] {
        let path = ScratchFolder.path + "/seed.safetensors"
        try file.write(to: path)
        return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    }
}
