import Foundation
import TestSupport

/// Small data sets like those that the shipped configurations are for, in the folders where they look for them.
struct SliceData {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory(inMemory: true)
        for folder in [
            "mnist", "fashion-mnist", "tabular", "tinyshakespeare", "cora", "spoken-digits/train", "spoken-digits/test",
        ] {
            try FileManager.default.createDirectory(
                atPath: directory.file(folder), withIntermediateDirectories: true)
        }
        for folder in ["mnist", "fashion-mnist"] {
            try writeImages("\(folder)/train", count: 240)
            try writeImages("\(folder)/t10k", count: 40)
        }
        try directory.write(Array(SliceData.table.utf8), to: "tabular/abalone.csv")
        try directory.write(Array(SliceData.months.utf8), to: "tabular/airline-passengers.csv")
        try directory.write(Array(SliceData.notes.utf8), to: "tabular/banknote_authentication.csv")
        try directory.write(Array(SliceData.numbers(4, last: ["a", "b", "c"]).utf8), to: "tabular/iris.csv")
        try directory.write(
            Array(SliceData.numbers(11, last: ["5", "6", "7"]).utf8), to: "tabular/winequality-white.csv")
        try directory.write(SliceData.text, to: "tinyshakespeare/input.txt")
        try writeGraph()
        for index in 0..<100 { try writeRecording(index, part: "train") }
        for index in 0..<20 { try writeRecording(index, part: "test") }
    }

    /// Bright bars on a dark ground, at a place that the label says.
    private func writeImages(_ part: String, count: Int) throws {
        var images = SliceData.bigEndian(2051, count, 28, 28)
        var labels = SliceData.bigEndian(2049, count)
        for index in 0..<count {
            let label = index * 7 % 10
            labels.append(UInt8(label))
            for row in 0..<28 {
                for column in 0..<28 {
                    let isBar = (column / 2 + index % 3) % 14 == label
                    images.append(UInt8((isBar ? 200 : 0) + (row * 31 + column * 17 + index * 13) % 40))
                }
            }
        }
        try directory.write(images, to: "\(part)-images-idx3-ubyte")
        try directory.write(labels, to: "\(part)-labels-idx1-ubyte")
    }

    /// A tone of a tenth to a fifth of a second whose pitch is the digit, as 16-bit WAV of 8,000 samples a second.
    private func writeRecording(_ index: Int, part: String) throws {
        let digit = index % 10
        let samples = (0..<800 + index * 37 % 800).map { time in
            Int16(8000 * sin(2 * Double.pi * Double((200 + 150 * digit) * time) / 8000) + Double(time * index % 97))
        }
        var bytes = Array("RIFF".utf8) + SliceData.littleEndian(UInt32(36 + 2 * samples.count)) + Array("WAVEfmt ".utf8)
        bytes +=
            SliceData.littleEndian(UInt32(16)) + SliceData.littleEndian(UInt16(1)) + SliceData.littleEndian(UInt16(1))
        bytes += SliceData.littleEndian(UInt32(8000)) + SliceData.littleEndian(UInt32(16000))
        bytes += SliceData.littleEndian(UInt16(2)) + SliceData.littleEndian(UInt16(16)) + Array("data".utf8)
        bytes += SliceData.littleEndian(UInt32(2 * samples.count)) + samples.flatMap { SliceData.littleEndian($0) }
        try directory.write(bytes, to: "spoken-digits/\(part)/\(digit)_\(["ann", "ben"][index / 10 % 2])_\(index).wav")
    }

    /// A ring of 200 nodes with chords, of as many features and classes as the graph of papers: every class has words
    /// of its own, and neighbours in the ring are mostly of one class.
    private func writeGraph() throws {
        let parts = ["train", "none", "val", "test", "train"]
        let nodes = (0..<200).map { "\($0),\($0 / 29 % 7),\(parts[$0 % 5])" }
        let edges = (0..<200).flatMap { ["\($0),\(($0 + 1) % 200)"] + ($0 % 9 == 0 ? ["\($0),\($0 * 7 % 200)"] : []) }
        let features = (0..<200).map { node in
            (0..<6).map { "\(min(node / 29 % 7 * 200 + (node * 31 + $0 * 37) % 233, 1431))" }
        }
        try directory.write(Array((["node,label,split"] + nodes).joined(separator: "\n").utf8), to: "cora/nodes.csv")
        try directory.write(Array((["u,v"] + edges).joined(separator: "\n").utf8), to: "cora/edges.csv")
        let lines = features.map { Set($0).sorted().joined(separator: " ") } + ["1432"]
        try directory.write(Array(lines.dropFirst().joined(separator: "\n").utf8), to: "cora/features.txt")
    }

    private static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }

    /// Nine columns as in `abalone.csv`; the last one follows from the others.
    private static let table: String = {
        (0..<300).map { row in
            let numbers = (0..<7).map { Double((row * (13 + 8 * $0)) % 97) / 97 }
            let rings = 3 + Int(9 * numbers[0] + 4 * numbers[6]) + row % 3
            let sex = ["F", "I", "M"][row % 3]
            return ([sex] + numbers.map { String(format: "%.3f", $0) } + ["\(rings)"]).joined(separator: ",")
        }.joined(separator: "\n")
    }()

    /// Two columns as in `airline-passengers.csv`, with seasons and a trend.
    private static let months: String =
        "\"Month\",\"Passengers\"\n"
        + (0..<80).map { "\"month \($0)\",\(100 + 2 * $0 + ($0 % 12) * ($0 % 12) + $0 * 7 % 5)\n" }.joined()

    /// Five columns as in `banknote_authentication.csv`; the class is that of a line with some noise about it.
    private static let notes: String = {
        (0..<200).map { row in
            let numbers = (0..<4).map { Double((row * (17 + 6 * $0)) % 101) / 25 - 2 }
            let isForged = numbers[0] - numbers[1] + Double(row % 5) / 10 > 0.2
            return numbers.map { String(format: "%.3f", $0) }.joined(separator: ",") + (isForged ? ",1" : ",0")
        }.joined(separator: "\n")
    }()

    /// 150 rows of so many numbers, of which the first three say what the last column is.
    private static func numbers(_ count: Int, last: [String]) -> String {
        (0..<150).map { row in
            let numbers = (0..<count).map { Double((row * (13 + 4 * $0)) % 97) / 30 + ($0 == row % 3 ? 4 : 0) }
            return numbers.map { String(format: "%.2f", $0) }.joined(separator: ",") + ",\(last[row % 3])"
        }.joined(separator: "\n")
    }

    /// A text with 65 different characters, as that of the plays has.
    private static let text: [UInt8] = {
        let characters = Array(UInt8(ascii: "A")..<UInt8(ascii: "A") + 64) + [UInt8(ascii: "\n")]
        return characters + (65..<9000).map { characters[($0 * $0 / 7 + $0 % 5) % 65] }
    }()

    private static func bigEndian(_ values: Int...) -> [UInt8] {
        values.flatMap { value in (0..<4).map { UInt8(value >> (24 - 8 * $0) & 255) } }
    }

    /// A grey image of the size of a digit, as a PGM file.
    static let picture: [UInt8] =
        Array("P5 28 28 255\n".utf8) + (0..<784).map { $0 % 28 > 12 && $0 % 28 < 16 ? 255 : 0 }
}
