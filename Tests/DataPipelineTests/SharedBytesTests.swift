import DataPipeline
import Foundation
import Testing

struct SharedBytesTests {
    let folder: TemporaryFolder
    let content = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }
    init() throws { folder = try TemporaryFolder() }

    func bytes(_ shared: SharedBytes) -> [UInt8] { shared.withUnsafeBytes { Array($0) } }

    @Test("unpacks a gzip file, of several members too")
    func unpacks() throws {
        let path = try folder.write("a.gz", gzip(Array(content[..<1000])) + gzip(Array(content[1000...])))
        #expect(bytes(try SharedBytes(unpacking: path)) == content)
        let empty = try folder.write("empty.gz", gzip([]))
        #expect(try SharedBytes(unpacking: empty).count == 0)
    }

    @Test("maps a plain file, an empty one too")
    func maps() throws {
        #expect(bytes(try SharedBytes(mapping: try folder.write("plain", content))) == content)
        #expect(try SharedBytes(mapping: try folder.write("nothing", [])).count == 0)
    }

    @Test("another opener maps what one process has unpacked")
    func shares() throws {
        let path = try folder.write("a.gz", gzip(content))
        let original = try SharedBytes(unpacking: path)
        let export = try #require(original.exported)
        let imported = try SharedBytes(importing: export, path: path)
        #expect(bytes(imported) == content)
        #expect(imported.exported == nil)
    }

    @Test("a process of the same user reads the exported memory object")
    func isVisibleToOtherProcess() throws {
        let original = try SharedBytes(unpacking: try folder.write("a.gz", gzip(content)))
        let export = try #require(original.exported)
        let copy = Process()
        copy.executableURL = URL(fileURLWithPath: "/bin/cp")
        copy.arguments = ["/proc/\(export.processID)/fd/\(export.descriptor)", "\(folder.path)/copy"]
        try copy.run()
        copy.waitUntilExit()
        #expect(copy.terminationStatus == 0)
        #expect(try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/copy")) == Data(content))
    }

    @Test("an export that is gone is refused, and open then unpacks the file itself")
    func survivesStaleExport() throws {
        let path = "\(folder.path)/a"
        try folder.write("a.gz", gzip(content))
        // Its descriptor is closed at once, so its number may belong to the next object.
        let gone = try #require(try SharedBytes(unpacking: path + ".gz").exported)
        let wrongProcess = SharedBytes.Export(processID: Int32.max, descriptor: 3, length: 5, inode: 1)
        let other = try SharedBytes(unpacking: path + ".gz")
        let real = try #require(other.exported)
        let wrongObject = SharedBytes.Export(
            processID: real.processID, descriptor: real.descriptor, length: real.length, inode: real.inode + 1)
        let wrongLength = SharedBytes.Export(
            processID: real.processID, descriptor: real.descriptor, length: real.length + 1, inode: real.inode)
        for export in [gone, wrongProcess, wrongObject, wrongLength] {
            #expect { try SharedBytes(importing: export, path: path) } throws: { error in
                if case DataError.staleExport(path, _) = error { true } else { false }
            }
            let opened = try SharedBytes.open(path, imports: [path + ".gz": export], expected: [])
            #expect(bytes(opened) == content)
            #expect(opened.exported != nil)
        }
    }

    @Test("open uses a valid import instead of unpacking")
    func usesImport() throws {
        let path = "\(folder.path)/a"
        try folder.write("a.gz", gzip(content))
        let original = try SharedBytes(unpacking: path + ".gz")
        let export = try #require(original.exported)
        let opened = try SharedBytes.open(path, imports: [path + ".gz": export], expected: [])
        #expect(opened.exported == nil)
        #expect(bytes(opened) == content)
    }

    @Test("a gzip file that holds more than the limit is refused before it fills the memory")
    func bomb() throws {
        let path = try folder.write("bomb.gz", gzip([UInt8](repeating: 0, count: 3 << 20)))
        #expect(try SharedBytes(unpacking: path, atMost: 3 << 20).count == 3 << 20)
        #expect {
            try SharedBytes(unpacking: path, atMost: 3_145_727)
        } throws: { error in
            if case DataError.corruptGzip(path, _, "it holds more than \(3_145_727) bytes") = error {
                true
            } else {
                false
            }
        }
    }

    @Test(
        "damaged gzip data are refused with the path",
        arguments: ["header", "middle", "checksum", "cut", "tail", "empty"])
    func damaged(place: String) throws {
        var packed = gzip(content)
        switch place {
        case "header": packed[0] = 0
        case "middle": for offset in 5000..<5100 { packed[offset] ^= 0xA5 }
        case "checksum": packed[packed.count - 6] ^= 1
        case "cut": packed.removeLast(9)
        case "tail": packed += [1, 2, 3]
        default: packed = []
        }
        let path = try folder.write("a.gz", packed)
        #expect { try SharedBytes(unpacking: path) } throws: { error in
            if case DataError.corruptGzip(path, _, _) = error { true } else { false }
        }
    }
}
