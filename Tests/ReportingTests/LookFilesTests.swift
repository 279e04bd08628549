import Foundation
import Inspection
import Reporting
import TestSupport
import Testing

@Suite struct LookFilesTests {
    private let directory: TemporaryDirectory
    private let page: LookPage

    init() throws {
        directory = try TemporaryDirectory()
        let values = (0..<3 * 16).map { Float($0 * 5) }
        page = LookPage(
            "A <title>", lead: "What is seen.", figures: [("samples", "3")],
            parts: [
                .pictures(
                    PictureSheet(
                        caption: "Three", values: values, height: 4, width: 4, channels: 1, labels: ["a", "b", "c"])),
                .pictures(
                    PictureSheet(
                        "frames", caption: "One after the other", values: values, height: 4, width: 4, channels: 1,
                        enlargement: 1, secondsPerFrame: 0.5)),
                .table(LookTable("Numbers", head: ["x", "y"], rows: [["1", "<2>"]])),
            ])
    }

    @Test func `a folder gets the pictures and a page that needs nothing else`() throws {
        let files = LookFiles(directory.file("new/look"), name: "kind")
        try files.prepare()
        let paths = try files.write(page)
        #expect(paths.map { ($0 as NSString).lastPathComponent } == ["kind.png", "kind-frames.png", "kind.html"])
        let text = try String(contentsOfFile: directory.file("new/look/kind.html"), encoding: .utf8)
        #expect(text.contains("A &lt;title&gt;") && text.contains("&lt;2&gt;") && !text.contains("<title>A <"))
        #expect(text.components(separatedBy: "data:image/png;base64,").count == 1 + 3 + 1)
        #expect(!text.contains("http:") && !text.contains("https:") && !text.contains("src=\"/"))
    }

    @Test func `a file gets the pictures alone, or the page alone`() throws {
        let pictures = try LookFiles(directory.file("a.png"), name: "kind").write(page)
        #expect(pictures == [directory.file("a.png"), directory.file("a-frames.png")])
        let one = try LookFiles(directory.file("b.html"), name: "kind").write(page)
        #expect(one == [directory.file("b.html")])
    }

    @Test func `frames become an animation whose first one is the picture that others see`() throws {
        _ = try LookFiles(directory.path, name: "kind").write(page)
        let bytes = try directory.read("kind-frames.png")
        func chunks() -> [(type: String, data: [UInt8])] {
            var (place, result) = (8, [(type: String, data: [UInt8])]())
            while place + 12 <= bytes.count {
                let length = bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
                result.append(
                    (
                        String(decoding: bytes[place + 4..<place + 8], as: UTF8.self),
                        Array(bytes[place + 8..<place + 8 + length])
                    ))
                place += 12 + length
            }
            return result
        }
        let found = chunks()
        #expect(found.first?.type == "IHDR" && found.last?.type == "IEND")
        #expect(found.count { $0.type == "fcTL" } == 3 && found.count { $0.type == "IDAT" } == 1)
        #expect(found.first { $0.type == "acTL" }?.data == [0, 0, 0, 3, 0, 0, 0, 0])
        // Numbers of the sequence, of fcTL and fdAT together, go up by one.
        let numbers = found.filter { $0.type == "fcTL" || $0.type == "fdAT" }.map {
            $0.data[..<4].reduce(0) { $0 << 8 | Int($1) }
        }
        #expect(numbers == Array(0..<5))
        // Half a second in milliseconds.
        #expect(found.first { $0.type == "fcTL" }.map { Array($0.data[20..<24]) } == [1, 244, 3, 232])
    }

    @Test func `a folder that can't be made is an error of usage that names it`() throws {
        try directory.write([1], to: "file")
        let error = #expect(throws: LookFileError.self) {
            try LookFiles(directory.file("file/look"), name: "kind").prepare()
        }
        #expect(error?.exitCode.rawValue == 64)
        #expect("\(error as Any)".contains("--out"))
    }

    @Test func `pixels become squares`() {
        let sheet = PictureSheet(caption: "", values: [1, 2, 3, 4], height: 2, width: 2, channels: 1, enlargement: 2)
        #expect(sheet.enlarged.values == [1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4])
    }
}
